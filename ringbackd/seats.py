"""Rings customers only when somebody can talk: no more calls back are in flight than agents of the queue are free."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ami_listener.answers import LinkDownError
from ami_listener.occupancy import Attempts, Occupancy
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


def _inflight(store: Store, pbx: str, line: Line) -> str:
    return store.keys.of("inflight", pbx, line.callback.exten)


def freed(store: Store, pbx: str, line: Line, attempt: str) -> Op:
    """The write by which an attempt that is over makes room for the next one at once."""
    return ("ZREM", _inflight(store, pbx, line), attempt)


class Seats:
    """The free agents of one PBX. `clock` gives epoch seconds."""

    def __init__(self, store: Store, board: Switchboard, pbx: str, clock: Callable[[], float]) -> None:
        self.store, self.board, self.pbx, self.clock = store, board, pbx, clock
        self._looks: dict[str, Look] = {}
        self._asking = asyncio.Lock()

    async def room(self, attempt: str, line: Line) -> tuple[list[Op], list[Op]] | str:
        """What the commit that marks an attempt as dialled has to check and to write, or why nobody is rung now.

        Raises redis.RedisError.
        """
        plan, key = line.callback, _inflight(self.store, self.pbx, line)
        try:
            look = await self._look(plan.exten)
        except (LinkDownError, TimeoutError, PermissionError) as error:
            return f"the PBX does not say who is free: {str(error) or 'no answer in time'}"
        if look.queue and look.queue.longest_wait_s > plan.patience_s:
            return "callers have waited for too long"
        flying = await self._flying(key, look.calls)
        most = min(self._most(look, flying), plan.at_once or NO_LIMIT)
        if len(flying) >= most:
            return "nobody is free to talk"
        now = repr(self.clock())
        return [("ROOM", key, "-inf", "+inf", str(most), "yes")], [("ZADD", key, now, attempt)]

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
