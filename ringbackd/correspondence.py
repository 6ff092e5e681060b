"""What customers send over WhatsApp: whose it is, which case it answers, and what it changes."""

from __future__ import annotations

import logging

from ringback.case import open_message
from ringback.fact import Echoed, Noticed, NumberChanged, Said
from ringback.line import Line
from ringback.phone import Number, match_key, whatsapp_number
from ringback.record import Case, Outcome
from ringbackd.planning import Plan, Planner

log = logging.getLogger("ringback.desk")
REOPENS = frozenset({Outcome.EXPIRED, Outcome.LOST, Outcome.OPTED_OUT})
"""Whoever taps after one of these was never reached, or comes back: his tap begins a new case."""


class Correspondence:
    """Plans the facts that come from customers' phones, and from the business's own."""

    def __init__(self, planner: Planner) -> None:
        self.planner, self.store = planner, planner.store
        self._first_line = next(iter(planner.lines.values()))

    async def take(self, plan: Plan, fact: Said | Noticed | Echoed | NumberChanged) -> None:
        """Plan one of them."""
        match fact:
            case Said():
                await self.said(plan, fact)
            case Noticed():
                await self.noticed(plan, fact)
            case Echoed():
                await self.echoed(plan, fact)
            case NumberChanged():
                await self.moved(plan, fact)

    async def said(self, plan: Plan, fact: Said) -> None:
        """He wrote or tapped: find the case he answers, or begin one."""
        mine = await self._open_cases(fact.wa_id, fact.user_id)
        case = await self._answered(fact, mine)
        if case and case.outcome in REOPENS and case.line in self.planner.lines:
            again = next((other for other in mine if other.line == case.line), None)
            if again is None:
                await self._begin(plan, fact, Number(case.customer, case.dial), self.planner.lines[case.line])
                return
            case = again
        if case is None:
            await self._stranger(plan, fact)
            return
        plan.writes += self.store.waid(fact.wa_id, fact.user_id, case.key)
        await self.planner.apply(plan, case, fact)

    async def _answered(self, fact: Said, mine: list[Case]) -> Case | None:
        """The message he answers tells, then our own payload, then who he is; only a tap answers a closed case."""
        for name in (await self.store.case_of(fact.context), self._tapped(fact)):
            case = await self.store.case(name) if name else None
            if case and (case.active or self.planner.tap(fact.payload)):
                return case
        return next(iter(mine), None)

    def _tapped(self, fact: Said) -> str:
        tap = self.planner.tap(fact.payload)
        return tap.case if tap else ""

    async def _key(self, wa_id: str, user_id: str) -> str:
        return await self.store.key_of(wa_id, user_id) or match_key(wa_id or user_id)

    async def _open_cases(self, wa_id: str, user_id: str) -> list[Case]:
        """His open cases, the newest first: by the ids that his messages went to, else by his number."""
        key = await self._key(wa_id, user_id)
        return [case for case in await self.store.cases_of(key) if case.line in self.planner.lines]

    async def _begin(self, plan: Plan, fact: Said, number: Number, line: Line) -> None:
        context = await self.planner.context(line, number.key)
        await self.planner.settle(plan, None, open_message(fact, number, context), fact)
        plan.writes += self.store.waid(fact.wa_id, fact.user_id, number.key)

    async def _stranger(self, plan: Plan, fact: Said) -> None:
        """Somebody without an open case. One who hides his number can be written to, but not rung."""
        number = whatsapp_number(fact.wa_id, self._first_line.region)
        if not isinstance(number, Number) and fact.user_id:
            number = Number(e164=fact.user_id, dial="")
        if isinstance(number, Number):
            await self._begin(plan, fact, number, self._first_line)
        else:
            log.warning("message %s of %s: no number to begin a case with", fact.wamid, fact.wa_id or fact.user_id)

    async def noticed(self, plan: Plan, fact: Noticed) -> None:
        """A sign without words belongs to his newest case, if he has one."""
        for case in (await self._open_cases(fact.wa_id, fact.user_id))[:1]:
            await self.planner.apply(plan, case, fact)

    async def echoed(self, plan: Plan, fact: Echoed) -> None:
        """A person wrote to him: in all his cases, of whichever line, nothing else is said for now."""
        for case in await self._open_cases(fact.wa_id, fact.user_id):
            await self.planner.apply(plan, case, fact)

    async def moved(self, plan: Plan, fact: NumberChanged) -> None:
        """He has another number: his cases, what is remembered of him, and every index go with him."""
        old = await self._key(fact.old_wa_id, fact.old_user_id)
        new = match_key(fact.wa_id) or (fact.user_id if match_key(fact.user_id) and old == fact.old_user_id else old)
        for case in await self.store.cases_of(old):
            taken = new != old and await self.store.active_case(case.line, new)
            if taken:
                log.warning("case %s stays at the old number: the new one has case %s already", case.id, taken.id)
            else:
                await self.planner.apply(plan, case, fact)
        plan.writes += self.store.waid(fact.old_wa_id, fact.old_user_id, new)
        plan.writes += self.store.waid(fact.wa_id, fact.user_id, new)
        plan.writes += await self.store.inherited(old, new, self.planner.lines) if new != old else []
