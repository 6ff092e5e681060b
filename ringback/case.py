"""The one place that decides: which fact may do what to a case in which state, and where that may lead.

`apply` is pure. The diagram in docs/case.md is made from the table (`python -m ringback.diagram`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from ringback import answers, attempts, moves, offers, people, stops
from ringback.call import Call, Direction, Verdict
from ringback.command import Command
from ringback.consent import Act
from ringback.fact import (
    Accepted,
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
    Timer,
    TimerFired,
)
from ringback.journal import Event
from ringback.offered import Offered
from ringback.phone import Number
from ringback.policy import why_not_written_to
from ringback.record import Case, State, case_id
from ringback.turn import Context, Turn


class On(StrEnum):
    """What a fact means to a case."""

    MISSED = "missed again"
    REACHED = "talked to a person"
    ATTEMPT_ENDED = "attempt ended"
    NOT_DIALLED = "not dialled"
    QUIET = "quiet time over"
    DUE = "callback due"
    REMIND = "reminder due"
    DOUBT = "attempt in doubt"
    EXPIRY = "expired"
    ACCEPTED = "message accepted"
    REFUSED = "message refused"
    DELIVERY = "delivery status"
    SAID = "customer answered"
    NOTICED = "sign without words"
    MOVED = "number changed"
    PERSON = "person acted"
    ECHOED = "person wrote from his phone"
    OFFERED = "took an offer"
    STOPPED = "asked not to be contacted"


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do, and the states it may lead to."""

    move: Callable[[Turn, Fact], None]
    to: frozenset[State]


F = TypeVar("F")


def _rule(kind: type[F], move: Callable[[Turn, F], None], *to: State) -> Rule:
    def run(turn: Turn, fact: Fact) -> None:
        if isinstance(fact, kind):
            move(turn, fact)

    return Rule(run, frozenset(to))


W, C, T, P, R, H, X = State  # waiting, contacted, talking, promised, ringing, with a person, closed
ACTIVE = (W, C, T, P, R, H)

TABLE: dict[tuple[State, On], Rule] = {
    # the same in many states
    **{(state, On.MISSED): _rule(CallEnded, moves.missed_again, state) for state in ACTIVE},
    **{(state, On.REACHED): _rule(CallEnded, moves.reached, state, X) for state in ACTIVE},
    **{(state, On.ACCEPTED): _rule(Accepted, moves.accepted, state) for state in State},
    **{(state, On.REFUSED): _rule(Refused, moves.refused, state, X) for state in State},
    **{(state, On.DELIVERY): _rule(Delivery, moves.delivery, state, X) for state in State},
    **{(state, On.EXPIRY): _rule(TimerFired, moves.expiry, state, X) for state in ACTIVE},
    **{(state, On.SAID): _rule(Said, answers.answered, T, P, H, X) for state in (W, C, T)},
    **{(state, On.NOTICED): _rule(Noticed, moves.noticed, state) for state in ACTIVE},
    **{(state, On.MOVED): _rule(NumberChanged, moves.number_changed, state) for state in ACTIVE},
    **{(state, On.PERSON): _rule(PersonActed, people.person_acted, state, P, X) for state in (W, C, T, P, H)},
    **{(state, On.ECHOED): _rule(Echoed, people.wrote_himself, H) for state in (W, C, T, H)},
    **{(state, On.ECHOED): _rule(Echoed, people.wrote_himself, state) for state in (P, R)},
    **{(state, On.STOPPED): _rule(ConsentChanged, stops.stopped, X) for state in ACTIVE},
    **{(state, On.ATTEMPT_ENDED): _rule(CallEnded, attempts.attempt_ended, state, X) for state in State},
    **{(state, On.NOT_DIALLED): _rule(NotDialled, attempts.not_dialled, state) for state in State},
    **{(state, On.OFFERED): _rule(Offered, offers.took, state, P) for state in (C, T, R, H)},
    # and what each state adds
    (W, On.OFFERED): _rule(Offered, offers.took, W, C, P, H, X),
    (C, On.REFUSED): _rule(Refused, moves.refused, C, P, H, X),
    (C, On.DELIVERY): _rule(Delivery, moves.delivery, C, P, H, X),
    (W, On.QUIET): _rule(TimerFired, moves.quiet_over, W, C, P, H, X),
    (P, On.SAID): _rule(Said, answers.answered, P, X),
    (P, On.OFFERED): _rule(Offered, offers.took, P, X),
    (P, On.REMIND): _rule(TimerFired, moves.remind, P),
    (P, On.DUE): _rule(TimerFired, attempts.due, P, R),
    (R, On.SAID): _rule(Said, answers.answered, R, X),
    (R, On.PERSON): _rule(PersonActed, people.person_acted, R, X),
    (R, On.DOUBT): _rule(TimerFired, attempts.doubt, R, P, T, X),
    (R, On.ATTEMPT_ENDED): _rule(CallEnded, attempts.attempt_ended, R, P, T, H, X),
    (R, On.NOT_DIALLED): _rule(NotDialled, attempts.not_dialled, R, P, T, H, X),
    (H, On.SAID): _rule(Said, answers.answered, H, P, X),
    (X, On.SAID): _rule(Said, answers.answered, X),
}

