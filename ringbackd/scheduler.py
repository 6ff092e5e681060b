"""The callback scheduler: rings the customers whose moment has come, each attempt once, whatever is killed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from ami_listener.dialer import Dial as Originate
from ami_listener.dialer import NotDialled as Refusal
from ami_listener.dialer import Queued, Unclear
from ringback.dialguard import Guard
from ringback.fact import NotDialled
from ringback.line import Line
from ringback.record import Case, State
from ringbackd.guarding import Allowed, DialGuard, Forbidden
from ringbackd.keys import REMEMBER_S
from ringbackd.outbox import taken_off
from ringbackd.ringing import originate
from ringbackd.seats import Seats
from ringbackd.store import ConflictError, Op, Store

log = logging.getLogger("ringback.scheduler")
GROUP = "scheduler"
LOOK_S, PATIENCE_S, AGAIN_S = 0.5, 15.0, 1.0
"""How often is looked whether somebody is free, for how long, and when the case is to try again after that: long before
the attempt would be in doubt."""
CALLING_S = 60
"""For how long at most an attempt keeps all others from its customer; from its first channel on he is on a call."""
Outcome = Literal["failed", "unwanted", "forbidden"]
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
        order = Order.model_validate_json(raw)
        done = taken_off(GROUP, entry)
        began = self.clock()
        while busy := await self._once(order, done):
            if not 0 <= self.clock() - began < PATIENCE_S:
                await self._over(order, "unwanted", busy, done, self.clock() + AGAIN_S)
                return
            await asyncio.sleep(LOOK_S)

    async def _once(self, order: Order, done: list[Op]) -> str:
        """Deal with an order, or say why it has to wait."""
        case = await self.store.case(order.case)
        unwanted = await self._unwanted(order, case)
        if unwanted:
            await self._over(order, "unwanted", unwanted, done)
            return ""
        room = await self.seats.room(order.attempt, self._lines[order.line]) if self.seats else ([], [])
        if isinstance(room, str):
            return room
        ruling = await self.guard.ruling(order.attempt, order.number, order.key, self._lines[order.line])
        match await self._mark(order, ruling, *room) if isinstance(ruling, Allowed) else ruling:
            case str() as busy:
                return busy
            case Forbidden() as ruling:
                log.warning("attempt %s is not dialled: %s", order.attempt, ruling.why)
                outcome: Outcome = "unwanted" if ruling.again else "forbidden"
                await self._over(order, outcome, ruling.why, done, ruling.again)
            case Allowed():
                await self._dial(order, case, done)
            case None:
                log.warning("attempt %s was begun before; its fate is in doubt, it is not dialled again", order.attempt)
                await self.store.commit((), done)
        return ""

    async def _mark(
        self, order: Order, allowed: Allowed, checks: list[Op], writes: list[Op]
    ) -> Allowed | Forbidden | str | None:
        """Write that the attempt is dialled now, if it fits into the limits; None if that was written before, a text
        if somebody else took the last agent, or rings the same customer."""
        calling = self.store.keys.of("calling", order.key)
        alone: Op = ("GET", calling, "")
        taken: Op = ("SET", calling, order.attempt, "EX", str(CALLING_S))
        mark = self.store.keys.of("attempt", order.attempt)
        first: Op = ("HGET", mark, "state", "")
        dialling: Op = ("HSET", mark, "state", "dialling", "at", repr(self.clock()))
        kept: Op = ("EXPIRE", mark, str(REMEMBER_S))
        try:
            await self.store.commit(
                [first, *allowed.checks, alone, *checks],
                [dialling, kept, taken, *allowed.writes, *writes],
                sure=True,
            )
        except ConflictError as conflict:
            if conflict.check > len(allowed.checks):
                return "he is being rung for another case, or nobody is free to talk any more"
            return await self.guard.full(allowed, conflict.check - 1) if conflict.check else None
        return allowed

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

    async def _over(self, order: Order, outcome: Outcome, why: str, done: list[Op], again: float = 0.0) -> None:
        fact = NotDialled(
            case=order.case,
            attempt=order.attempt,
            outcome=outcome,
            why=why,
            at=self.clock(),
            again=again,
        )
        await self.store.commit((), [self.store.fact(fact), *self.store.not_calling(order.key, order.attempt), *done])
