"""The reader never waits; whoever takes the calls may be away for as long as he likes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ami_listener import delivery
from ami_listener.delivery import Delivery
from ami_listener.registry import CallStarted
from ami_listener.settings import PbxSettings
from ami_listener.sink import LinkDown
from ringback.call import Call
from ringbackd.sandbox.process import until


class Taker:
    """A sink that can be shut; `times` are the moments of what it took, in order."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.lost_count = 0
        self.troubles: list[str] = []
        self.open = asyncio.Event()
        self.changed = asyncio.Event()

    async def take(self, at: float) -> None:
        await self.open.wait()
        self.times.append(at)
        self.changed.set()

    async def call_started(self, started: CallStarted) -> None:
        await self.take(started.at)

    async def call_ended(self, call: Call) -> None:
        await self.take(call.ended)

    async def resynced(self, pbx: str, live_linkedids: frozenset[str]) -> None:
        await self.take(-1.0)

    async def link_up(self, at: float) -> None:
        await self.take(at)

    async def link_down(self, at: float, reason: str) -> None:
        await self.take(at)

    async def trouble(self, text: str) -> None:
        self.troubles.append(text)
        self.changed.set()

    async def lost(self, at: float, count: int) -> None:
        await self.open.wait()
        self.lost_count += count
        self.changed.set()

    async def when(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not true():
                self.changed.clear()
                await self.changed.wait()


def settings(folder: Path, **values: object) -> PbxSettings:
    return PbxSettings.model_validate({"name": "lima", "secret": "x", "spill_folder": folder, **values})


def news(start: int, end: int) -> list[LinkDown]:
    return [LinkDown(float(n), "x" * 50) for n in range(start, end)]


@asynccontextmanager
async def delivering(settings: PbxSettings, taker: Taker) -> AsyncIterator[Delivery]:
    one = Delivery(settings, taker, lambda: 0.0)
    task = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})


async def shelved(one: Delivery, count: int) -> None:
    await until(lambda: one._spill.waiting >= count, seconds=20, otherwise=lambda: f"only {one._spill.waiting}")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "SLOW_S", 0.02)
    monkeypatch.setattr(delivery, "SHELVE_EVERY_S", 0.02)
    monkeypatch.setattr(delivery, "STOP_S", 0.02)


async def test_while_nobody_takes_it_all_waits_on_disk_and_then_comes_once_and_in_order(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    taker = Taker()
    async with delivering(settings(tmp_path, queue_size=1_000), taker) as one:
        for start in range(0, 5_000, 500):
            for item in news(start, start + 500):
                one.put(item)
            await shelved(one, start + 500)
        taker.open.set()
        for item in news(5_000, 5_100):
            one.put(item)
        await taker.when(lambda: len(taker.times) == 5_100)
        for item in news(5_100, 5_200):
            one.put(item)
        await taker.when(lambda: len(taker.times) == 5_200)
    assert taker.times == [float(n) for n in range(5_200)]
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == [
        f"calls are not taken now; they wait in {tmp_path}/lima.spill",
        f"all that waited in {tmp_path}/lima.spill is stored",
    ]


async def test_the_next_run_takes_what_the_last_one_left_before_anything_new(tmp_path: Path) -> None:
    taker = Taker()
    async with delivering(settings(tmp_path), taker) as one:
        for item in news(0, 300):
            one.put(item)
        await shelved(one, 300)
        for item in news(300, 310):
            one.put(item)
    assert taker.times == []
    async with delivering(settings(tmp_path), taker) as one:
        for item in news(310, 400):
            one.put(item)
        taker.open.set()
        await taker.when(lambda: len(taker.times) == 400)
    assert taker.times == [float(n) for n in range(400)]


async def test_at_the_end_what_is_in_memory_is_still_taken_or_goes_to_disk(tmp_path: Path) -> None:
    taker = Taker()
    taker.open.set()
    async with delivering(settings(tmp_path), taker) as one:
        for item in news(0, 500):
            one.put(item)
    assert taker.times == [float(n) for n in range(500)]
    taker.open.clear()
    async with delivering(settings(tmp_path), taker) as one:
        for item in news(500, 600):
            one.put(item)
    taker.open.set()
    async with delivering(settings(tmp_path), taker):
        await taker.when(lambda: len(taker.times) == 600)
    assert taker.times == [float(n) for n in range(600)]


async def test_what_fits_nowhere_is_counted_said_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    taker = Taker()
    async with delivering(settings(tmp_path, queue_size=100, spill_bytes=65_536), taker) as one:
        for start in range(0, 3_000, 100):
            for item in news(start, start + 100):
                one.put(item)
            await until(lambda: not one._queue or one._troubled, seconds=20, otherwise=lambda: "stuck")
        taker.open.set()
        await taker.when(lambda: taker.lost_count)
    assert taker.lost_count == one.lost > 0
    assert len(taker.times) == 3_000 - one.lost
    assert taker.times == sorted(taker.times)
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert [text.rpartition(": ")[2] for text in errors] == [
        "until that is mended, few calls are kept while Redis is away",
        "from now on some are lost",
    ]


async def test_without_a_disk_memory_still_does(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    taker = Taker()
    async with delivering(settings(tmp_path / "nowhere"), taker) as one:
        for item in news(0, 100):
            one.put(item)
        await asyncio.sleep(0.1)
        taker.open.set()
        await taker.when(lambda: len(taker.times) == 100)
    assert taker.times == [float(n) for n in range(100)]
    assert caplog.text.count("pbx.spill_folder") == 1
