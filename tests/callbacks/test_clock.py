"""Promises on a clock that is turned, on a real Asterisk 22 and Redis: daylight saving, holidays, another time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ringback.fact import Fact
from ringback.journal import Event as Told
from ringback.line import Line
from ringback.offered import Choice, Offered
from ringback.phone import Number
from ringback.record import Case, Outcome, State
from ringbackd import booking
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.process import free_port, until
from ringbackd.sandbox.redisserver import RedisServer
from ringbackd.sandbox.sip import Caller
from ringbackd.sandbox.sip import State as Leg
from ringbackd.store import Store
from tests.callbacks.rig import CHANNEL, Floor, floor
from tests.callbacks.test_seats import at_work, due, redis, store
from tests.core.worlds import line as plain_line
from tests.offer.ami import Ami, Event

__all__ = ["redis", "store"]
pytestmark = [pytest.mark.pbx, pytest.mark.timeout(180)]
ROLES = {"listener", "desk", "scheduler", "offer"}
EVERY_DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def at(text: str) -> float:
    """A moment as 2026-04-05T02:00Z."""
    return datetime.fromisoformat(text).timestamp()


def plays(sound: str, event: Event) -> bool:
    """Whether Asterisk begins to play a sound."""
    return event.get("Event") == "AGIExecStart" and f"/{sound}" in event.get("Command", "")


class Clock:
    """Goes as every clock does, and can be turned."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def turn(self, to: float) -> None:
        self.ahead = to - time.time()


class Town:
    """A PBX and a Ringback whose clock is turned."""

    def __init__(self, here: Floor, store: Store, clock: Clock, first: Line) -> None:
        self.here, self.store, self.clock, self.first = here, store, clock, first
        self.others = iter(range(100))

    async def tell(self, fact: Fact) -> None:
        """Tell a fact, and wait until it has been applied."""
        await self.store.add_facts([fact])

        async def applied() -> bool:
            return bool(await self.store.redis.exists(self.store.keys.applied(fact.id)))

        await until(applied, seconds=30, otherwise=lambda: f"{fact} is not applied")

    async def wants(self, number: str, name: str, slot: str = "") -> None:
        """He takes the offer of a call back on a line, in a slot or as soon as possible."""
        values: dict[str, Any] = {"pbx": "lima", "linkedid": number, "line": name, "caller": number, "key": "2"}
        when = at(slot) if slot else 0.0
        await self.tell(Offered(**values, choice=Choice.CALLBACK, slot=when, at=self.clock()))

    async def case(self, number: str) -> Case:
        read = self.first.number(number)
        assert isinstance(read, Number)
        (case,) = await self.store.cases_of(read.key)
        return case

    async def moved(self, number: str, moment: str) -> None:
        """His promise is for another moment now."""

        async def there() -> bool:
            callback = (await self.case(number)).callback
            return bool(callback and callback.due == at(moment))

        await until(there, seconds=30, otherwise=lambda: f"it is not moved to {moment}")

    async def rung_at(self, number: str, moment: float) -> None:
        """His telephone rings at this moment, and not a minute before it: then somebody else's does."""
        case, other = await self.case(number), f"{number[:-3]}{next(self.others) + 100}"
        assert case.callback
        assert case.callback.due == moment, datetime.fromtimestamp(case.callback.due, UTC)
        self.clock.turn(moment - 60)
        await self.wants(other, self.first.name)
        await self.refuses(other)
        assert (await self.case(number)).state is State.PROMISED
        assert self.here.customers.call_of(number, *Leg) is None
        self.clock.turn(moment)
        await self.here.customers.call(number, Leg.RINGING, seconds=30)

    async def refuses_at(self, number: str, moment: str) -> None:
        """He is rung at this moment, and does not want to talk."""
        await self.rung_at(number, at(moment))
        await self.refuses(number)

    async def refuses(self, number: str) -> None:
        """His telephone rings, and he does not want to talk."""
        (await self.here.customers.call(number, Leg.RINGING, seconds=30)).decline()

        async def told() -> bool:
            return (await self.case(number)).state is not State.RINGING

        await until(told, seconds=30, otherwise=lambda: f"nobody knows that {number} refused")


def in_chile(name: str, did: str, hours: str, days: tuple[str, ...] = EVERY_DAY, **changes: Any) -> Line:
    """A line in Santiago; who does not pick up is not rung again."""
    week = dict.fromkeys(EVERY_DAY, "") | dict.fromkeys(days, hours)
    plan = {"exten": "equipo", "channel": CHANNEL, "slot_min": 60, "attempts": 1}
    there = {"region": "CL", "timezone": "America/Santiago", "queues": (), "hours": week}
    return plain_line(name=name, dids=(did,), callback=plan, **there, **changes)


NIGHT = in_chile("noche", "5550191", "00:00-24:00")
SHOP = in_chile("tienda", "5550192", "09:00-18:00", EVERY_DAY[:6], holidays={"national": True, "closed": ["09-23"]})


VENTAS = plain_line(
    dids=("5550188",),
    queues=("equipo",),
    callback={"exten": "equipo", "channel": CHANNEL, "attempts": 1, "recovered_s": 1},
)


