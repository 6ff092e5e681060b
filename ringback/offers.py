"""What follows when a caller who waits is offered WhatsApp or a call back, and chooses."""

from __future__ import annotations

from ringback.command import Command
from ringback.consent import Act, Consent, Way
from ringback.fact import Timer
from ringback.journal import Event
from ringback.moves import contact, promise, to_person
from ringback.offered import Choice, Offered
from ringback.phone import Number
from ringback.policy import why_not_written_to
from ringback.record import Case, Outcome, State, case_id
from ringback.turn import Context, Turn

LATE = "he asked for WhatsApp in a call, and Ringback heard of it too late"


def open_offered(fact: Offered, number: Number, context: Context) -> tuple[Case, tuple[Command, ...]]:
    """Begin a case for a caller who took the offer: he is written to or promised a call at once."""
    case = Case(
        id=case_id(fact.id),
        line=context.line.name,
        customer=number.e164,
        key=number.key,
        dial=number.dial,
        unwritable=why_not_written_to(number, context.no_whatsapp),
        origin="offer",
        state=State.WAITING,
        opened=context.now,
        last_miss=fact.at,
    )
    turn = Turn(case, context)
    turn.note(Event.OPENED, origin=case.origin, verdict="", missed_at=0.0, linkedid=fact.linkedid, source="")
    took(turn, fact)
    return turn.case, tuple(turn.commands)


def took(turn: Turn, fact: Offered) -> None:
    """He took the offer. What he chose now counts, whatever was going on in his case."""
    if turn.case.state is State.RINGING:
        return  # our call back is under way already
    if fact.choice is Choice.CANCELLED:
        _call_off(turn)
        return
    if fact.choice is Choice.WHATSAPP or turn.context.stopped:
        turn.record(_consent(turn, fact))  # who asked us to stop, and now asks for a call, is to be called
    if fact.choice is Choice.CALLBACK:
        promise(turn, max(fact.slot, turn.context.now))
        return
    if turn.case.state is State.WAITING:
        _write(turn, fact)


def _call_off(turn: Turn) -> None:
    """He said so on the telephone, and heard there that it is done."""
    if turn.case.state is State.PROMISED:
        turn.close(Outcome.DECLINED, how="call")


def _write(turn: Turn, fact: Offered) -> None:
    """He waits for our message: no quiet time. What comes too late for that is a person's affair."""
    line, now = turn.context.line, turn.context.now
    opens = line.messaging.next_open(now, line.timezone)
    turn.change(last_miss=max(turn.case.last_miss, fact.at))
    if now > fact.at + line.stale_h * 3600:
        to_person(turn, LATE)
    elif opens is None or opens <= now:
        contact(turn)
    else:
        turn.linger(opens)
        turn.wake(Timer.QUIET, max(opens, turn.case.last_miss + line.quiet_s))


def _consent(turn: Turn, fact: Offered) -> Consent:
    """The key he pressed is his consent: which call, when, and what he had been told."""
    return Consent(
        at=fact.at,
        brand=turn.context.line.brand,
        act=Act.GIVEN,
        way=Way.IVR,
        proof=f"{fact.pbx} {fact.linkedid} key {fact.key}"[:256],
        text=fact.text[:1000],
        customer=turn.case.customer,
    )
