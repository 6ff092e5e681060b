"""What callers chose who were offered WhatsApp or a call back: whose case it is, and that it counts once."""

from __future__ import annotations

from typing import Any

from ringback.call import Call, Verdict
from ringback.journal import Entry, Event
from ringback.line import Line, line_of
from ringback.offered import SETTLED, TAKEN, Offered
from ringback.offers import open_offered
from ringback.phone import Number
from ringbackd.keys import REMEMBER_S
from ringbackd.planning import Plan, Planner
from ringbackd.store import Op, Store


class Offering:
    """Plans what follows from an offer."""

    def __init__(self, planner: Planner) -> None:
        self.planner, self.store = planner, planner.store

    async def chosen(self, plan: Plan, fact: Offered) -> None:
        """He chose, or did not; only who took the offer gets a case."""
        line = self._line(fact)
        number = line.number(fact.number or fact.caller) if line else None
        customer = number.e164 if isinstance(number, Number) else ""
        plan.writes.append(self._note(fact, line, customer))
        if fact.choice not in SETTLED or line is None or not isinstance(number, Number):
            return
        plan.writes.append(took(self.store, fact.pbx, fact.linkedid, fact.choice))
        case = await self.store.active_case(line.name, number.key)
        if case:
            await self.planner.apply(plan, case, fact)
        elif fact.choice in TAKEN:
            await self._open(plan, fact, line, number)

    async def _open(self, plan: Plan, fact: Offered, line: Line, number: Number) -> None:
        context = await self.planner.context(line, number.key)
        await self.planner.settle(plan, None, open_offered(fact, number, context), fact)

    def _line(self, fact: Offered) -> Line | None:
        lines = self.planner.lines
        return lines.get(fact.line) or line_of(tuple(lines.values()), fact.did, (fact.queue,))

    def _note(self, fact: Offered, line: Line | None, customer: str) -> Op:
        data = fact.model_dump(mode="json", include={"linkedid", "choice", "key", "slot"})
        name = line.name if line else ""
        entry = Entry(
            at=fact.at, event=Event.OFFERED, line=name, customer=customer, data={**data, "typed": bool(fact.number)}
        )
        return self.store.note(entry)


def took(store: Store, pbx: str, linkedid: str, choice: str) -> Op:
    """The write that remembers what a caller chose in this call: it is no missed call any more."""
    return ("SET", store.keys.of("offered", pbx, linkedid), choice, "EX", str(REMEMBER_S))


def not_taken(store: Store, call: Call) -> Op:
    """The check that no offer was taken in this call: another desk may be about to say so."""
    return ("EXISTS", store.keys.of("offered", call.pbx, call.linkedid), "0")


async def choice_in(store: Store, call: Call) -> str:
    """What a caller chose in this call, "" for nothing that is known."""
    found: Any = await store.redis.get(store.keys.of("offered", call.pbx, call.linkedid))
    return found.decode() if found else ""


def deflected(call: Call, choice: str) -> Call:
    """The call of who made a choice. The PBX was not told of it where he hung up with the key still down, and no source
    of a gap knows."""
    return call.model_copy(update={"verdict": Verdict.DEFLECTED, "reason": choice}) if choice and call.missed else call
