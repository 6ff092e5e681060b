"""The callback scheduler: rings the customers whose moment has come, each attempt once, whatever is killed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from ami_listener.dialer import Dial as Originate
from ami_listener.dialer import NotDialled as Refusal
from ami_listener.dialer import Queued, Unclear
from ringback.dialguard import Guard
from ringback.fact import NotDialled
from ringback.journal import Entry, Event
from ringback.line import Line
from ringback.record import Case, State
from ringbackd import parking
from ringbackd.guarding import Allowed, DialGuard, Forbidden
from ringbackd.keys import REMEMBER_S
from ringbackd.outbox import taken_off
from ringbackd.ringing import originate
from ringbackd.seats import Seats
from ringbackd.store import ConflictError, Op, Store

log = logging.getLogger("ringback.scheduler")
GROUP = "scheduler"
CALLING_S = 60
"""For how long at most an attempt keeps all others from its customer; from its first channel on he is on a call."""
Outcome = Literal["failed", "unwanted", "forbidden", "waits"]
"""How an attempt ends that was never dialled."""


class Order(BaseModel):
    """One entry of the dials stream."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attempt: str
    case: str
    line: str
    number: str
    key: str


class Dialer(Protocol):
    """Rings through AMI; see ami_listener.dialer."""

    async def originate(self, dial: Originate) -> Queued | Refusal | Unclear:
        """Ask Asterisk to ring; the answer says whether it began to."""


class Moved:
    """The case changed, he began to talk to us, or somebody stopped all calls back, while it was decided about his: it
    is decided anew."""


