"""Redis goes away and comes back while the roles work: said once, nothing lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ringbackd import streams
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


async def test_nobody_takes_over_what_a_living_member_works_on(redis_url: str) -> None:
    """However long that lasts. What it died with is taken over, and what somebody else has by now stays with him."""
    async with open_store(RedisSettings(url=redis_url)) as store:
        await store.redis.xadd(KEYS.facts, {"json": b"1"})
        slow, other = (Consumer(store.redis, [KEYS.facts], "desk", name) for name in ("slow", "other"))
        assert (await anext(slow.entries(asyncio.Event())))[1] == b"1"
        ((entry, _),) = await rows(store, KEYS.facts)
        await store.redis.xclaim(KEYS.facts, "desk", "slow", 0, [entry], idle=60_000)
        await slow.touch()
        assert await other._orphans() == []
        await store.redis.xclaim(KEYS.facts, "desk", "slow", 0, [entry], idle=60_000)
        other._next_claim = 0.0
        assert [raw for _, raw in await other._orphans()] == [b"1"]
        await slow.touch()
        (row,) = await store.redis.xpending_range(KEYS.facts, "desk", "-", "+", 10)
        assert row["consumer"] == b"other"


async def test_a_worker_says_that_it_lives_while_it_works(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "KEEP_EVERY_S", 0.01)
    handled: list[bytes] = []
    stop = asyncio.Event()
    async with open_store(RedisSettings(url=redis_url)) as store:
        await store.redis.xadd(KEYS.facts, {"json": b"1"})

        async def handle(raw: bytes, entry: str) -> None:
            number = entry.split()[1]
            await store.redis.xclaim(KEYS.facts, "desk", "a", 0, [number], idle=60_000)

            async def young() -> bool:
                (row,) = await store.redis.xpending_range(KEYS.facts, "desk", "-", "+", 10)
                return int(row["time_since_delivered"]) < 60_000

            stop.set()
            await process.until(young, seconds=20, otherwise=lambda: "it did not say so")
            handled.append(raw)

        await Worker(store, Consumer(store.redis, [KEYS.facts], "desk", "a"), handle).run(stop)
    assert handled == [b"1"]


def test_a_dead_member_s_entries_are_taken_over_within_15_seconds() -> None:
    assert streams.CLAIM_IDLE_MS / 1000 + streams.CLAIM_EVERY_S <= 15
    assert 2 * streams.KEEP_EVERY_S < streams.CLAIM_IDLE_MS / 1000, "one that lives may miss a turn"


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


async def test_what_was_finished_on_a_lost_primary_is_done_again(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken off a stream that is none any more; in the one that counts it is pending, and nobody's."""
    for name, brief in (("KEEP_EVERY_S", 0.01), ("CLAIM_EVERY_S", 0.01), ("CLAIM_IDLE_MS", 50)):
        monkeypatch.setattr(streams, name, brief)
    handled: list[bytes] = []
    stop = asyncio.Event()
    async with open_store(RedisSettings(url=redis_url)) as store:
        await store.redis.xadd(KEYS.facts, {"json": b"1"})

        async def handle(raw: bytes, entry: str) -> None:
            handled.append(raw)
            if len(handled) == 2:
                stop.set()

        work = Worker(store, Consumer(store.redis, [KEYS.facts], "desk", "a"), handle)
        await asyncio.wait_for(work.run(stop), timeout=30)
    assert handled[:2] == [b"1", b"1"]
