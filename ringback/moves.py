"""What each kind of fact does to a case. `ringback.case` says in which states each of these may run."""

from __future__ import annotations

from ringback import survey
from ringback.call import Direction
from ringback.callback import Callback, reminder_at
from ringback.command import ClearTimer, Reach, SetTimer
from ringback.fact import (
    Accepted,
    CallEnded,
    Delivery,
    Noticed,
    NumberChanged,
    Refused,
    Timer,
    TimerFired,
)
from ringback.journal import Event
from ringback.line import WithoutWhatsApp
from ringback.phone import Number, whatsapp_number
from ringback.policy import NO_WHATSAPP
from ringback.receipt import counts
from ringback.record import Outcome, State
from ringback.slots import free_from
from ringback.stops import stopped_in_whatsapp
from ringback.turn import Turn

TIMER_GRAIN_S = 0.001
"""Timers are kept in milliseconds."""
UNDELIVERABLE = 131026
"""Meta's code for a number without WhatsApp, or with one that takes no messages of businesses."""


def missed_again(turn: Turn, fact: CallEnded) -> None:
    """He called again and nobody answered: it joins the case."""
    call, case = fact.call, turn.case
    turn.change(misses=case.misses + 1, last_miss=max(case.last_miss, call.ended), on_hold=case.on_hold + call.wait)
    turn.note(
        Event.MISSED_AGAIN, misses=turn.case.misses, verdict=call.verdict, linkedid=call.linkedid, source=call.source
    )
    if case.state is State.WAITING:
        # never a moment that is over: the timer of that moment may have been used up
        turn.wake(Timer.QUIET, max(turn.context.now, turn.case.last_miss + turn.context.line.quiet_s))


def moved(fact: TimerFired, until: float) -> bool:
    """Whether what a timer was set for was put off until later while it was on its way."""
    # The timer's own moment is compared, not our clock: whoever fired it may have another one, a little ahead.
    return fact.due < until - TIMER_GRAIN_S


def quiet_over(turn: Turn, fact: TimerFired) -> None:
    """He has been quiet: write to him, unless he is calling right now or it is too late to be useful."""
    line, now = turn.context.line, turn.context.now
    if moved(fact, turn.case.last_miss + line.quiet_s):
        return  # he called again while this timer was on its way; a later one is set
    if turn.context.on_call:
        turn.wake(Timer.QUIET, now + max(line.quiet_s, 1.0))
        turn.note(Event.POSTPONED, why="on a call", until=now + max(line.quiet_s, 1.0))
        return
    opens = line.messaging.next_open(now, line.timezone) or turn.case.expires
    if opens > now:  # whoever called at night is written to in the morning
        turn.linger(opens)
        turn.wake(Timer.QUIET, opens)
        turn.note(Event.POSTPONED, why="outside messaging hours", until=opens)
    elif now > turn.useful_until:
        turn.close(Outcome.EXPIRED, why="too late to be useful")
    else:
        contact(turn)


def contact(turn: Turn) -> None:
    """Write to him for the first time, or help him without WhatsApp where it does not reach him."""
    if turn.case.unwritable:
        _by_phone(turn)
        return
    turn.change(state=State.CONTACTED)
    turn.say(turn.context.flow.first)
    turn.linger(turn.context.now)


def _by_phone(turn: Turn) -> None:
    if turn.context.line.without_whatsapp is WithoutWhatsApp.RING:
        promise(turn, turn.context.now, asked=False)
        return
    to_person(turn, turn.case.unwritable)


def to_person(turn: Turn, why: str) -> None:
    """A person of the business gets the case, with the reason."""
    case = turn.case
    turn.note(Event.HANDED_OVER, text=why, intent=case.intent, urgency=case.urgency, misses=case.misses)
    turn.change(state=State.WITH_PERSON, handed_over=True)
    turn.linger(turn.context.now)


def reached(turn: Turn, fact: CallEnded) -> None:
    """He talked to a person after his missed call, without our call back: everything pending for him is cancelled."""
    if fact.call.ended < turn.case.last_miss:
        return
    outcome = Outcome.RETURNED if fact.call.direction is Direction.INBOUND else Outcome.MANUAL
    turn.close(outcome, agent=fact.call.agent, talk=fact.call.talk, at=fact.call.ended)
    if not survey.rated(turn, fact.call):
        survey.ask(turn, fact.call)


def accepted(turn: Turn, fact: Accepted) -> None:
    """The Cloud API took a message."""
    case = turn.case
    turn.change(
        pending=tuple(message for message in case.pending if message != fact.message),
        wa_id=fact.wa_id or case.wa_id,
        user_id=fact.user_id or case.user_id,
    )
    turn.note(Event.ACCEPTED, message=fact.message, wamid=fact.wamid, accepted_at=fact.at)


