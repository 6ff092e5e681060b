"""A customer with cases on two lines is rung by one attempt at a time, and nobody is rung for whom no agent is free."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from ami_listener.answers import NotConnectedError
from ami_listener.dialer import Dial, Queued
from ami_listener.occupancy import Attempts, Occupancy
from ringback.callback import Callback
from ringback.dialguard import Guard
from ringback.fact import FACT, NotDialled
from ringback.line import CallbackPlan
from ringback.record import Case, State
from ringbackd.scheduler import Order, Scheduler
from ringbackd.seats import Seats, freed
from ringbackd.store import Store
from ringbackd.writes import case_writes
from tests.core.worlds import NOON, line

SOPORTE = line(name="soporte", dids=("5550101",), queues=(), callback=CallbackPlan(exten="soporte"))


@dataclass
class Board:
    """A PBX that says what it is told to, and takes every Originate."""

    free: int = 1
    waits: float = 0.0
    away: bool = False
    talking: frozenset[str] = frozenset()
    rung: list[str] = field(default_factory=list)

    async def queue(self, name: str) -> Occupancy | None:
        if self.away:
            raise NotConnectedError("no connection to Asterisk")
        return Occupancy(self.free, self.waits)

    async def attempts(self) -> Attempts:
        return Attempts(frozenset(self.rung), self.talking)

    async def originate(self, dial: Dial) -> Queued:
        self.rung.append(dial.attempt)
        return Queued()


async def order(store: Store, name: str, number: str = "987654321", on: str = "ventas", attempt: str = "") -> Order:
    attempt = attempt or f"rb-{name}-1"
    case = Case(
        id=name,
        line=on,
        customer=f"+51{number}",
        key=f"51{number}",
        dial=number,
        state=State.RINGING,
        opened=NOON,
        last_miss=NOON,
        callback=Callback(due=NOON, attempt=attempt),
    )
    await store.commit((), case_writes(store.keys, case))
    return Order(attempt=attempt, case=name, line=on, number=number, key=case.key)


def scheduler(store: Store, board: Board, at_once: int = 0) -> Scheduler:
    seats = Seats(store, board, "lima", lambda: NOON, at_once)
    return Scheduler(store, board, (line(), SOPORTE), Guard(), lambda: NOON, seats)


async def once(store: Store, board: Board, *orders: Order, at_once: int = 0) -> list[str]:
    """What as many schedulers say who get these orders at the same moment: "" of those that are rung."""
    entry = f"{store.keys.dials} 0-1"
    before: Any = await store.redis.xlen(store.keys.facts)
    await asyncio.gather(
        *(scheduler(store, board, at_once).handle(each.model_dump_json().encode(), entry) for each in orders)
    )
    rows: Any = await store.redis.xrange(store.keys.facts)
    facts = [FACT.validate_json(fields[b"json"]) for _, fields in rows[before:]]
    why = {fact.attempt: fact.why for fact in facts if isinstance(fact, NotDialled)}
    return [why.get(each.attempt, "") for each in orders]


async def test_one_customer_with_two_cases_is_rung_once(store: Store) -> None:
    board = Board(free=2)
    busy = await once(store, board, await order(store, "a"), await order(store, "b", on="soporte"))
    assert len(board.rung) == 1
    assert sorted(map(bool, busy)) == [False, True]


async def test_who_talks_in_a_call_back_is_not_rung_though_no_listener_tells_of_it(store: Store) -> None:
    """The attempt's own mark has run out, and the desk took it for lost: only the PBX knows of the call."""
    board = Board(free=9)
    first = await order(store, "a")
    await once(store, board, first)
    await store.redis.delete(store.keys.of("calling", first.key))
    again = await order(store, "a", number=first.number, attempt="rb-a-2")
    still = "an earlier call back to him is still under way"
    assert await once(store, board, again, await order(store, "b", on="soporte")) == [still, still]
    board.rung.clear()
    assert await once(store, board, await order(store, "c", on="soporte")) == [""]


async def test_two_schedulers_never_ring_for_the_same_agent(store: Store) -> None:
    board = Board(free=1)
    busy = await once(store, board, await order(store, "a"), await order(store, "b", "987654322"))
    assert (len(board.rung), sorted(map(bool, busy))) == (1, [False, True])


async def test_an_agent_who_talks_in_a_call_back_is_not_counted_twice(store: Store) -> None:
    board = Board(free=2)
    await once(store, board, await order(store, "a"))
    board.free, board.talking = 1, frozenset({"rb-a-1"})
    await once(store, board, await order(store, "b", "987654322"))
    assert board.rung == ["rb-a-1", "rb-b-1"]


async def test_callers_who_wait_and_a_pbx_that_is_away_come_first(store: Store) -> None:
    for board, why in ((Board(waits=61), "waited"), (Board(away=True), "does not say"), (Board(free=0), "nobody")):
        (busy,) = await once(store, board, await order(store, "a"))
        assert (board.rung, why in busy) == ([], True)


async def test_several_schedulers_keep_the_limit_of_the_pbx_over_all_lines(store: Store) -> None:
    board = Board(free=9)
    orders = [await order(store, f"c{n}", f"98765430{n}", on) for n, on in enumerate(("ventas", "soporte") * 4)]
    busy = await once(store, board, *orders, at_once=3)
    assert (len(board.rung), sorted(map(bool, busy))) == (3, [False] * 3 + [True] * 5)
    over = board.rung.pop()
    await store.commit((), freed(store, "lima", line(), over))
    await once(store, board, *(each for each in orders if each.attempt not in {*board.rung, over}), at_once=3)
    assert len(board.rung) == 3


async def test_an_order_that_somebody_began_before_he_died_is_not_said_to_be_undialled(store: Store) -> None:
    """Or the case would ring him once more, while the first attempt may be ringing."""
    board = Board(free=1)
    begun = await order(store, "a")
    await once(store, board, begun)
    for free in (0, 9):
        board.free = free
        assert await once(store, board, begun) == [""]
    await store.redis.sadd(store.keys.of("live", begun.key), "lima|1")
    assert await once(store, board, begun) == [""]
    assert board.rung == ["rb-a-1"]
