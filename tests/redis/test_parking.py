"""Calls back that wait for somebody to be free: quietly, and woken at once; all but the PBX is real."""

from __future__ import annotations

from typing import Any

from ringback.dialguard import Guard
from ringback.fact import CallEnded, PersonActed
from ringback.journal import Entry, Event
from ringback.record import Case, State
from ringbackd.parking import Parking
from ringbackd.scheduler import Scheduler
from ringbackd.seats import Seats
from ringbackd.store import Store
from tests.core.worlds import NOON, call
from tests.redis.offices import Office
from tests.redis.test_one_at_a_time import Board

ABOUT_RINGING = (Event.PROMISED, Event.POSTPONED, Event.DIALLED, Event.ATTEMPT_ENDED)


class Floor(Office):
    """The whole way of a call back, one step at a time."""

    def __init__(self, store: Store, board: Board) -> None:
        super().__init__(store)
        lines = self.desk.lines
        self.board, self.seats = board, Seats(store, board, "lima", lambda: self.now)
        self.scheduler = Scheduler(store, board, lines, Guard(), lambda: self.now, self.seats)
        self.parking = Parking(store, self.seats, lines, lambda: self.now)

    async def promised(self, name: int, due: float = 0.0) -> Case:
        """A customer who was missed, and whom a person promised a call."""
        number = f"98765{name:04}"
        await self.desk.process(CallEnded(call=call(at=self.now, linkedid=number, caller=number)))
        (case,) = await self.store.cases_of(f"51{number}")
        act = PersonActed(nonce=f"{name}", case=case.id, act="call", due=due, at=self.now)
        await self.desk.process(act)
        return case

    async def goes_on(self, seconds: float = 1.0) -> None:
        """Time passes; whatever is due is done."""
        self.now += seconds
        while await self.store.fire(self.now):
            await self.settle()
        rows: Any = await self.store.redis.xrange(self.store.keys.dials)
        for entry, fields in rows:
            await self.scheduler.handle(fields[b"json"], f"{self.store.keys.dials} {entry.decode()}")
        await self.settle()

    async def told(self, case: Case) -> list[Entry]:
        return [one for one in await self.store.journal() if one.case == case.id and one.event in ABOUT_RINGING]

    async def now_of(self, case: Case) -> Case:
        found = await self.store.case(case.id)
        assert found
        return found


async def test_waiting_is_said_once_and_its_end_once_however_long_it_takes(store: Store) -> None:
    floor = Floor(store, Board(free=0))
    case = await floor.promised(1)
    await floor.goes_on()
    since = floor.now
    for _ in range(5):
        assert (await floor.now_of(case)).state is State.PROMISED
        assert await floor.parking.wake() == 0
        await floor.goes_on(121)  # longer than it stands without being woken
    floor.board.free = 1
    floor.now += 1
    assert await floor.parking.wake() == 1
    await floor.goes_on(0)
    assert len(floor.board.rung) == 1
    assert [entry.event for entry in await floor.told(case)] == [Event.PROMISED, Event.POSTPONED, Event.DIALLED]
    postponed, dialled = (await floor.told(case))[1:]
    assert (postponed.data["why"], dialled.data["waited"]) == ("nobody is free to talk", floor.now - since)
    assert await floor.parking.wake() == 0


async def test_the_earliest_promise_is_woken_first_and_no_more_than_may_be_rung(store: Store) -> None:
    floor = Floor(store, Board(free=0))
    cases = []
    for number in range(4):
        cases.append(await floor.promised(number))
        floor.now += 1
    await floor.goes_on()
    floor.board.free = 2
    floor.now += 1
    assert await floor.parking.wake() == 2
    await floor.goes_on(0)
    assert {attempt.split("-")[1] for attempt in floor.board.rung} == {case.id for case in cases[:2]}


async def test_who_chose_another_time_or_called_it_off_is_not_woken(store: Store) -> None:
    floor = Floor(store, Board(free=0))
    later, never = await floor.promised(1), await floor.promised(2)
    await floor.goes_on()
    tomorrow = NOON + 24 * 3600
    for case, act, due in ((later, "call", tomorrow), (never, "cancel", 0.0)):
        fact = {"nonce": f"{case.id} {act}", "case": case.id, "act": act, "due": due, "at": floor.now}
        await floor.desk.process(PersonActed.model_validate(fact))
    floor.board.free = 9
    floor.now += 1
    assert await floor.parking.wake() == 0
    await floor.goes_on()
    assert floor.board.rung == []
    await floor.goes_on(tomorrow - floor.now + 1)
    assert [attempt.split("-")[1] for attempt in floor.board.rung] == [later.id]


async def test_a_pbx_that_is_away_wakes_nobody(store: Store) -> None:
    floor = Floor(store, Board(away=True))
    case = await floor.promised(1)
    await floor.goes_on()
    assert await floor.parking.wake() == 0
    assert "does not say" in str((await floor.told(case))[1].data["why"])
