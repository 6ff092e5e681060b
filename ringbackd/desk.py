"""The desk: every fact comes here, is applied to the cases it concerns, and leaves as one atomic commit."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ringback import payload
from ringback.call import Call, Direction, Verdict
from ringback.callback import case_of
from ringback.case import On, apply, meaning, open_message, open_missed
from ringback.command import Command, Record
from ringback.consent import Act, Consent, ruling
from ringback.fact import FACT, Accepted, CallEnded, ConsentChanged, Delivery, Fact, Said
from ringback.flow import Flow
from ringback.journal import Entry, Event
from ringback.line import Line, line_of
from ringback.phone import NoNumber, Number, match_key, whatsapp_number
from ringback.policy import why_not
from ringback.record import Case, Outcome
from ringback.turn import Context
from ringbackd.keys import REMEMBER_S
from ringbackd.store import ConflictError, Op, Store
from ringbackd.writes import case_checks, case_writes, command_writes, contact_writes

log = logging.getLogger("ringback.desk")
TRIES = 100
PAUSE_S = 0.02
CHANCE = random.SystemRandom()
REOPENS = frozenset({Outcome.EXPIRED, Outcome.LOST, Outcome.OPTED_OUT})
"""Whoever taps after one of these was never reached, or comes back: his tap begins a new case."""


@dataclass
class Plan:
    """What one fact changes: checks, then writes."""

    checks: list[Op] = field(default_factory=list)
    writes: list[Op] = field(default_factory=list)


class Desk:
    """Applies facts. `secret` signs the payloads of buttons; `clock` gives epoch seconds."""

    def __init__(
        self,
        store: Store,
        lines: tuple[Line, ...],
        flows: dict[str, Flow],
        secret: bytes,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store, self.lines, self.flows, self.secret, self.clock = store, lines, flows, secret, clock
        self._by_name = {line.name: line for line in lines}

    async def handle(self, raw: bytes, done: tuple[Op, ...] = ()) -> None:
        """Apply one fact as it was written to the stream; `done` are the writes that take it off the stream."""
        await self.process(FACT.validate_json(raw), done)

    async def process(self, fact: Fact, done: tuple[Op, ...] = ()) -> None:
        """Apply one fact, once: a fact that was applied before changes nothing, only `done` is written."""
        if isinstance(fact, Delivery):
            fact = await self._known(fact)
        applied = self.store.keys.of("applied", fact.id)
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
            await self.process(Accepted(case=case, message=message, wamid=fact.wamid, at=fact.at))
        return fact.model_copy(update={"message": message})

    async def _plan(self, fact: Fact) -> Plan:
        if isinstance(fact, CallEnded):
            return await self._plan_call(fact)
        if isinstance(fact, Said):
            return await self._plan_said(fact)
        plan = Plan()
        if isinstance(fact, ConsentChanged):
            await self._plan_consent(plan, fact)
            return plan
        case_id = fact.case if not isinstance(fact, Delivery) else (await self.store.message_case(fact.message))[0]
        case = await self.store.case(case_id) if case_id else None
        if isinstance(fact, Accepted):
            plan.writes += self._accepted(fact, case)
        if case:
            await self._apply(plan, case, fact)
        return plan

    def _accepted(self, fact: Accepted, case: Case | None) -> list[Op]:
        writes = self.store.accepted(fact)
        if case and case.line in self._by_name:
            gap = self._by_name[case.line].contact_gap_h * 3600
            writes += [*self.store.waid(fact, case.key), *contact_writes(self.store.keys, case, gap)]
        return writes

    async def _plan_call(self, fact: CallEnded) -> Plan:
        call, plan = fact.call, Plan()
        if call.direction is Direction.OURS:
            await self._plan_attempt(plan, fact)
            return plan
        line = line_of(self.lines, call.did, (*call.queues, call.queue))
        plan.writes.append(self.store.note(self._call_entry(call, line.name if line else "")))
        other = call.dialled if call.direction is Direction.OUTBOUND else call.caller
        number = (line or self.lines[0]).number(other)
        on = meaning(fact)
        if on is On.REACHED and isinstance(number, Number):
            plan.writes.append(self.store.talked(number.key, call.ended))
            for case in await self.store.cases_of(number.key):
                await self._apply(plan, case, fact)
        elif on is On.MISSED:
            await self._missed(plan, fact, line, number)
        return plan

    async def _plan_attempt(self, plan: Plan, fact: CallEnded) -> None:
        case = await self.store.case(case_of(fact.call.linkedid))
        plan.writes.append(self.store.note(self._call_entry(fact.call, case.line if case else "")))
        if case:
            if fact.call.verdict is Verdict.ANSWERED:
                plan.writes.append(self.store.talked(case.key, fact.call.ended))
            await self._apply(plan, case, fact)

    async def _missed(self, plan: Plan, fact: CallEnded, line: Line | None, number: Number | NoNumber) -> None:
        if line is None:
            self._suppress(plan, fact.call, "", number, f"no line has the number {fact.call.did!r} or its queue")
            return
        key = number.key if isinstance(number, Number) else ""
        case = await self.store.active_case(line.name, key) if key else None
        if case:
            await self._apply(plan, case, fact)
            return
        why = why_not(fact.call, line, number, await self.store.memory(line, key), self.clock())
        if why or isinstance(number, NoNumber):
            self._suppress(plan, fact.call, line.name, number, why)
            return
        context = await self._context(line, key, "")
        self._put(plan, None, *open_missed(fact, number, context))

    async def _plan_said(self, fact: Said) -> Plan:
        """Find the case he answers: by the message he answers, by our payload, by his number; else begin one."""
        plan = Plan()
        key = await self.store.key_of(fact.wa_id, fact.user_id) or match_key(fact.wa_id)
        answers = await self._answered_case(fact)
        mine = [case for case in await self.store.cases_of(key) if case.line in self._by_name]
        if answers is None or not (answers.active or payload.read(self.secret, fact.payload)):
            answers = next(iter(mine), None)
        if answers and answers.outcome in REOPENS and answers.line in self._by_name:
            again = next((case for case in mine if case.line == answers.line), None)
            if again is None:
                await self._begin(plan, fact, Number(answers.customer, answers.dial), self._by_name[answers.line])
                return plan
            answers = again
        if answers is None:
            await self._stranger(plan, fact)
            return plan
        await self._apply(plan, answers, fact)
        return plan

    async def _begin(self, plan: Plan, fact: Said, number: Number, line: Line) -> None:
        case, commands = open_message(fact, number, await self._context(line, number.key, ""))
        self._put(plan, None, case, commands)
        await self._stop_others(plan, case, commands, fact.id)

    async def _stranger(self, plan: Plan, fact: Said) -> None:
        number = whatsapp_number(fact.wa_id, self.lines[0].region)
        if isinstance(number, Number):
            await self._begin(plan, fact, number, self.lines[0])
        else:
            log.warning("message %s of %s: no number to begin a case with", fact.wamid, fact.wa_id or fact.user_id)

    async def _answered_case(self, fact: Said) -> Case | None:
        tap = payload.read(self.secret, fact.payload)
        case = tap.case if tap else (await self.store.message_case(await self.store.message_of(fact.context)))[0]
        return await self.store.case(case) if case else None

    async def _apply(self, plan: Plan, case: Case, fact: Fact) -> None:
        line = self._by_name.get(case.line)
        if line is None:
            log.error("case %s belongs to line %s, which is not in the settings any more", case.id, case.line)
            return
        context = await self._context(line, case.key, case.callback.attempt if case.callback else "")
        after, commands = apply(case, fact, context)
        self._put(plan, case, after, commands)
        await self._stop_others(plan, case, commands, fact.id)

    async def _stop_others(self, plan: Plan, case: Case, commands: tuple[Command, ...], nonce: str) -> None:
        """A stop ends the customer's other cases too, of this brand and of those that follow it."""
        for consent in [command.consent for command in commands if isinstance(command, Record)]:
            for other in await self.store.cases_of(case.key):
                if other.id != case.id and await self._ends(other, consent):
                    await self._apply(plan, other, ConsentChanged(nonce=nonce, consent=consent))

    async def _ends(self, case: Case, consent: Consent) -> bool:
        line = self._by_name.get(case.line)
        if line is None or consent.act is Act.GIVEN:
            return False
        return ruling((*await self.store.ledger.of(case.key), consent), line.brand).stopped

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
        for case in await self.store.cases_of(key):
            if await self._ends(case, consent):
                await self._apply(plan, case, fact)

    async def _context(self, line: Line, key: str, attempt: str) -> Context:
        return Context(
            line=line,
            flow=self.flows[line.flow],
            now=self.clock(),
            sign=lambda tap: payload.sign(self.secret, tap),
            read=lambda text: payload.read(self.secret, text),
            on_call=await self.store.live(key),
            ringing=await self.store.live(attempt),
            stopped=(await self.store.ledger.ruling(key, line.brand)).stopped,
        )

    def _put(self, plan: Plan, before: Case | None, after: Case, commands: tuple[Command, ...]) -> None:
        if before == after and not commands:
            return
        after = after.model_copy(update={"version": (before.version if before else 0) + 1})
        plan.checks += case_checks(self.store.keys, before, after)
        plan.writes += case_writes(self.store.keys, after)
        plan.writes += [write for command in commands for write in command_writes(self.store, after, command)]

    def _suppress(self, plan: Plan, call: Call, line: str, number: Number | NoNumber, why: str) -> None:
        customer = number.e164 if isinstance(number, Number) else ""
        data = {"why": why, "linkedid": call.linkedid}
        entry = Entry(at=self.clock(), event=Event.SUPPRESSED, line=line, customer=customer, data=data)
        plan.writes.append(self.store.note(entry))

    def _call_entry(self, call: Call, line: str) -> Entry:
        data = call.model_dump(mode="json", include={"pbx", "linkedid", "direction", "verdict", "caller", "did"})
        data |= call.model_dump(mode="json", include={"queue", "agent", "started", "ended", "wait", "talk", "reason"})
        return Entry(at=self.clock(), event=Event.CALL_ENDED, line=line, data=data)
