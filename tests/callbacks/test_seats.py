"""Nobody is rung unless somebody can talk to him: thirty at once with three agents, on a real Asterisk and Redis."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from rich.console import Console

from ami_listener.occupancy import Occupancy, attempts, occupancy
from ringback.callback import Callback
from ringback.fact import Timer
from ringback.journal import Event
from ringback.record import Case, Outcome, State
from ringbackd.compose import run
from ringbackd.opening import open_store
from ringbackd.sandbox.kit import ensure
from ringbackd.sandbox.phones import answers
from ringbackd.sandbox.process import until
from ringbackd.sandbox.redisserver import RedisServer
from ringbackd.sandbox.sip import State as Leg
from ringbackd.seats import Seats
from ringbackd.settings import RedisSettings, Settings
from ringbackd.store import Op, Store
from ringbackd.writes import case_writes
from tests.callbacks.rig import AGENTS, Floor, floor, line

NOTHING: Mapping[str, object] = MappingProxyType({})


def member(**changes: str) -> dict[str, str]:
    return {"Event": "QueueMember", "Status": "1", "Paused": "0", "InCall": "0"} | changes


def test_who_is_free() -> None:
    busy = [member(Status="2"), member(Paused="1"), member(InCall="1"), member(LastCall="95", Wrapuptime="10")]
    rows = [{"Event": "QueueParams"}, member(), member(Status="6"), *busy]
    waiting = {"Event": "QueueEntry", "Uniqueid": "1.1", "Wait": "70"}
    ours = {"Event": "QueueEntry", "Uniqueid": "rb-c-1", "Wait": "300"}
    assert occupancy(rows, 100) == Occupancy(2, 0)
    assert occupancy([*rows, waiting, ours], 100) == Occupancy(1, 70)
    assert occupancy([member()], 100) is None


def test_which_calls_of_ours_are_under_way() -> None:
    up = {"ChannelStateDesc": "Up"}
    rows = [
        {"Linkedid": "rb-c-1", "Uniqueid": "rb-c-1", "Channel": "Local/1@x-1;1", **up},
        {"Linkedid": "rb-c-1", "Uniqueid": "1.1", "Channel": "PJSIP/carrier-1", **up},
        {"Linkedid": "rb-d-1", "Uniqueid": "1.2", "Channel": "PJSIP/carrier-2", **up},
        {"Linkedid": "rb-d-1", "Uniqueid": "1.3", "Channel": "PJSIP/201-3", **up},
        {"Linkedid": "1.9", "Uniqueid": "1.9", "Channel": "PJSIP/carrier-9", **up},
    ]
    found = attempts(rows)
    assert (set(found.live), set(found.talking)) == ({"rb-c-1", "rb-d-1"}, {"rb-d-1"})


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[RedisServer]:
    kit = await ensure(("22",), console=Console(stderr=True))
    async with RedisServer(kit.redis_server, tmp_path / "redis") as server:
        yield server


@pytest.fixture
async def store(redis: RedisServer) -> AsyncIterator[Store]:
    async with open_store(RedisSettings(url=redis.url)) as store:
        yield store


async def due(
    store: Store, number: str, after: float = 0.0, on: str = "ventas", code: str = "51", **changes: Any
) -> str:
    """A case of a line whose call back is due now, or so many seconds later."""
    now = time.time()
    case = Case(
        id=f"case{number}",
        line=on,
        customer=f"+{code}{number}",
        key=f"{code}{number}",
        dial=number,
        state=State.PROMISED,
        opened=now,
        last_miss=now,
        callback=Callback(due=now + after),
        **changes,
    )
    timer: Op = ("ZADD", store.keys.timers, f"{now + after:.3f}", store.timer(case.id, Timer.DUE))
    await store.commit((), [*case_writes(store.keys, case), timer])
    return case.id


@asynccontextmanager
async def at_work(
    here: Floor,
    redis: str,
    *roles: set[str],
    link: Mapping[str, object] = NOTHING,
    more: Mapping[str, object] = NOTHING,
    clock: Callable[[], float] = time.time,
    **plan: object,
) -> AsyncIterator[None]:
    """A Ringback of these roles for each set, all on one Redis, one PBX, which `link` may say how to reach, and one
    clock; `more` are settings that differ."""
    account = {"name": "lima", "port": here.pbx.ami_port, "user": here.pbx.ami_user, "secret": here.pbx.ami_secret}
    pbx = {**account, **link}
    stop, shared = asyncio.Event(), {"token": "t", "app_secrets": ["s"], "verify_token": "v", "phone_number_id": "1"}
    values = {
        "redis": {"url": redis},
        "whatsapp": shared,
        "guard": {"block_hour": 1000},
        "line": [line(**plan)],
        **more,
    }
    each = [
        Settings.model_validate(
            {**values, "name": f"house{n}", "pbx": {**pbx, "spill_folder": here.pbx.folder / f"{n}"}}
        )
        for n in range(len(roles))
    ]
    running = [asyncio.create_task(run(one, only, stop, clock)) for one, only in zip(each, roles, strict=True)]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*running)


class Watch:
    """Counts how many customers are rung or on the line without an agent, beside how many talk."""

    def __init__(self, here: Floor) -> None:
        self.here, self.most = here, 0
        self.hung_up: set[str] = set()

    def look(self) -> None:
        on = [call for call in self.here.customers.calls.values() if call.state is not Leg.ENDED]
        self.most = max(self.most, len(on))

    async def agents_talk(self) -> None:
        """Each agent talks for a moment and hangs up."""
        while True:
            self.look()
            for call in list(self.here.phones.calls.values()):
                if call.state is Leg.UP and call.call_id not in self.hung_up:
                    self.hung_up.add(call.call_id)
                    asyncio.get_running_loop().call_later(1.3, call.order, "HANGUP", Leg.ENDED)
            await asyncio.sleep(0.02)


@pytest.mark.pbx
@pytest.mark.timeout(240)
async def test_thirty_due_at_once_with_three_agents(redis: RedisServer, store: Store, tmp_path: Path) -> None:
    """Two schedulers and two desks share the work; who waits for an agent waits quietly, and everybody is served."""
    kit = await ensure(("22",), console=Console(stderr=True))
    async with floor(kit, tmp_path / "pbx", "22") as here:
        here.customers.default = here.phones.default = answers(100)
        numbers = [f"9870001{index:02}" for index in range(30)]
        cases = [await due(store, number) for number in numbers]
        watch = Watch(here)
        talking = asyncio.create_task(watch.agents_talk())

        async def all_served() -> bool:
            found = [await store.case(case) for case in cases]
            return all(case and case.outcome is Outcome.CALLBACK for case in found)

        roles = {"listener", "desk", "scheduler"}, {"desk", "scheduler"}
        async with at_work(here, redis.url, *roles, press_1=False, recovered_s=0.5):
            await until(all_served, seconds=180, otherwise=lambda: f"not everybody was served: {here.book.calls}")
        talking.cancel()
        journal = await store.journal()
    assert sorted(call.number for call in here.customers.calls.values()) == numbers
    assert watch.most <= len(AGENTS)
    assert {call.agent in AGENTS for call in here.book.calls} == {True}
    events = Counter((entry.case, entry.event) for entry in journal)
    assert {events[case, Event.DIALLED] for case in cases} == {1}
    assert max(events[case, Event.POSTPONED] for case in cases) == 1
    assert {events[case, Event.ATTEMPT_ENDED] for case in cases} == {1}


@pytest.mark.pbx
async def test_nobody_is_called_back_while_a_caller_waits_for_too_long(store: Store, tmp_path: Path) -> None:
    kit = await ensure(("22",), console=Console(stderr=True))
    async with floor(kit, tmp_path / "pbx", "22") as here:
        seats = Seats(store, here.dialer, "lima", time.time)
        assert await seats.places(line()) == len(AGENTS)
        await here.pbx.cli("channel originate Local/equipo@ringback-connect application Wait 100")
        await here.phones.call(None, Leg.RINGING)  # an agent's phone rings for him, and is not picked up

        async def too_long() -> bool:
            return await seats.room("rb-a-1", line(patience_s=1)) == "callers have waited for too long"

        await until(too_long, seconds=60, otherwise=lambda: "he waits and nobody says so")
        assert await seats.places(line(patience_s=1)) == 0
        assert await seats.places(line(patience_s=3600)) == len(AGENTS) - 1
