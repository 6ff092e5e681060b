"""The guard of calls back, in Redis: what was rung lately, bursts from abroad, and the switch that stops everything.

The counts grow in the commit that marks an attempt as dialled, or not at all: two schedulers never pass a limit
together.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ringback.call import Call
from ringback.dialguard import Guard, Ringable, is_bait, ringable
from ringback.journal import Entry, Event
from ringback.line import Line
from ringback.phone import Number
from ringbackd.store import Op, Store

log = logging.getLogger("ringback.guard")
HOUR_S, DAY_S = 3600.0, 86400.0
LOOK_AGAIN_S = 300.0
"""How long a call back waits while somebody has stopped all of them."""


@dataclass(frozen=True, slots=True)
class Forbidden:
    """This attempt is not dialled; a later one may be from `again` on (epoch seconds; 0 for never)."""

    why: str
    again: float = 0.0


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls in a window: those that `key` holds, scored by when they were dialled."""

    why: str
    key: str
    window_s: float
    most: int


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the commit that marks an attempt as dialled must check and write."""

    checks: list[Op] = field(default_factory=list)
    writes: list[Op] = field(default_factory=list)
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why calls back are stopped (all, or those abroad only), and until when (epoch seconds, 0 for until told)."""

    why: str
    until: float = 0.0


class DialGuard:
    """Says of each call back whether it may be dialled. `clock` gives epoch seconds."""

    def __init__(self, store: Store, guard: Guard, clock: Callable[[], float]) -> None:
        self.store, self.guard, self.clock = store, guard, clock

    async def ruling(self, attempt: str, dial: str, key: str, line: Line) -> Allowed | Forbidden:
        """Whether to ring a number for the customer with this match key. Raises redis.RedisError."""
        if stopped := await self.stopped():
            return Forbidden(f"calls back are stopped: {stopped.why}", self.clock() + LOOK_AGAIN_S)
        number = ringable(dial, key, line)
        if isinstance(number, str):
            return Forbidden(number)
        if number.abroad and (burst := await self.burst()):
            return Forbidden(f"nobody abroad is rung: {burst.why}")
        return self._counted(attempt, key, number, line)

    def limits(self, key: str, number: Ringable) -> tuple[Limit, ...]:
        """The limits that a call to a number counts for."""
        guard, of = self.guard, self.store.keys.of
        return (
            Limit("this number was rung often enough", of("guard", "number", key), DAY_S, guard.number_day),
            Limit("its neighbours were rung too often", of("guard", "block", number.block), HOUR_S, guard.block_hour),
            Limit("too many calls back in an hour", of("guard", "all"), HOUR_S, guard.hour),
            Limit("too many calls back in a day", of("guard", "all"), DAY_S, guard.day),
        )

    def _counted(self, attempt: str, key: str, number: Ringable, line: Line) -> Allowed:
        now, limits = self.clock(), self.limits(key, number)
        checks: list[Op] = [
            ("ROOM", limit.key, f"({now - limit.window_s!r}", "+inf", str(limit.most), "yes") for limit in limits
        ]
        writes: list[Op] = []
        for name in dict.fromkeys(limit.key for limit in limits):
            writes += [
                ("ZADD", name, repr(now), attempt),
                ("ZREMRANGEBYSCORE", name, "-inf", repr(now - DAY_S)),
                ("EXPIRE", name, str(int(DAY_S))),
            ]
        spent, cost = self._spent(), self.guard.cost(number.e164, line.callback.talk_min)
        if self.guard.spend_day:
            checks.append(("BELOW", spent, repr(self.guard.spend_day - cost), "yes"))
        if cost:
            writes += [("INCRBYFLOAT", spent, repr(cost)), ("EXPIRE", spent, str(int(2 * DAY_S)))]
        return Allowed(checks, writes, limits)

    async def full(self, allowed: Allowed, check: int) -> Forbidden:
        """What the failure of one of the checks of `allowed` means."""
        if check >= len(allowed.limits):
            return Forbidden("what calls back may cost today is used up", DAY_S * (self.clock() // DAY_S + 1))
        limit = allowed.limits[check]
        oldest = await self.store.scores_from(limit.key, self.clock() - limit.window_s)
        return Forbidden(limit.why, (oldest or self.clock()) + limit.window_s)

    async def spent(self) -> float:
        """What the calls back of today (UTC) are expected to cost."""
        return float(await self.store.redis.get(self._spent()) or 0)

    def _spent(self) -> str:
        return self.store.keys.of("guard", "spent", f"{datetime.fromtimestamp(self.clock(), UTC):%Y%m%d}")

    async def count(self, limit: Limit) -> int:
        """How many calls count for a limit now."""
        return int(await self.store.redis.zcount(limit.key, f"({self.clock() - limit.window_s!r}", "+inf"))

    async def stopped(self) -> Stopped | None:
        """Whether somebody stopped all calls back."""
        why, at = await self.store.fields(self._stop(), "why", "at")
        return Stopped(why.decode() or "no reason given") if at else None

    def unstopped(self) -> Op:
        """The check by which no attempt is marked as dialled once `stop` is done."""
        return ("EXISTS", self._stop(), "0")

    def _stop(self) -> str:
        return self.store.keys.of("guard", "stop")

    async def burst(self) -> Stopped | None:
        """Whether nobody abroad is rung now."""
        why, until = await self.store.fields(self.store.keys.of("guard", "burst"), "why", "until")
        return Stopped(why.decode(), float(until)) if float(until or 0) > self.clock() else None

    async def stop(self, why: str, who: str) -> None:
        """Stop all calls back until `go`. Those that ring already are not cut off."""
        key = self._stop()
        await self.store.commit((), [("HSET", key, "why", why, "at", repr(self.clock())), self._note("stop", why, who)])

    async def go(self, who: str) -> None:
        """Let calls back go on, abroad too."""
        keys = [self.store.keys.of("guard", what) for what in ("stop", "burst", "abroad")]
        await self.store.commit((), [*(("DEL", key) for key in keys), self._note("go", "", who)])

    async def seen(self, call: Call, number: Number, line: Line) -> list[Op]:
        """The writes by which a missed call counts for a burst from abroad, and by which one is noticed."""
        if not is_bait(call, number, line):
            return []
        now, window, of = self.clock(), 60 * self.guard.burst_min, self.store.keys.of
        abroad = of("guard", "abroad")
        writes: list[Op] = [
            ("ZADD", abroad, repr(now), number.key),
            ("ZREMRANGEBYSCORE", abroad, "-inf", repr(now - window)),
            ("EXPIRE", abroad, str(int(window) + 1)),
        ]
        others: int = await self.store.redis.zcount(abroad, f"({now - window!r}", "+inf")
        if others + 1 < self.guard.burst_callers or await self.burst():
            return writes
        why = f"{others + 1} callers from abroad hung up at once within {self.guard.burst_min:g} minutes"
        until = now + 60 * self.guard.burst_stop_min
        kept: Op = ("HSET", of("guard", "burst"), "why", why, "until", repr(until))
        log.warning(
            "%s; nobody abroad is rung for %g minutes; go on before: ringback guard --go",
            why,
            self.guard.burst_stop_min,
        )
        return [*writes, kept, self._note("burst", why, "")]

    def _note(self, act: str, why: str, who: str) -> Op:
        return self.store.note(Entry(at=self.clock(), event=Event.GUARD, data={"act": act, "why": why, "who": who}))
