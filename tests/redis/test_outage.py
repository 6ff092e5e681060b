"""Redis goes away and comes back while the roles work: said once, nothing lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ringbackd.keys import Keys
from ringbackd.opening import open_store
from ringbackd.outbox import taken_off
from ringbackd.patience import Patience
from ringbackd.sandbox import process
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.redisserver import RedisServer
from ringbackd.settings import RedisSettings
from ringbackd.store import Store
from ringbackd.streams import Consumer
from ringbackd.worker import Worker

KEYS = Keys()


async def rows(store: Store, stream: str) -> list[tuple[bytes, dict[bytes, bytes]]]:
    found: Any = await store.redis.xrange(stream)
    return list(found)


async def until(holds: Callable[[], bool]) -> None:
    await process.until(holds, seconds=20, otherwise=lambda: "it did not happen")


async def test_an_outage_is_said_once_and_the_work_goes_on(
    kit: Kit, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ringback")
    handled: list[bytes] = []
    async with RedisServer(kit.redis_server, tmp_path) as server, open_store(RedisSettings(url=server.url)) as store:
        patience, stop = Patience(store.redis, server.url), asyncio.Event()

        async def handle(raw: bytes, entry: str) -> None:
            await store.commit((), taken_off("desk", entry))
            handled.append(raw)

        workers = [Worker(store, Consumer(store.redis, [KEYS.facts], "desk", name), handle) for name in ("a", "b", "c")]
        async with asyncio.TaskGroup() as group:
            for worker in workers:
                group.create_task(patience.keep(partial(worker.run, stop), stop))
            await store.redis.xadd(KEYS.facts, {"json": b"1"})
            await until(lambda: handled == [b"1"])
            await server.stop()
            await until(lambda: "is away" in caplog.text)
            await asyncio.sleep(1)
            await server.start()
            await until(lambda: "is back" in caplog.text)
            await store.redis.xadd(KEYS.facts, {"json": b"2"})
            await until(lambda: handled == [b"1", b"2"])
            stop.set()
        patience.close()
    assert caplog.text.count("is away") == 1
    assert caplog.text.count("is back") == 1


async def test_what_a_dead_worker_left_unfinished_is_done_by_itself_or_by_another(redis_url: str) -> None:
    stop = asyncio.Event()
    async with open_store(RedisSettings(url=redis_url)) as store:
        await store.redis.xadd(KEYS.facts, {"json": b"1"})
        async for _, raw in Consumer(store.redis, [KEYS.facts], "desk", "a").entries(stop):
            assert raw == b"1"
            break
        async for _, raw in Consumer(store.redis, [KEYS.facts], "desk", "a").entries(stop):
            assert raw == b"1"
            break
        ((entry, _),) = await rows(store, KEYS.facts)
        await store.redis.xclaim(KEYS.facts, "desk", "dead", 0, [entry], idle=60_000)
        async for _, raw in Consumer(store.redis, [KEYS.facts], "desk", "b").entries(stop):
            assert raw == b"1"
            break


async def test_what_cannot_be_processed_is_kept_and_does_not_stand_in_the_way(redis_url: str) -> None:
    handled: list[bytes] = []
    stop = asyncio.Event()

    async def handle(raw: bytes, entry: str) -> None:
        if raw == b"poison":
            raise ValueError("cannot be read")
        handled.append(raw)
        stop.set()

    async with open_store(RedisSettings(url=redis_url)) as store:
        for body in (b"poison", b"good"):
            await store.redis.xadd(KEYS.facts, {"json": body})
        await Worker(store, Consumer(store.redis, [KEYS.facts], "desk", "a"), handle).run(stop)
        ((_, dead),) = await rows(store, KEYS.of("dead"))
        assert handled == [b"good"]
        assert b"cannot be read" in dead[b"json"]


async def test_what_was_given_to_us_and_never_arrived_is_read_again(redis_url: str) -> None:
    """The answer of XREADGROUP was lost with its connection: the entry is ours, and we never saw it."""
    stop = asyncio.Event()
    async with open_store(RedisSettings(url=redis_url)) as store:
        reader = Consumer(store.redis, [KEYS.facts], "desk", "a")
        entries = reader.entries(stop)
        await store.redis.xadd(KEYS.facts, {"json": b"1"})
        assert (await anext(entries))[1] == b"1"
        await store.redis.xadd(KEYS.facts, {"json": b"2"})
        await store.redis.xreadgroup("desk", "a", {KEYS.facts: ">"})
        ((_, _), (lost, _)) = await rows(store, KEYS.facts)
        await store.redis.xclaim(KEYS.facts, "desk", "a", 0, [lost], idle=60_000)
        reader._next_claim = 0.0
        assert (await anext(entries))[1] == b"2"
