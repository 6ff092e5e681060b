"""The primary of Redis is killed while messages are posted, and a replica takes over: each message is posted once."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from benchmarks.load import fill
from ringback.fact import PersonActed
from ringbackd.opening import open_store
from ringbackd.sandbox.cloud import Cloud
from ringbackd.sandbox.cloudspec import Knobs
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.process import free_port, until
from ringbackd.settings import RedisSettings
from ringbackd.store import NotReplicatedError, Store
from tests.service.failover import Cluster
from tests.service.services import Service, settings
from tests.service.test_dying import SPEC

MESSAGES, KILLED_AFTER = 40, 12


async def left(store: Store) -> list[str]:
    names = [f"c{number}-m1" for number in range(MESSAGES)]
    states = [(name, (await store.fields(store.keys.of("message", name), "state"))[0].decode()) for name in names]
    return [f"{name}: {state}" for name, state in states if state != "accepted"]


async def test_a_message_is_posted_once_though_the_primary_is_lost(tmp_path: Path, kit: Kit) -> None:
    port, knobs = free_port(), Knobs(answer_delay_s=0.1, step_s=0.5)
    async with (
        Cluster(kit.redis_server, tmp_path) as cluster,
        Cloud([SPEC], knobs=knobs, callback_url=f"http://127.0.0.1:{port}/whatsapp") as cloud,
    ):
        redis = {"sentinels": [f"127.0.0.1:{cluster.sentinel}"], "service": "calls", "replicas": 1}
        api = {"base_url": cloud.url, "timeout_s": 1}
        config = settings(tmp_path, redis=redis, webhook={"port": port}, whatsapp=api)
        config.write_text(f"{config.read_text()}\n[sender]\nwidth = 4\ndoubt_s = 60\n")
        async with open_store(RedisSettings.model_validate(redis)) as store:
            await fill(store, range(MESSAGES))
            async with Service(config, "--only", "desk,webhook,sender") as service:
                await until(
                    lambda: len(cloud.accepted) >= KILLED_AFTER,
                    seconds=20,
                    otherwise=lambda: f"nothing is posted; {service.log}",
                )
                await cluster.kill_primary()
                await until(lambda: _settled(store), seconds=120, otherwise=lambda: f"not settled; {service.log}")
    assert Counter(message.ours for message in cloud.accepted) == {f"c{number}-m1": 1 for number in range(MESSAGES)}


async def _settled(store: Store) -> bool:
    try:
        return not await left(store)
    except RedisError:
        return False


async def test_nothing_is_trusted_that_no_replica_has(redis_url: str) -> None:
    """A Redis without replicas: a claim is refused, though it is written."""
    alone = RedisSettings(url=redis_url, replicas=1)
    async with open_store(alone) as store, asyncio.timeout(10):
        with pytest.raises(NotReplicatedError, match="only 0 of 1 replicas"):
            await store.commit((), [("SET", store.keys.of("x"), "1")], sure=True)
        with pytest.raises(NotReplicatedError):
            await store.add_facts([PersonActed(nonce="1", case="c", act="solve", at=0.0)])
        await store.commit((), [("SET", store.keys.of("y"), "1")])
    async with Redis.from_url(redis_url) as redis:
        assert await redis.exists("{ringback}:y")
