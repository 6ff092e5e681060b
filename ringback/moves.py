"""What each kind of fact does to a case. `ringback.case` says in which states each of these may run."""

from __future__ import annotations

from ringback import survey
from ringback.call import Direction
from ringback.callback import Callback, Ended, attempt_id, ended, reminder_at, wait_before_next
from ringback.command import ClearTimer, Dial, Reach, SetTimer
from ringback.fact import (
    Accepted,
    CallEnded,
    Delivery,
    NotDialled,
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
from ringback.stops import stopped_in_call, stopped_in_whatsapp
from ringback.turn import Turn

LOOK_AGAIN_S = 30.0
"""How long a call back waits when the customer is on another call."""
TIMER_GRAIN_S = 0.001
"""Timers are kept in milliseconds."""
UNDELIVERABLE = 131026
"""Meta's code for a number without WhatsApp, or with one that takes no messages of businesses."""
DOUBT_AFTER_RING_S = 20.0
"""After ringing this long beyond its time without a word from the PBX, an attempt is in doubt."""


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


def _moved(fact: TimerFired, until: float) -> bool:
    # The timer's own moment is compared, not our clock: whoever fired it may have another one, a little ahead.
    return fact.due < until - TIMER_GRAIN_S


def quiet_over(turn: Turn, fact: TimerFired) -> None:
    """He has been quiet: write to him, unless he is calling right now or it is too late to be useful."""
    line, now = turn.context.line, turn.context.now
    if _moved(fact, turn.case.last_miss + line.quiet_s):
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


def due(turn: Turn, fact: TimerFired) -> None:
    """The moment of the promise has come: ring him, unless he is on a call or the line has closed meanwhile."""
    case, line, now = turn.case, turn.context.line, turn.context.now
    if case.callback and _moved(fact, case.callback.due):
        return  # it was moved while this timer was on its way
    opens = line.next_open(now) or now + LOOK_AGAIN_S
    if turn.context.on_call or opens > now:
        until = max(opens, now + LOOK_AGAIN_S)
        turn.wake(Timer.DUE, until)
        if opens > now:
            turn.linger(opens)
        turn.note(Event.POSTPONED, why="on a call" if turn.context.on_call else "closed", until=until)
        return
    attempt = attempt_id(case.id, case.dialled + 1)
    callback = (case.callback or Callback(due=now)).model_copy(update={"attempt": attempt})
    turn.change(state=State.RINGING, dialled=case.dialled + 1, callback=callback)
    turn.commands.append(Dial(attempt, case.id, case.line, case.dial, case.key))
    turn.wake(Timer.DOUBT, now + line.callback.ring_s + DOUBT_AFTER_RING_S)
    turn.note(Event.DIALLED, attempt=attempt, number=case.dialled + 1)


def attempt_ended(turn: Turn, fact: CallEnded) -> None:
    """The call back is over. A late word of an older attempt counts only if they talked."""
    call = fact.call
    outcome = ended(call, turn.context.line.callback)
    _note_end(turn, call.linkedid, outcome, call.reason, call.agent, call.talk)
    if turn.case.state is State.CLOSED:
        return
    if outcome is Ended.TALKED:
        turn.close(Outcome.CALLBACK, agent=call.agent, talk=call.talk, attempt=call.linkedid)
        survey.ask(turn)
    elif outcome is Ended.NEVER:
        stopped_in_call(turn, call.linkedid, call.ended)
    elif _under_way(turn, call.linkedid):
        _next_attempt(turn, outcome)


def not_dialled(turn: Turn, fact: NotDialled) -> None:
    """The call back was never made."""
    outcome = Ended(fact.outcome)
    _note_end(turn, fact.attempt, outcome, fact.why)
    if not _under_way(turn, fact.attempt):
        return
    if outcome is Ended.FORBIDDEN:
        turn.change(callback=None)
        to_person(turn, fact.why)
    else:
        _next_attempt(turn, outcome, fact.again)


def _note_end(turn: Turn, attempt: str, outcome: Ended, why: str, agent: str = "", talk: float = 0.0) -> None:
    turn.note(Event.ATTEMPT_ENDED, attempt=attempt, outcome=outcome, why=why, agent=agent, talk=talk)


def _under_way(turn: Turn, attempt: str) -> bool:
    callback = turn.case.callback
    return turn.case.state is State.RINGING and callback is not None and callback.attempt == attempt


def doubt(turn: Turn, _: TimerFired) -> None:
    """An attempt should be over. If nothing is known of it, it counts as tried and is never dialled again."""
    if turn.context.ringing:
        turn.wake(Timer.DOUBT, turn.context.now + DOUBT_AFTER_RING_S)
        return
    attempt = turn.case.callback.attempt if turn.case.callback else ""
    _note_end(turn, attempt, Ended.DOUBT, "no word from the PBX")
    _next_attempt(turn, Ended.DOUBT)


def _next_attempt(turn: Turn, outcome: Ended, not_before: float = 0.0) -> None:
    """Plan the next attempt, or tell him that we could not reach him."""
    case, line, now = turn.case, turn.context.line, turn.context.now
    tried = (case.callback.tried if case.callback else 0) + (outcome is not Ended.UNWANTED)
    if tried >= line.callback.attempts:
        _out_of_attempts(turn)
        return
    wait = LOOK_AGAIN_S if outcome is Ended.UNWANTED else wait_before_next(outcome, line.callback)
    wait = max(wait, not_before - now)
    at = line.next_open(now + wait) or now + wait
    turn.change(state=State.PROMISED, callback=Callback(due=at, tried=tried, slot=case.booked))
    turn.wake(Timer.DUE, at)
    if outcome is not Ended.UNWANTED or at > now + wait:
        turn.linger(at)  # what only waits for the PBX or for his line to be free does not wait for ever
    turn.note(Event.PROMISED, due=at, attempt=case.dialled + 1, asked=False)


def _out_of_attempts(turn: Turn) -> None:
    if not turn.window_open:
        turn.close(Outcome.LOST, why="no attempt reached him")
        return
    turn.change(state=State.TALKING, callback=None)
    turn.say(turn.context.flow.lost)
    turn.linger(turn.context.now)


def expiry(turn: Turn, fact: TimerFired) -> None:
    """Nothing happened for too long."""
    if _moved(fact, turn.case.expires):
        return  # something did happen while this timer was on its way
    turn.close(Outcome.LOST if turn.case.dialled else Outcome.EXPIRED, why="no answer in time")
