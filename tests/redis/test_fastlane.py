"""Who has a fast lane: found by the number that calls, on a real Redis."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from agi.fastlane import Lane
from ringback.line import FastLanePlan, Line
from ringback.record import Case, State
from ringbackd import fastlane
from ringbackd.callers import Callers
from ringbackd.keys import Keys
from ringbackd.sandbox.process import free_port
from ringbackd.store import Store
from ringbackd.writes import case_writes
from tests.core.worlds import line

NAMED = FastLanePlan(priority=7, show_name=True)
VENTAS = line(fastlane=NAMED)
SOPORTE = line(name="soporte", dids=("5550101",), queues=())
OTHER = line(name="otra", brand="Otra", dids=("5550102",), queues=())


async def find(store: Store, name: str, caller_id: str, lines: tuple[Line, ...] = (VENTAS, SOPORTE, OTHER)) -> Any:
    by_name = {one.name: one for one in lines}
    callers = Callers(store, by_name, asyncio.get_running_loop())
    return await asyncio.to_thread(fastlane.find, callers, by_name[name], caller_id)


async def opened(store: Store, name: str, line: str, **changes: Any) -> None:
    values = {"customer": "+51987654321", "key": "51987654321", "dial": "987654321", "state": State.TALKING}
    case = Case.model_validate(
        {"id": name, "line": line, "opened": 1, "last_miss": 1, "name": "Ana"} | values | changes
    )
    await store.commit((), case_writes(store.keys, case))


@pytest.mark.parametrize("caller_id", ["987654321", "+51987654321", "51987654321"])
async def test_his_own_case_on_this_line_comes_first(store: Store, caller_id: str) -> None:
    await opened(store, "here", "ventas", intent="claim")
    await opened(store, "there", "soporte", opened=9)
    assert await find(store, "ventas", caller_id) == Lane("here", "claim Ana", "claim Ana", 7)
    assert await find(store, "soporte", caller_id) == Lane("there", "Ana", "", 5)


async def test_a_case_of_the_same_business_counts_and_no_other_s(store: Store) -> None:
    await opened(store, "there", "soporte")
    assert (await find(store, "ventas", "987654321")).case == "there"
    assert await find(store, "otra", "987654321") is None


async def test_nobody_else_has_a_lane(store: Store) -> None:
    await opened(store, "over", "ventas", state=State.CLOSED)
    assert await find(store, "ventas", "987654321") is None
    await opened(store, "here", "ventas")
    for name, caller_id in (("ventas", "987654322"), ("ventas", ""), ("ventas", "anonymous")):
        assert await find(store, name, caller_id) is None
    off = line(fastlane=FastLanePlan(priority=0))
    assert await find(store, "ventas", "987654321", (off,)) is None


async def test_without_redis_nobody_waits() -> None:
    """It is away, or it takes connections and says nothing."""

    async def stand_still(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(stand_still, "127.0.0.1", 0) as silent:
        for port in (free_port(), silent.sockets[0].getsockname()[1]):
            redis = Redis(port=port, retry=Retry(NoBackoff(), 0))
            assert await find(Store(redis, Keys()), "ventas", "987654321") is None
            await redis.aclose()


@pytest.mark.parametrize(("again_s", "asked"), [(1000.0, 1), (0.0, 2)])
async def test_after_a_redis_that_takes_too_long_nobody_else_waits_for_a_while(
    again_s: float, asked: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ringbackd.callers.AGAIN_S", again_s)
    redis = Redis(port=free_port(), retry=Retry(NoBackoff(), 0))
    callers = Callers(Store(redis, Keys()), {"ventas": VENTAS}, asyncio.get_running_loop())
    for _ in range(2):
        assert await asyncio.to_thread(callers.case_here, VENTAS, "987654321") is None
    assert caplog.text.count("was not looked for") == asked
    await redis.aclose()
