"""What the PBX side tells, written to Redis: verdicts as facts, who is on a call now, and when nobody listened."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ami_listener.gap import Gap, Mark
from ami_listener.tracker import CallStarted
from ringback.call import Call, Direction
from ringback.callback import case_of
from ringback.fact import CallEnded
from ringback.journal import Entry, Event
from ringback.line import Line, line_of
from ringback.phone import Number
from ringbackd import calloff
from ringbackd.keys import LIVE_S, REMEMBER_S
from ringbackd.patience import Patience
from ringbackd.store import ConflictError, Op, Store


class RedisSink:
    """The sink of `ami_listener.listener.Listener`, and its memory."""

    def __init__(
        self,
        store: Store,
        pbx: str,
        lines: tuple[Line, ...],
        patience: Patience,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store, self.pbx, self.lines, self.patience, self.clock = store, pbx, lines, patience, clock

    async def call_started(self, call: CallStarted) -> None:
        """A customer (or an attempt of ours) is on the line: nobody writes to him or rings him meanwhile."""
        await self.patience.insist(lambda: self._start(call))

    async def _start(self, call: CallStarted) -> None:
        keys, member = await self._live_keys(call), f"{self.pbx}|{call.linkedid}"
        writes: list[Op] = []
        for live in (self.store.keys.of("live", key) for key in keys):
            writes += [("SADD", live, member), ("EXPIRE", live, str(LIVE_S))]
        if call.direction is not Direction.OURS:
            writes += [calloff.wanted(self.store, attempt, self.clock()) for attempt in await self._ringing(keys)]
        if keys:
            writes.append(("HSET", self.store.keys.of("livecalls", self.pbx), call.linkedid, " ".join(keys)))
        await self.store.commit((), writes)

    async def _ringing(self, keys: list[str]) -> list[str]:
        """The attempts that ring him now: who is on the line with us need not be rung."""
        rung: list[Any] = [await self.store.redis.get(self.store.keys.of("calling", key)) for key in keys]
        return [attempt.decode() for attempt in rung if attempt]

    async def _live_keys(self, call: CallStarted) -> list[str]:
        """Under which keys the call is live: the customer's, and that of the attempt if we ring him."""
        if call.direction is Direction.OURS:
            case = await self.store.case(case_of(call.linkedid))
            return [call.linkedid, case.key] if case else [call.linkedid]
        line = line_of(self.lines, call.did, ()) or self.lines[0]
        number = line.number(call.caller)
        return [number.key] if isinstance(number, Number) else []

    async def call_ended(self, call: Call) -> None:
        """The verdict, and that he is not on this call any more, at once."""

        async def write() -> None:
            writes = [self.store.fact(CallEnded(call=call)), *await self._gone(call.linkedid)]
            await self.store.commit((), writes, sure=True)

        await self.patience.insist(write)

    async def resynced(self, pbx: str, live_linkedids: frozenset[str]) -> None:
        """After a gap: calls that are not there any more are not live."""

        async def write() -> None:
            known = await self.store.names(self.store.keys.of("livecalls", pbx))
            writes = [op for linkedid in known - live_linkedids for op in await self._gone(linkedid)]
            await self.store.commit((), writes)

        await self.patience.insist(write)

    async def _gone(self, linkedid: str) -> list[Op]:
        calls = self.store.keys.of("livecalls", self.pbx)
        (keys,) = await self.store.fields(calls, linkedid)
        member = f"{self.pbx}|{linkedid}"
        gone: list[Op] = [("SREM", self.store.keys.of("live", key), member) for key in keys.decode().split()]
        return [*gone, ("HDEL", calls, linkedid)] if gone else []

    async def last_heard(self) -> Mark | None:
        """At the start: until when whoever ran before heard the PBX; the link was down since then."""
        found: list[Mark | None] = []

        async def read() -> None:
            found.append(await read_mark(self.store, self.pbx))

        await self.patience.insist(read)
        mark = found[-1]
        if mark:
            await self.link_down(mark.at, "Ringback was not running")
        return mark

    async def heard(self, mark: Mark) -> None:
        """Keep until when the PBX was heard."""
        key, text = self.store.keys.of("heard", self.pbx), json.dumps({"at": mark.at, "since": mark.since})
        await self.patience.insist(lambda: self.store.commit((), [("SET", key, text)]))

    async def gap(self, gap: Gap) -> None:
        """A time without a link, and what was made up for."""
        data = {"pbx": self.pbx, "since": gap.since, "calls": gap.calls, "source": gap.source}
        await self._once(Entry(at=gap.until, event=Event.GAP, data=data))

    async def link_up(self, at: float) -> None:
        """The PBX link works: the figures count the minutes it did not."""
        await self._once(Entry(at=at, event=Event.LINK_UP, data={"pbx": self.pbx, "why": ""}))

    async def link_down(self, at: float, reason: str) -> None:
        """The PBX link is gone."""
        await self._once(Entry(at=at, event=Event.LINK_DOWN, data={"pbx": self.pbx, "why": reason}))

    async def lost(self, at: float, count: int) -> None:
        """So much could be neither stored nor kept."""
        counter = self.store.keys.of("lost", self.pbx)
        entry = Entry(at=at, event=Event.LOST, data={"pbx": self.pbx, "count": count})
        await self._once(entry, ("INCRBY", counter, str(count)), ("EXPIRE", counter, str(REMEMBER_S)))

    async def trouble(self, text: str) -> None:
        """Keep it for `ringback doctor`."""
        key = self.store.keys.of("trouble", self.pbx)
        await self.patience.insist(lambda: self.store.commit((), [("SET", key, text) if text else ("DEL", key)]))

    async def _once(self, entry: Entry, *more: Op) -> None:
        """Note something of this PBX in the journal, though it may be told again."""
        applied = self.store.keys.applied(f"{entry.event}:{self.pbx}:{entry.at!r}")
        writes = [self.store.note(entry), ("SET", applied, "1", "EX", str(REMEMBER_S)), *more]

        async def write() -> None:
            with suppress(ConflictError):
                await self.store.commit([("EXISTS", applied, "0")], writes)

        await self.patience.insist(write)


async def read_mark(store: Store, pbx: str) -> Mark | None:
    """Until when a PBX was heard; None when it never was. Raises redis.RedisError."""
    text = await store.redis.get(store.keys.of("heard", pbx))
    return Mark(**json.loads(text)) if text else None
