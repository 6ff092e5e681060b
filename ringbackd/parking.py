"""Calls back that wait for somebody to be free: each is woken as soon as there is room, the earliest promise first.

One sorted set for each line of a PBX: the ids of the cases, each with the moment of its promise. The PBX is asked only
while somebody waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ringback.fact import Timer
from ringback.line import Line
from ringback.record import Case, State
from ringbackd.pauses import set_within
from ringbackd.seats import Seats
from ringbackd.store import ConflictError, Op, Store

LOOK_S = 1.0
"""How often is looked whether somebody is free."""


def _key(store: Store, pbx: str, line: str) -> str:
    return store.keys.of("waiting", pbx, line)


def waits(store: Store, pbx: str, line: str, case: str, due: float) -> Op:
    """The write by which the call back of a case waits; it was promised for `due` (epoch seconds)."""
    return ("ZADD", _key(store, pbx, line), repr(due), case)


def waits_no_more(store: Store, pbx: str, line: str, case: str) -> Op:
    """The write by which it does not."""
    return ("ZREM", _key(store, pbx, line), case)


class Parking:
    """Wakes what waits on one PBX. `clock` gives epoch seconds."""

    def __init__(self, store: Store, seats: Seats, lines: tuple[Line, ...], clock: Callable[[], float]) -> None:
        self.store, self.seats, self.lines, self.clock = store, seats, lines, clock

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop`. Raises redis.RedisError."""
        while not stop.is_set():
            await self.wake()
            await set_within(stop, LOOK_S)

    async def wake(self) -> int:
        """Wake as many as may be rung now; says how many."""
        return sum([await self._wake_line(line) for line in self.lines])

    async def _wake_line(self, line: Line) -> int:
        key = _key(self.store, self.seats.pbx, line.name)
        if not await self.store.redis.exists(key):
            return 0
        places = await self.seats.places(line)
        first = await self.store.ranked(key, places) if places else []
        return sum([await self._wake(line, name) for name in first])

    async def _wake(self, line: Line, name: str) -> bool:
        """False when it is not known yet that he waits, or does no more, or his case is changing at this moment."""
        case = await self.store.case(name)
        if case and case.state is State.RINGING:
            return False
        due = _waits_since_due(case)
        writes = [waits_no_more(self.store, self.seats.pbx, line.name, name)]
        if due:
            at = f"{max(due, self.clock()):.3f}"
            writes.append(("ZADD", self.store.keys.timers, at, self.store.timer(name, Timer.DUE)))
        version: Op = ("HGET", self.store.keys.of("case", name), "version", str(case.version) if case else "")
        try:
            await self.store.commit([version], writes)
        except ConflictError:
            return False
        return bool(due)


def _waits_since_due(case: Case | None) -> float:
    """For when he was promised the call that he waits for, 0 if he waits for none."""
    callback = case.callback if case and case.state is State.PROMISED else None
    return callback.due if callback and callback.waits else 0.0
