"""Rings customers only when somebody can talk: no more calls back are in flight than agents of the queue are free, nor
than the line and the PBX may have."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from ami_listener.answers import LinkDownError
from ami_listener.occupancy import Attempts, Occupancy
from ringback.callback import case_of
from ringback.line import Line
from ringbackd.store import Op, Store

NO_LIMIT = 1_000_000
FRESH_S = 0.5
"""How old what the PBX said may be when a call back is decided by it."""
GRACE_S = 10.0
"""An attempt that was marked as dialled is in flight for so long, though the PBX does not list it (yet)."""


class Switchboard(Protocol):
    """Says who could talk; see ami_listener.dialer. Raises LinkDownError, TimeoutError, PermissionError."""

    async def queue(self, name: str) -> Occupancy | None:
        """A queue now; None where there is none of that name."""

    async def attempts(self) -> Attempts:
        """Our calls that are under way."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the PBX said, `at` (epoch seconds)."""

    at: float
    calls: Attempts
    queue: Occupancy | None


@dataclass(frozen=True, slots=True)
class Cap:
    """A sorted set of attempts in flight (`key`): so many of them now, and at most."""

    key: str
    flying: int
    most: int


def _inflight(store: Store, pbx: str, line: Line) -> tuple[str, str]:
    """The attempts to the line's queue, and all of the PBX."""
    return store.keys.of("inflight", pbx, line.callback.exten), store.keys.of("inflight", pbx)


def freed(store: Store, pbx: str, line: Line, attempt: str) -> list[Op]:
    """The writes by which an attempt that is over makes room for the next one at once."""
    return [("ZREM", key, attempt) for key in _inflight(store, pbx, line)]


class Seats:
    """The free agents of one PBX, on which `at_once` calls back may be under way (0: as many as the lines allow).

    `clock` gives epoch seconds.
    """

    def __init__(
        self, store: Store, board: Switchboard, pbx: str, clock: Callable[[], float], at_once: int = 0
    ) -> None:
        self.store, self.board, self.pbx, self.clock = store, board, pbx, clock
        self.at_once = at_once or NO_LIMIT
        self._looks: dict[str, Look] = {}
        self._asking = asyncio.Lock()

    async def room(self, attempt: str, line: Line) -> tuple[list[Op], list[Op]] | str:
        """What the commit that marks an attempt as dialled has to check and to write, or why nobody is rung now.

        Raises redis.RedisError.
        """
        caps = await self._caps(line)
        if isinstance(caps, str):
            return caps
        if any(cap.flying >= cap.most for cap in caps):
            return "nobody is free to talk"
        now = repr(self.clock())
        checks: list[Op] = [("ROOM", cap.key, "-inf", "+inf", str(cap.most), "yes") for cap in caps]
        return checks, [("ZADD", cap.key, now, attempt) for cap in caps]

    def rung(self, attempt: str, line: Line, cases: Collection[str]) -> bool:
        """Whether the PBX had a call of another attempt for one of these cases, when it was last asked by `room`."""
        look = self._looks.get(line.callback.exten)
        return look is not None and any(case_of(one) in cases for one in look.calls.live - {attempt})

    async def places(self, line: Line) -> int:
        """How many more customers of a line may be rung now. Raises redis.RedisError."""
        caps = await self._caps(line)
        return 0 if isinstance(caps, str) else max(0, min(cap.most - cap.flying for cap in caps))

    async def _caps(self, line: Line) -> tuple[Cap, Cap] | str:
        plan = line.callback
        try:
            look = await self._look(plan.exten)
        except (LinkDownError, TimeoutError, PermissionError) as error:
            return f"the PBX does not say who is free: {str(error) or 'no answer in time'}"
        if look.queue and look.queue.longest_wait_s > plan.patience_s:
            return "callers have waited for too long"
        team, everybody = _inflight(self.store, self.pbx, line)
        flying, all_flying = await self._flying(team, look.calls), await self._flying(everybody, look.calls)
        most = min(self._most(look, flying), plan.at_once or NO_LIMIT)
        return Cap(team, len(flying), most), Cap(everybody, len(all_flying), self.at_once)

    def _most(self, look: Look, flying: set[str]) -> int:
        """Agents who talk in a call back are not free, and their calls are in flight still."""
        return look.queue.free + len(flying & look.calls.talking) if look.queue else NO_LIMIT

    async def _flying(self, key: str, calls: Attempts) -> set[str]:
        """The attempts in flight; those that are over are forgotten."""
        known = await self.store.scores(key)
        over = [one for one, at in known.items() if one not in calls.live and at < self.clock() - GRACE_S]
        if over:
            await self.store.commit((), [("ZREM", key, *over)])
        return known.keys() - set(over)

    async def _look(self, queue: str) -> Look:
        """Calls are asked for first: who picks up meanwhile then counts as busy, not as free twice."""
        async with self._asking:
            look = self._looks.get(queue)
            if look is None or not 0 <= self.clock() - look.at < FRESH_S:
                calls = await self.board.attempts()
                look = self._looks[queue] = Look(self.clock(), calls, await self.board.queue(queue))
            return look
