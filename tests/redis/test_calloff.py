"""Calls back that are called off, on a real Redis: whoever decides it and whenever, nothing unwanted rings on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ami_listener.answers import NotConnectedError
from ami_listener.occupancy import Occupancy
from ami_listener.tracker import CallStarted
from ringback.call import Direction, Verdict
from ringback.fact import CallEnded, PersonActed
from ringback.record import Case, Outcome, State
from ringbackd.calloff import AGAIN_S, USELESS_S, CallingOff
from ringbackd.patience import Patience
from ringbackd.pbxsink import RedisSink
from ringbackd.store import Store
from tests.core.worlds import call
from tests.redis.test_one_at_a_time import Board
from tests.redis.test_parking import Floor


@dataclass
class Bell(Board):
    """A PBX that can be asked for silence."""

    deaf: bool = False
    silenced: list[str] = field(default_factory=list)

    async def call_off(self, attempt: str) -> None:
        if self.deaf:
            raise NotConnectedError("no connection to Asterisk")
        self.silenced.append(attempt)


@dataclass
class Hasty(Board):
    """While it says who is free, something else happens, once."""

    meanwhile: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def queue(self, name: str) -> Occupancy | None:
        if self.meanwhile:
            await self.meanwhile.pop()()
        return await super().queue(name)


async def ringing(floor: Floor) -> Case:
    case = await floor.promised(1)
    await floor.goes_on()
    assert (await floor.now_of(case)).state is State.RINGING
    return case


def sink(floor: Floor) -> RedisSink:
    patience = Patience(floor.store.redis, "Redis")
    return RedisSink(floor.store, "lima", floor.desk.lines, patience, lambda: floor.now)


def started(floor: Floor, linkedid: str, direction: Direction) -> CallStarted:
    return CallStarted("lima", linkedid, "987650001", "5550100", direction, floor.now)


async def cancels(floor: Floor, case: Case) -> None:
    await floor.desk.process(PersonActed(nonce="off", case=case.id, act="cancel", at=floor.now))


async def left(store: Store) -> list[str]:
    return list(await store.scores(store.keys.of("calloffs")))


async def test_it_is_asked_for_again_for_a_while_on_its_own_pbx_only(store: Store) -> None:
    bell, elsewhere = Bell(free=9), Bell()
    floor = Floor(store, bell)
    case = await ringing(floor)
    here, there = (
        CallingOff(store, pbx, one, lambda: floor.now) for pbx, one in (("lima", bell), ("cusco", elsewhere))
    )
    await here.look()
    assert bell.silenced == []
    await cancels(floor, case)
    for _ in range(2):
        await there.look()
        await here.look()
    assert (bell.silenced, elsewhere.silenced) == (bell.rung * 2, [])
    floor.now += AGAIN_S + 1
    await here.look()
    assert await left(store) == []


async def test_the_end_of_the_attempt_is_the_end_of_it(store: Store) -> None:
    floor = Floor(store, Bell(free=9))
    case = await ringing(floor)
    await cancels(floor, case)
    assert await left(store) == floor.board.rung
    over = call(Verdict.NO_ANSWER, at=floor.now, linkedid=floor.board.rung[0], direction=Direction.OURS)
    await floor.desk.process(CallEnded(call=over))
    assert await left(store) == []
    assert (await floor.now_of(case)).outcome is Outcome.DECLINED


async def test_a_pbx_that_is_away_is_asked_when_it_is_back(store: Store) -> None:
    bell = Bell(free=9, deaf=True)
    floor = Floor(store, bell)
    await cancels(floor, await ringing(floor))
    calling_off = CallingOff(store, "lima", bell, lambda: floor.now)
    floor.now += 30
    await calling_off.look()
    bell.deaf = False
    await calling_off.look()
    assert (bell.silenced, await left(store)) == (bell.rung, [])
    await store.commit((), [("ZADD", store.keys.of("calloffs"), repr(floor.now - USELESS_S - 1), bell.rung[0])])
    bell.deaf = True
    await calling_off.look()
    assert await left(store) == []


async def test_who_calls_us_while_we_ring_him_is_not_rung_on(store: Store) -> None:
    floor = Floor(store, Bell(free=9))
    case = await ringing(floor)
    (attempt,) = floor.board.rung
    await sink(floor).call_started(started(floor, attempt, Direction.OURS))
    assert await left(store) == []
    await sink(floor).call_started(started(floor, "7.7", Direction.INBOUND))
    assert await left(store) == [attempt]
    over = call(Verdict.NO_ANSWER, at=floor.now, linkedid=attempt, direction=Direction.OURS)
    await sink(floor).call_ended(over)
    await floor.settle()
    after = await floor.now_of(case)
    assert after.callback
    assert (after.state, after.callback.tried, await left(store)) == (State.PROMISED, 0, [])


async def test_what_is_called_off_while_it_is_decided_is_not_dialled(store: Store) -> None:
    board = Hasty(free=9)
    floor = Floor(store, board)
    case = await floor.promised(1)
    board.meanwhile.append(lambda: cancels(floor, case))
    await floor.goes_on()
    assert board.rung == []
    assert (await floor.now_of(case)).outcome is Outcome.DECLINED


async def test_who_begins_to_call_us_while_it_is_decided_is_not_dialled(store: Store) -> None:
    board = Hasty(free=9)
    floor = Floor(store, board)
    case = await floor.promised(1)
    board.meanwhile.append(lambda: sink(floor).call_started(started(floor, "7.7", Direction.INBOUND)))
    await floor.goes_on()
    assert board.rung == []
    assert (await floor.now_of(case)).state is State.PROMISED
