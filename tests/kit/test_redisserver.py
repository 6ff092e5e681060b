from pathlib import Path

import redis.asyncio

from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.redisserver import RedisServer


async def test_it_keeps_what_it_was_told_over_a_restart(kit: Kit, tmp_path: Path) -> None:
    async with RedisServer(kit.redis_server, tmp_path) as server:
        client = redis.asyncio.Redis.from_url(server.url, decode_responses=True)
        await client.set("promise", "kept")
        await client.connection_pool.disconnect()
        await server.stop()
        await server.start()
        assert await client.get("promise") == "kept"
        assert (await client.config_get("appendonly", "maxmemory-policy")) == {
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
        }
        await client.aclose()


async def test_the_fixture_is_empty_at_the_start_of_a_test(redis_url: str) -> None:
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("left", "over")


async def test_and_again(redis_url: str) -> None:
    await test_the_fixture_is_empty_at_the_start_of_a_test(redis_url)
