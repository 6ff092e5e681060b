"""What a person of the business does to a case."""

from __future__ import annotations

from ringback import survey
from ringback.command import ClearTimer
from ringback.fact import Echoed, PersonActed, Timer
from ringback.journal import Event
from ringback.moves import promise
from ringback.record import CALLED, Case, Outcome, State
from ringback.slots import free_from
from ringback.turn import Turn, plain

PHONE_APP = "the phone app"
"""Who wrote, where WhatsApp tells no more than that it was somebody with the business's phone."""


def person_acted(turn: Turn, fact: PersonActed) -> None:
    """A person wrote to the customer, says that the matter is solved, or sees to his call back."""
    match fact.act:
        case "reply":
            turn.note(Event.PERSON_REPLIED, who=fact.who)
            turn.send(plain(fact.text), "person")
            turn.change(handed_over=True)
        case "solve":
            turn.close(Outcome.SOLVED, how="person", agent=fact.who)
            survey.ask(turn)
        case "call" | "cancel":
            _planned(turn, fact)


def wrote_himself(turn: Turn, fact: Echoed) -> None:
    """A person wrote from his own phone: the case is his, and what we had to say and have not said yet is not said.
    A promised call stays promised."""
    turn.note(Event.PERSON_REPLIED, who=PHONE_APP)
    turn.withdraw()
    turn.case = turn.case.heard(fact.at, "person", fact.text)
    turn.change(handed_over=True)
    if turn.case.state not in CALLED:
        turn.change(state=State.WITH_PERSON)
        turn.commands.append(ClearTimer(Timer.QUIET))
    turn.linger(turn.context.now)


def _planned(turn: Turn, fact: PersonActed) -> None:
    refused = why_not_planned(turn.case, fact.act) or _why_not_then(turn, fact)
    turn.note(Event.PERSON_PLANNED, who=fact.who, act=fact.act, due=fact.due, refused=refused)
    if refused:
        return
    if fact.act == "call":
        promise(turn, max(fact.due, turn.context.now))
        turn.say(turn.context.flow.booked)
    else:
        turn.close(Outcome.DECLINED, how="person", agent=fact.who)
        turn.say(turn.context.flow.called_off)


def _why_not_then(turn: Turn, fact: PersonActed) -> str:
    """A time that nobody has for him is not promised; as soon as possible always is."""
    asked = fact.act == "call" and fact.due > turn.context.now
    full = asked and free_from(turn.context.line, turn.taken, fact.due) is None
    return "all slots from then on are full" if full else ""


def why_not_planned(case: Case, act: str) -> str:
    """Why nothing can be done about the call back of a case, '' if it can."""
    reasons = (
        (not case.active, f"it is closed ({case.outcome})"),
        (
            act == "call" and case.state is State.RINGING,
            "he is being rung at this moment; look again when the attempt is over",
        ),
        (act == "cancel" and case.state not in CALLED, "no call back is promised"),
        (act == "call" and not case.dial, "he hides his number, so nobody can ring him"),
    )
    return next((why for holds, why in reasons if holds), "")