@asynccontextmanager
async def town(
    kit: Kit, tmp_path: Path, redis: RedisServer, store: Store, now: str, *lines: Line
) -> AsyncIterator[Town]:
    """It is `now`. Everybody is rung on the first of the lines who only shows that time goes on."""
    clock, port, folder = Clock(), free_port(), tmp_path / "spool"
    async with floor(kit, tmp_path / "pbx", "22") as here:
        await here.pbx.cli(f"dialplan set global RINGBACK_AGI agi://127.0.0.1:{port}")
        clock.turn(at(now))
        more = {"line": list(lines), "offer": {"port": port, "folder": folder}}
        async with at_work(here, redis.url, ROLES, clock=clock, more=more):
            yield Town(here, store, clock, lines[0])


async def test_santiago_s_clocks_change_and_holidays_keep_a_line_closed(
    kit: Kit, redis: RedisServer, store: Store, tmp_path: Path
) -> None:
    """The moments are those of Chile's law: UTC-3 until 4 April 2026, 24:00, UTC-4 until 5 September, 24:00."""
    async with town(kit, tmp_path, redis, store, "2026-04-04T21:00Z", NIGHT, SHOP) as there:
        offered = [slot.begins for slot in await booking.offered(store, NIGHT, there.clock(), 7)]
        assert offered[-3:] == [at("2026-04-05T02:00Z"), at("2026-04-05T04:00Z"), at("2026-04-05T05:00Z")]
        for number, slot in (("961000001", "2026-04-05T02:00Z"), ("961000002", "2026-04-05T04:00Z")):
            await there.wants(number, "noche", slot)
        await there.refuses_at("961000001", "2026-04-05T02:00Z")  # at 23:00, the first one of that night
        await there.refuses_at("961000002", "2026-04-05T04:00Z")  # at 00:00, two hours later

        there.clock.turn(at("2026-09-05T23:30Z"))  # Saturday, 19:30: the shop opens again on Monday at 9
        await there.wants("961000003", "tienda")
        await there.wants("961000004", "noche", "2026-09-06T04:00Z")
        await there.refuses_at("961000004", "2026-09-06T04:00Z")  # at 01:00: there is no 00:00
        await there.refuses_at("961000003", "2026-09-07T12:00Z")

        there.clock.turn(at("2026-09-17T22:00Z"))  # Thursday, 19:00; Friday and Saturday are holidays
        await there.wants("961000005", "tienda")
        await there.refuses_at("961000005", "2026-09-21T12:00Z")
        there.clock.turn(at("2026-09-22T22:00Z"))  # the next day is one of the shop's own
        await there.wants("961000006", "tienda")
        # and this one was promised for that day before the shop named it
        await due(store, "961000007", at("2026-09-23T15:00Z") - time.time(), "tienda", "56")
        there.clock.turn(at("2026-09-23T15:00Z"))
        await there.moved("961000007", "2026-09-24T12:00Z")
        await there.refuses_at("961000006", "2026-09-24T12:00Z")
        await there.refuses("961000007")


async def telephones(there: Town, caller: Caller, number: str, *does: tuple[str, str]) -> None:
    """He calls, and presses each key when he hears what it is for."""
    async with Ami(there.here.pbx) as ami:
        call = await caller.dial(number, "5550188")
        for heard, key in does:
            await ami.told(partial(plays, heard), seconds=60)
            await call.press(key)
        await call.ended(seconds=60)


async def test_who_calls_again_moves_his_call_back_or_calls_it_off(
    kit: Kit, redis: RedisServer, store: Store, tmp_path: Path
) -> None:
    """The first promise of both comes and goes; at the moment that he chose by telephone one is rung, and talks."""
    number, other, slot = "987000021", "987000022", "2026-11-23T17:30Z"
    async with town(kit, tmp_path, redis, store, "2026-11-23T17:00Z", VENTAS) as there:
        for each in (number, other):
            await there.wants(each, "ventas", slot)
        async with Caller(kit, there.here.pbx) as caller:
            await telephones(there, caller, other, ("cancel-promise", "3"))
            # he is offered: as soon as possible, 12:30 and 13:00
            await telephones(there, caller, number, ("move-promise", "2"), ("choose-time", "3"))
        await there.moved(number, "2026-11-23T18:00Z")
        await there.rung_at(number, at("2026-11-23T18:00Z"))
        case = await there.case(number)
        customer = await there.here.picks_up(number)
        await until(there.here.asked, seconds=30, otherwise=lambda: "he is not asked for a key")
        await customer.press("1")
        agent = await there.here.agent()
        await asyncio.sleep(1.5)
        await agent.hang_up()

        async def talked() -> bool:
            found = await store.case(case.id)
            return bool(found and found.outcome is Outcome.CALLBACK)

        await until(talked, seconds=30, otherwise=lambda: f"nobody knows that they talked: {there.here.book.calls}")
        assert there.here.customers.call_of(other, *Leg) is None
        outcomes = [entry.data["outcome"] for entry in await store.journal() if entry.event is Told.CLOSED]
        assert outcomes == ["declined", "callback"]
