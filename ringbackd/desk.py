"""The desk: every fact comes here, is applied to the cases it concerns, and leaves as one atomic commit."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable

from ringback import dialguard
from ringback.call import Call, Direction, Verdict
from ringback.callback import Ended, case_of, ended
from ringback.case import On, meaning, open_missed
from ringback.consent import Act
from ringback.dialguard import Guard
from ringback.fact import (
    FACT,
    Accepted,
    AccountNews,
    CallEnded,
    ConsentChanged,
    Delivery,
    Echoed,
    Fact,
    NotDialled,
    Noticed,
    NumberChanged,
    PersonActed,
    Refused,
    Said,
    TimerFired,
)
from ringback.flow import Flow
from ringback.journal import Entry, Event
from ringback.line import Line, line_of
from ringback.offered import Offered
from ringback.phone import NoNumber, Number, match_key
from ringback.policy import why_not
from ringback.record import Case
from ringbackd import calloff, seats
from ringbackd.correspondence import Correspondence
from ringbackd.guarding import DialGuard
from ringbackd.keys import REMEMBER_S
from ringbackd.offering import Offering, choice_in, deflected, not_taken
from ringbackd.planning import Plan, Planner
from ringbackd.store import ConflictError, Op, Store
from ringbackd.templatenews import news_writes
from ringbackd.writes import contact_writes

log = logging.getLogger("ringback.desk")
TRIES = 100
PAUSE_S = 0.02
CHANCE = random.SystemRandom()
NOTED = frozenset(
    {"pbx", "linkedid", "direction", "verdict", "caller", "did", "queue", "agent", "started", "ended", "wait", "talk"}
    | {"reason", "source", "score"}
)
"""What the journal keeps of a call."""


class Desk:
    """Applies facts. `secret` signs the payloads of buttons; `clock` gives epoch seconds."""

    def __init__(
        self,
        store: Store,
        lines: tuple[Line, ...],
        flows: dict[str, Flow],
        secret: bytes,
        clock: Callable[[], float] = time.time,
        guard: Guard = dialguard.DEFAULT,
    ) -> None:
        self.store, self.lines, self.clock = store, lines, clock
        self._by_name = {line.name: line for line in lines}
        self._planner = Planner(store, self._by_name, flows, secret, clock)
        self._guard = DialGuard(store, guard, clock)
        self._offering = Offering(self._planner)
        self._post = Correspondence(self._planner)

    async def handle(self, raw: bytes, done: tuple[Op, ...] = ()) -> None:
        """Apply one fact as it was written to the stream; `done` are the writes that take it off the stream."""
        await self.process(FACT.validate_json(raw), done)

    async def process(self, fact: Fact, done: tuple[Op, ...] = ()) -> None:
        """Apply one fact, once: a fact that was applied before changes nothing, only `done` is written."""
        if isinstance(fact, Delivery):
            fact = await self._known(fact)
        applied = self.store.keys.applied(fact.id)
        for _ in range(TRIES):
            plan = await self._plan(fact)
            checks = [("EXISTS", applied, "0"), *plan.checks]
            writes = [*plan.writes, ("SET", applied, "1", "EX", str(REMEMBER_S)), *done]
            try:
                await self.store.commit(checks, writes)
            except ConflictError as conflict:
                if conflict.check == 0:
                    await self.store.commit((), done)
                    return
                await asyncio.sleep(PAUSE_S * CHANCE.random())
                continue
            return
        raise RuntimeError(f"{fact.id}: the case changed {TRIES} times while it was decided")

    async def _known(self, fact: Delivery) -> Delivery:
        """Find our message behind a status. A status is also the proof that the Cloud API took the message: where the
        answer of the send was lost, it stands in for it."""
        message = fact.message or await self.store.message_of(fact.wamid)
        case, wamid = await self.store.message_case(message)
        if case and not wamid:
            ids = {"wa_id": fact.wa_id, "user_id": fact.user_id}
            await self.process(Accepted(case=case, message=message, wamid=fact.wamid, at=fact.at, **ids))
        return fact.model_copy(update={"message": message})

    async def _plan(self, fact: Fact) -> Plan:
        plan = Plan()
        match fact:
            case CallEnded():
                return await self._plan_call(fact)
            case Said() | Noticed() | Echoed() | NumberChanged():
                await self._post.take(plan, fact)
            case Offered():
                await self._offering.chosen(plan, fact)
            case ConsentChanged():
                await self._plan_consent(plan, fact)
            case AccountNews():
                await self._plan_news(plan, fact)
            case _:
                await self._plan_case(plan, fact)
        return plan

    async def _plan_case(
        self, plan: Plan, fact: Accepted | Refused | Delivery | TimerFired | NotDialled | PersonActed
    ) -> None:
        case_id = fact.case if not isinstance(fact, Delivery) else (await self.store.message_case(fact.message))[0]
        case = await self.store.case(case_id) if case_id else None
        if isinstance(fact, Accepted):
            plan.writes += self._accepted(fact, case)
        if case:
            await self._planner.apply(plan, case, fact)
        elif isinstance(fact, Delivery):
            plan.writes.append(self.store.useless(f"statuses {fact.status} of no message of ours"))

    async def _plan_consent(self, plan: Plan, fact: ConsentChanged) -> None:
        consent = fact.consent
        wa_id = consent.customer.removeprefix("+")
        key = await self.store.key_of(wa_id, fact.user_id) or match_key(wa_id)
        if not key:
            log.warning("consent of %s: not a customer we know", fact.user_id)
            return
        plan.writes += self.store.ledger.append(key, consent)
        event = Event.OPTED_OUT if consent.act is Act.WITHDRAWN else Event.OPTED_IN
        data = consent.model_dump(mode="json", include={"brand", "way", "proof", "text"})
        plan.writes.append(self.store.note(Entry(at=self.clock(), event=event, customer=consent.customer, data=data)))
        await self._planner.stop(plan, await self.store.cases_of(key), fact)

    async def _plan_news(self, plan: Plan, fact: AccountNews) -> None:
        """Keep the newest news of each kind: webhooks come in any order."""
        check, keep = await self.store.newest(fact)
        plan.checks += check
        plan.writes += keep
        plan.writes += await news_writes(self.store, fact, self.clock) if keep else []
        data = {"field": fact.field, "subject": fact.subject, "event": fact.event, "detail": fact.detail}
        plan.writes.append(self.store.note(Entry(at=self.clock(), event=Event.ACCOUNT, data=data)))

    def _accepted(self, fact: Accepted, case: Case | None) -> list[Op]:
        writes = self.store.accepted(fact)
        if case and case.line in self._by_name:
            gap = self._by_name[case.line].contact_gap_h * 3600
            writes += self.store.waid(fact.wa_id, fact.user_id, case.key)
            if fact.message != case.survey:  # whoever was only asked how it was is written to after his next miss
                writes += contact_writes(self.store.keys, case, gap)
        return writes

    async def _plan_call(self, fact: CallEnded) -> Plan:
        plan = Plan()
        if fact.call.direction is Direction.OURS:
            await self._plan_attempt(plan, fact)
            return plan
        choice = await choice_in(self.store, fact.call)
        fact = fact.model_copy(update={"call": deflected(fact.call, choice)})
        call = fact.call
        line = line_of(self.lines, call.did, (*call.queues, call.queue))
        plan.writes.append(self.store.note(self._call_entry(call, line.name if line else "")))
        other = call.dialled if call.direction is Direction.OUTBOUND else call.caller
        number = (line or self.lines[0]).number(other)
        on = meaning(fact)
        if on is On.REACHED and isinstance(number, Number):
            plan.writes.append(self.store.talked(number.key, call.ended))
            for case in await self.store.cases_of(number.key):
                await self._planner.apply(plan, case, fact)
        elif on is On.MISSED or (call.verdict is Verdict.DEFLECTED and not choice):
            await self._missed(plan, fact, line, number)
        return plan

    async def _plan_attempt(self, plan: Plan, fact: CallEnded) -> None:
        case = await self.store.case(case_of(fact.call.linkedid))
        plan.writes.append(self.store.note(self._call_entry(fact.call, case.line if case else "")))
        if case:
            plan.writes += [
                *self.store.not_calling(case.key, fact.call.linkedid),
                calloff.over(self.store, fact.call.linkedid),
            ]
            if line := self._by_name.get(case.line):
                plan.writes += seats.freed(self.store, fact.call.pbx, line, fact.call.linkedid)
                if ended(fact.call, line.callback) is Ended.TALKED:
                    plan.writes.append(self.store.talked(case.key, fact.call.ended))
            await self._planner.apply(plan, case, fact)

    async def _missed(self, plan: Plan, fact: CallEnded, line: Line | None, number: Number | NoNumber) -> None:
        plan.checks.append(not_taken(self.store, fact.call))
        if line is None:
            self._suppress(plan, fact.call, "", number, f"no line has the number {fact.call.did!r} or its queue")
            return
        key = number.key if isinstance(number, Number) else ""
        plan.writes += await self._guard.seen(fact.call, number, line) if isinstance(number, Number) else []
        case = await self.store.active_case(line.name, key) if key else None
        if case:
            await self._planner.apply(plan, case, fact)
            return
        why = why_not(fact.call, line, number, await self.store.memory(line, key), self.clock())
        if why or isinstance(number, NoNumber):
            self._suppress(plan, fact.call, line.name, number, why)
            return
        context = await self._planner.context(line, key)
        self._planner.put(plan, None, *open_missed(fact, number, context))

    def _suppress(self, plan: Plan, call: Call, line: str, number: Number | NoNumber, why: str) -> None:
        customer = number.e164 if isinstance(number, Number) else ""
        data = {"why": why, "linkedid": call.linkedid}
        entry = Entry(at=self.clock(), event=Event.SUPPRESSED, line=line, customer=customer, data=data)
        plan.writes.append(self.store.note(entry))

    def _call_entry(self, call: Call, line: str) -> Entry:
        data = call.model_dump(mode="json", include=set(NOTED))
        return Entry(at=self.clock(), event=Event.CALL_ENDED, line=line, data=data)
