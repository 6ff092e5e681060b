"""Commands that travel together: each gets its own answer and its own error, and none waits for a broken one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from ringbackd.together import MOST, TogetherRedis


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[TogetherRedis]:
    client = TogetherRedis(connection_pool=ConnectionPool.from_url(redis_url))
    yield client
    await client.connection_pool.aclose()


async def test_many_at_once_get_each_its_own_answer_over_one_connection(redis: TogetherRedis) -> None:
    await asyncio.gather(*(redis.set(f"k{n}", n) for n in range(3 * MOST)))
    before = (await redis.info("stats"))["total_connections_received"]
    found = await asyncio.gather(*(redis.get(f"k{n}") for n in range(3 * MOST)))
    assert found == [str(n).encode() for n in range(3 * MOST)]
    assert (await redis.info("stats"))["total_connections_received"] == before


async def test_an_error_is_only_for_who_asked_for_it(redis: TogetherRedis) -> None:
    await redis.set("text", "x")
    good, bad, other = await asyncio.gather(
        redis.get("text"), redis.incr("text"), redis.hgetall("none"), return_exceptions=True
    )
    assert (good, other) == (b"x", {})
    assert isinstance(bad, ResponseError)


async def test_who_gives_up_does_not_disturb_the_others(redis: TogetherRedis) -> None:
    leaves = asyncio.ensure_future(redis.set("a", "1"))
    stays = asyncio.ensure_future(redis.set("b", "2"))
    await asyncio.sleep(0)
    leaves.cancel()
    assert await stays
    assert await redis.get("b") == b"2"


async def test_a_reader_that_blocks_keeps_nobody_waiting(redis: TogetherRedis) -> None:
    await redis.xgroup_create("s", "g", id="0", mkstream=True)
    reader = asyncio.ensure_future(redis.xreadgroup("g", "me", {"s": ">"}, block=30_000))
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await redis.xadd("s", {"json": "x"})
        assert await reader


async def test_a_redis_that_is_away_is_told_to_everybody_and_work_goes_on_when_it_is_back(unused_tcp_port: int) -> None:
    gone = TogetherRedis.from_url(f"redis://127.0.0.1:{unused_tcp_port}", retry=Retry(NoBackoff(), 1))
    for _ in range(2):
        answers = await asyncio.gather(*(gone.get(f"{n}") for n in range(3)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [RedisConnectionError] * 3
    await gone.aclose()
