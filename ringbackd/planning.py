"""What one fact changes, gathered: a decision about a case becomes checks and writes of one commit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ringback import payload
from ringback.case import apply
from ringback.command import Command, Record
from ringback.consent import Act, Consent, ruling
from ringback.fact import ConsentChanged, Fact
from ringback.flow import Flow
from ringback.line import Line
from ringback.record import Case
from ringback.turn import Context
from ringbackd import booking
from ringbackd.store import Op, Store
from ringbackd.writes import case_checks, case_writes, command_writes

log = logging.getLogger("ringback.desk")
Decision = tuple[Case, tuple[Command, ...]]
"""What the core decided: the changed case, and what is to be done."""


@dataclass
class Plan:
    """What one fact changes: checks, then writes."""

    checks: list[Op] = field(default_factory=list)
    writes: list[Op] = field(default_factory=list)


@dataclass(frozen=True)
class Planner:
    """Lets the core decide. `secret` signs the payloads of buttons; `clock` gives epoch seconds."""

    store: Store
    lines: Mapping[str, Line]
    flows: Mapping[str, Flow]
    secret: bytes
    clock: Callable[[], float]

    async def apply(self, plan: Plan, case: Case, fact: Fact) -> None:
        """Apply a fact to a case of a line that is in the settings."""
        line = self.lines.get(case.line)
        if line is None:
            log.error("case %s belongs to line %s, which is not in the settings any more", case.id, case.line)
            return
        context = await self.context(line, case.key, case.callback.attempt if case.callback else "")
        await self.settle(plan, case, apply(case, fact, context), fact)

    async def settle(self, plan: Plan, before: Case | None, decision: Decision, fact: Fact) -> None:
        """Add a decision. A stop in it ends the customer's other cases too, of this brand and of those that follow."""
        case, commands = decision
        self.put(plan, before, case, commands)
        for consent in [command.consent for command in commands if isinstance(command, Record)]:
            others = [other for other in await self.store.cases_of(case.key) if other.id != case.id]
            await self.stop(plan, others, ConsentChanged(nonce=fact.id, consent=consent))

    async def stop(self, plan: Plan, cases: Iterable[Case], fact: ConsentChanged) -> None:
        """Apply a word about being contacted to those of a customer's cases that it ends."""
        for case in cases:
            if await self._ends(case, fact.consent):
                await self.apply(plan, case, fact)

    async def _ends(self, case: Case, consent: Consent) -> bool:
        line = self.lines.get(case.line)
        if line is None or consent.act is Act.GIVEN:
            return False
        return ruling((*await self.store.ledger.of(case.key), consent), line.brand).stopped

    async def context(self, line: Line, key: str, attempt: str = "") -> Context:
        """What a decision about a customer (`key`) of this line may look at."""
        word = await self.store.ledger.ruling(key, line.brand)
        return Context(
            line=line,
            flow=self.flows[line.flow],
            now=self.clock(),
            sign=lambda tap: payload.sign(self.secret, tap),
            read=self.tap,
            on_call=await self.store.live(key),
            ringing=await self.store.live(attempt),
            no_whatsapp=await self.store.no_whatsapp(key),
            stopped=word.stopped,
            agreed=word.agreed,
            taken=await booking.taken(self.store, line.name, self.clock()),
        )

    def tap(self, text: str) -> payload.Tap | None:
        """The tap behind a payload, None when it is none of ours."""
        return payload.read(self.secret, text)

    def put(self, plan: Plan, before: Case | None, after: Case, commands: tuple[Command, ...]) -> None:
        """Add a decision: the changed case and what is to be done."""
        if before == after and not commands:
            return
        after = after.model_copy(update={"version": (before.version if before else 0) + 1})
        plan.checks += booking.has_room(self.store.keys, self.lines[after.line], before, after)
        plan.writes += booking.booked(self.store.keys, before, after)
        plan.checks += case_checks(self.store.keys, before, after)
        plan.writes += case_writes(self.store.keys, after, before)
        plan.writes += [write for command in commands for write in command_writes(self.store, after, command)]