def refused(turn: Turn, fact: Refused) -> None:
    """A message will not reach him; the case ends if it was the first."""
    turn.note(Event.REFUSED, message=fact.message, scope=fact.scope, code=fact.code, why=fact.why)
    stopped_in_whatsapp(turn, fact.code, fact.at)
    turn.change(pending=tuple(message for message in turn.case.pending if message != fact.message))
    _unreachable(turn, fact.code, fact.why)


def delivery(turn: Turn, fact: Delivery) -> None:
    """WhatsApp tells how far a message came."""
    late = not counts(fact.status, turn.case.ticks.get(fact.message, ""))
    price = {"category": fact.category} | ({} if fact.billable is None else {"billable": fact.billable})
    news = {"status": fact.status, "code": fact.code, "why": fact.why, "told_at": fact.at, "late": late}
    turn.note(Event.DELIVERY, message=fact.message, **news, **price)
    stopped_in_whatsapp(turn, fact.code, fact.at)
    if late:
        return
    turn.change(ticks={**turn.case.ticks, fact.message: fact.status})
    if fact.status == "failed":
        _unreachable(turn, fact.code, fact.why)


def _unreachable(turn: Turn, code: int, why: str) -> None:
    """Whom WhatsApp does not know is helped without it, now and the next times; else his case ends."""
    without = code == UNDELIVERABLE and not turn.case.asked
    if without:
        turn.commands.append(Reach(turn.case.key, whatsapp=False))
    if turn.case.state is not State.CONTACTED:
        return
    if without and turn.context.line.without_whatsapp is not WithoutWhatsApp.NOTHING:
        turn.change(unwritable=NO_WHATSAPP)
        _by_phone(turn)
    else:
        turn.close(Outcome.UNREACHABLE, why=why)


def noticed(turn: Turn, fact: Noticed) -> None:
    """He reacted, took a message back...: for the person who reads the case."""
    turn.note(Event.NOTICED, what=fact.what, text=fact.text)


def number_changed(turn: Turn, fact: NumberChanged) -> None:
    """The case goes with him to his new number. What waits for the old one is said again to the new one."""
    case = turn.case
    number = whatsapp_number(fact.wa_id, turn.context.line.region)
    if isinstance(number, Number) and number.key != case.key:
        turn.change(customer=number.e164, key=number.key, dial=number.e164)
    elif fact.user_id and not case.dial:
        turn.change(customer=fact.user_id, key=fact.user_id)
    turn.change(wa_id=fact.wa_id or case.wa_id, user_id=fact.user_id or case.user_id)
    turn.note(Event.NUMBER_CHANGED, old=case.customer, new=turn.case.customer)
    if case.pending and turn.case.key != case.key:
        turn.withdraw()
        turn.say(case.step)


def promise(turn: Turn, at: float, asked: bool = True) -> None:
    """Promise to ring him now, or in the first slot with room from `at` or the line's opening on.

    `asked`: whether he wants it. Where everything ahead is promised he is rung when the line opens, like who is rung
    now: nobody is left out."""
    line, case, now = turn.context.line, turn.case, turn.context.now
    slot = free_from(line, turn.taken, opens) if (opens := line.next_open(at) or at) > now else None
    due = slot.begins if slot else opens
    turn.change(state=State.PROMISED, callback=Callback(due=due, slot=slot.begins if slot else 0.0))
    turn.wake(Timer.DUE, due)
    remind = reminder_at(line, due, now) if asked and turn.context.flow.reminder and not case.unwritable else 0.0
    turn.commands.append(SetTimer(Timer.REMIND, remind) if remind else ClearTimer(Timer.REMIND))
    turn.linger(due)
    turn.note(Event.PROMISED, due=due, slot=slot.begins if slot else 0.0, attempt=case.dialled + 1, asked=asked)


def remind(turn: Turn, fact: TimerFired) -> None:
    """Remind him of his slot, unless it was moved while the timer was on its way."""
    callback, before = turn.case.callback, turn.context.line.callback.remind_min * 60
    if callback and abs(callback.due - before - fact.due) < TIMER_GRAIN_S:
        turn.say(turn.context.flow.reminder, until=callback.due)


def expiry(turn: Turn, fact: TimerFired) -> None:
    """Nothing happened for too long."""
    if moved(fact, turn.case.expires):
        return  # something did happen while this timer was on its way
    turn.close(Outcome.LOST if turn.case.dialled else Outcome.EXPIRED, why="no answer in time")