class Scheduler:
    """Deals with ordered dials. `clock` gives epoch seconds."""

    def __init__(
        self,
        store: Store,
        dialer: Dialer,
        lines: tuple[Line, ...],
        guard: Guard,
        clock: Callable[[], float] = time.time,
        seats: Seats | None = None,
    ) -> None:
        self.store, self.dialer, self.clock, self.seats = store, dialer, clock, seats
        self.guard = DialGuard(store, guard, clock)
        self._lines = {line.name: line for line in lines}

    async def handle(self, raw: bytes, entry: str) -> None:
        """Ring, unless it was rung before (then its fate is in doubt, and the case waits for it) or is not wanted."""
        order, done = Order.model_validate_json(raw), taken_off(GROUP, entry)
        case = await self.store.case(order.case)
        if unwanted := await self._unwanted(order, case):
            await self._not_begun(order, "unwanted", unwanted, done)
            return
        match await self._cleared(order, case):
            case str() as busy:
                await self._not_begun(order, "waits", busy, [*self._parked(order, case), *done])
            case Forbidden() as ruling:
                log.warning("attempt %s is not dialled: %s", order.attempt, ruling.why)
                outcome: Outcome = "unwanted" if ruling.again else "forbidden"
                await self._not_begun(order, outcome, ruling.why, done, ruling.again)
            case Allowed():
                await self._dial(order, case, done)
            case Moved():
                await self.handle(raw, entry)
            case None:
                await self._in_doubt(order, done)

    def _parked(self, order: Order, case: Case | None) -> list[Op]:
        """The write by which he waits until somebody is free."""
        due = case.callback.due if case and case.callback else self.clock()
        return [parking.waits(self.store, self.seats.pbx, order.line, order.case, due)] if self.seats else []

    async def _cleared(self, order: Order, case: Case | None) -> Allowed | Forbidden | Moved | str | None:
        """Whether it is to be dialled now, and written down as that; a text says that nobody is free to talk, None
        that it was written down before."""
        line = self._lines[order.line]
        room = await self.seats.room(order.attempt, line) if self.seats else ([], [])
        if isinstance(room, str):
            return room
        if await self._rung_still(order, line):
            return Forbidden("an earlier call back to him is still under way", self.clock())
        ruling = await self.guard.ruling(order.attempt, order.number, order.key, line)
        return ruling if isinstance(ruling, Forbidden) else await self._mark(order, case, ruling, *room)

    async def _rung_still(self, order: Order, line: Line) -> bool:
        """Whether the PBX says that he is being called back, though nobody told us: the listener may be away."""
        cases = {order.case, *(case.id for case in await self.store.cases_of(order.key))}
        return self.seats is not None and self.seats.rung(order.attempt, line, cases)

    async def _mark(
        self, order: Order, case: Case | None, allowed: Allowed, checks: list[Op], writes: list[Op]
    ) -> Allowed | Forbidden | Moved | str | None:
        """Write that the attempt is dialled now, if it fits into the limits; None if that was written before, a text
        if somebody else took the last agent."""
        calling = self.store.keys.of("calling", order.key)
        alone: Op = ("GET", calling, "")
        taken: Op = ("SET", calling, order.attempt, "EX", str(CALLING_S))
        mark = self.store.keys.of("attempt", order.attempt)
        first: Op = ("HGET", mark, "state", "")
        pbx = self.seats.pbx if self.seats else ""
        dialling: Op = ("HSET", mark, "state", "dialling", "at", repr(self.clock()), "pbx", pbx)
        kept: Op = ("EXPIRE", mark, str(REMEMBER_S))
        still: list[Op] = [
            ("HGET", self.store.keys.of("case", order.case), "version", str(case.version if case else "")),
            ("EXISTS", self.store.keys.of("live", order.key), "0"),
            self.guard.unstopped(),
        ]
        everything = [first, *allowed.checks, alone, *checks, *still]
        try:
            await self.store.commit(
                everything,
                [dialling, kept, taken, *self._dialled(order, case), *allowed.writes, *writes],
                sure=True,
            )
        except ConflictError as conflict:
            if conflict.check >= len(everything) - len(still):
                return Moved()
            return await self._taken(allowed, conflict.check)
        return allowed

    async def _taken(self, allowed: Allowed, check: int) -> Forbidden | Moved | str | None:
        """What the failure of a check of `_mark` means."""
        if check > len(allowed.checks) + 1:
            return "nobody is free to talk any more"
        if check > len(allowed.checks):
            return Forbidden("he is being rung for another case", self.clock())
        return await self.guard.full(allowed, check - 1) if check else None

    def _dialled(self, order: Order, case: Case | None) -> list[Op]:
        """The writes that tell it: he waits for nobody any more."""
        now, waits = self.clock(), case.callback.waits if case and case.callback else 0.0
        data = {"attempt": order.attempt, "waited": now - waits if waits else 0.0}
        customer = case.customer if case else ""
        entry = Entry(at=now, event=Event.DIALLED, case=order.case, line=order.line, customer=customer, data=data)
        gone = [parking.waits_no_more(self.store, self.seats.pbx, order.line, order.case)] if self.seats else []
        return [self.store.note(entry), *gone]

    async def _unwanted(self, order: Order, case: Case | None) -> str:
        """The last look before the phone rings."""
        attempt = case.callback.attempt if case and case.callback else ""
        if order.line not in self._lines:
            return f"line {order.line} is not in the settings any more"
        if case is None or case.state is not State.RINGING or attempt != order.attempt:
            return "the case has moved on"
        ruling = await self.store.ledger.ruling(order.key, self._lines[order.line].brand)
        if ruling.forbids(case.asked):
            return "he asked not to be contacted"
        return "on a call right now" if await self.store.live(order.key) else ""

    async def _dial(self, order: Order, case: Case | None, done: list[Op]) -> None:
        answer = await self.dialer.originate(originate(order.attempt, order.number, case, self._lines[order.line]))
        match answer:
            case Queued():
                await self.store.commit((), done)
            case Refusal():
                log.warning("attempt %s was not dialled: %s", order.attempt, answer.why)
                await self._over(order, "failed" if answer.permanent else "unwanted", answer.why, done)
            case Unclear():
                log.warning("attempt %s may be ringing (%s); it is not dialled again", order.attempt, answer.why)
                await self.store.commit((), done)

    async def _not_begun(self, order: Order, outcome: Outcome, why: str, done: list[Op], again: float = 0.0) -> None:
        """Say that nothing was dialled, unless something was: by whoever had this order before, and died."""
        first: Op = ("HGET", self.store.keys.of("attempt", order.attempt), "state", "")
        try:
            await self._over(order, outcome, why, done, again, [first])
        except ConflictError:
            await self._in_doubt(order, done)

    async def _in_doubt(self, order: Order, done: list[Op]) -> None:
        log.warning("attempt %s was begun before; its fate is in doubt, it is not dialled again", order.attempt)
        await self.store.commit((), done)

    async def _over(
        self, order: Order, outcome: Outcome, why: str, done: list[Op], again: float = 0.0, checks: Sequence[Op] = ()
    ) -> None:
        fact = NotDialled(
            case=order.case,
            attempt=order.attempt,
            outcome=outcome,
            why=why,
            at=self.clock(),
            again=again,
        )
        free = self.store.not_calling(order.key, order.attempt)
        await self.store.commit(checks, [self.store.fact(fact), *free, *done])
