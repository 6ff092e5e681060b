"""Nobody is rung unless somebody can talk to him: thirty at once with three agents, on a real Asterisk and Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rich.console import Console

from ami_listener.occupancy import Occupancy, attempts, occupancy
from ringback.callback import Callback
from ringback.dialguard import Guard
from ringback.record import Case, State
from ringbackd.opening import open_store
from ringbackd.sandbox.kit import ensure
from ringbackd.sandbox.phones import answers
from ringbackd.sandbox.redisserver import RedisServer
from ringbackd.sandbox.sip import State as Leg
from ringbackd.scheduler import Order, Scheduler
from ringbackd.seats import Seats
from ringbackd.settings import RedisSettings
from ringbackd.store import Store
from ringbackd.writes import case_writes
from tests.callbacks.rig import AGENTS, Floor, floor, line


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
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    kit = await ensure(("22",), console=Console(stderr=True))
    redis = RedisServer(kit.redis_server, tmp_path / "redis")
    await redis.start()
    async with open_store(RedisSettings(url=redis.url)) as store:
        yield store
    await redis.stop()


async def due(store: Store, number: str) -> Order:
    """A case whose call back is due."""
    name = f"case{number}"
    attempt = f"rb-{name}-1"
    case = Case(
        id=name,
        line="ventas",
        customer=f"+51{number}",
        key=f"51{number}",
        dial=number,
        state=State.RINGING,
        opened=1,
        last_miss=1,
        callback=Callback(due=1, attempt=attempt),
    )
    await store.commit((), case_writes(store.keys, case))
    return Order(attempt=attempt, case=name, line="ventas", number=number, key=case.key)


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
@pytest.mark.timeout(150)
async def test_thirty_due_at_once_with_three_agents(store: Store, tmp_path: Path) -> None:
    kit = await ensure(("22",), console=Console(stderr=True))
    async with floor(kit, tmp_path / "pbx", "22") as here:
        here.customers.default = here.phones.default = answers(100)
        numbers = [f"9870001{index:02}" for index in range(30)]
        orders = [await due(store, number) for number in numbers]
        # two schedulers, as after a clumsy restart, each with half of the orders
        dialers = [
            Scheduler(
                store, here.dialer, (line(press_1=False),), Guard(block_hour=1000), time.time,
                Seats(store, here.dialer, "lima", time.time),
            )
            for _ in range(2)
        ]  # fmt: skip
        watch = Watch(here)
        talking = asyncio.create_task(watch.agents_talk())

        async def served(scheduler: Scheduler, order: Order) -> None:
            while await store.fields(store.keys.of("attempt", order.attempt), "state") != [b"dialling"]:
                await scheduler.handle(order.model_dump_json().encode(), "0-1")

        await asyncio.gather(*(served(dialers[index % 2], order) for index, order in enumerate(orders)))
        for order in orders:
            await here.told(order.attempt, 60)
        talking.cancel()
    rung = [call.number for call in here.customers.calls.values()]
    assert sorted(rung) == numbers
    assert watch.most <= len(AGENTS)
    assert {call.agent in AGENTS for call in here.book.calls} == {True}