_TIMERS = {
    Timer.QUIET: On.QUIET,
    Timer.DUE: On.DUE,
    Timer.DOUBT: On.DOUBT,
    Timer.EXPIRY: On.EXPIRY,
    Timer.REMIND: On.REMIND,
}
_KINDS: dict[type[Fact], On] = {
    Accepted: On.ACCEPTED,
    Refused: On.REFUSED,
    Delivery: On.DELIVERY,
    Said: On.SAID,
    Noticed: On.NOTICED,
    Echoed: On.ECHOED,
    NumberChanged: On.MOVED,
    NotDialled: On.NOT_DIALLED,
    PersonActed: On.PERSON,
    Offered: On.OFFERED,
}


def meaning(fact: Fact) -> On | None:
    """Read a fact as a case does; None for one that says nothing about a follow-up."""
    if isinstance(fact, TimerFired):
        return _TIMERS[fact.timer]
    if isinstance(fact, CallEnded):
        return _of_call(fact.call)
    if isinstance(fact, ConsentChanged):
        return On.STOPPED if fact.consent.act is Act.WITHDRAWN else None
    return _KINDS.get(type(fact))


def _of_call(call: Call) -> On | None:
    if call.direction is Direction.OURS:
        return On.ATTEMPT_ENDED
    if call.missed:
        return On.MISSED
    talked = call.verdict is Verdict.ANSWERED and call.direction in {Direction.INBOUND, Direction.OUTBOUND}
    return On.REACHED if talked else None


def apply(case: Case, fact: Fact, context: Context) -> tuple[Case, tuple[Command, ...]]:
    """Apply one fact to one case. What has no rule in this state changes nothing.

    Raises ForbiddenMoveError if a rule leads where the table does not allow it: a fault of ours, never of the fact.
    """
    on = meaning(fact)
    rule = TABLE.get((case.state, on)) if on else None
    if rule is None:
        return case, ()
    turn = Turn(case, context)
    rule.move(turn, fact)
    if turn.case.state not in rule.to:
        raise ForbiddenMoveError(f"{case.state} on '{on}' led to {turn.case.state}")
    return turn.case, tuple(turn.commands)


class ForbiddenMoveError(RuntimeError):
    """A rule led to a state that the table does not allow."""


def open_missed(fact: CallEnded, number: Number, context: Context) -> tuple[Case, tuple[Command, ...]]:
    """Begin the case of a missed call. Without a quiet time he is written to at once, unless he is calling again."""
    call, line = fact.call, context.line
    case = Case(
        id=case_id(fact.id),
        line=line.name,
        customer=number.e164,
        key=number.key,
        dial=number.dial,
        unwritable=why_not_written_to(number, context.no_whatsapp),
        name=call.caller_name,
        verdict=call.verdict,
        state=State.WAITING,
        misses=1,
        opened=context.now,
        last_miss=call.ended,
        on_hold=call.wait,
    )
    turn = Turn(case, context)
    told = {"verdict": call.verdict, "linkedid": call.linkedid, "source": call.source}
    turn.note(Event.OPENED, origin=case.origin, missed_at=call.ended, **told)
    if line.quiet_s == 0 and not context.on_call:
        moves.contact(turn)
    else:
        turn.wake(Timer.QUIET, call.ended + max(line.quiet_s, 1.0 if context.on_call else 0.0))
    return turn.case, tuple(turn.commands)


def open_message(fact: Said, number: Number, context: Context) -> tuple[Case, tuple[Command, ...]]:
    """Begin a case for somebody who writes to us without one: a person of the business gets it."""
    case = Case(
        id=case_id(fact.id),
        line=context.line.name,
        customer=number.e164,
        key=number.key,
        dial=number.dial,
        origin="message",
        state=State.TALKING,
        opened=context.now,
        last_miss=fact.at,
    )
    turn = Turn(case, context)
    turn.note(Event.OPENED, origin=case.origin, verdict="", missed_at=0.0, linkedid="", source="")
    answers.answered(turn, fact)
    return turn.case, tuple(turn.commands)
