"""The attempts to ring a customer: when one begins, and what follows from how it ended.

`ringback.case` says in which states each of these may run.
"""

from __future__ import annotations

from ringback import survey
from ringback.call import Call
from ringback.callback import Callback, Ended, attempt_id, ended, wait_before_next
from ringback.command import Dial
from ringback.fact import CallEnded, NotDialled, Timer, TimerFired
from ringback.journal import Event
from ringback.moves import moved, to_person
from ringback.record import Outcome, State
from ringback.stops import stopped_in_call
from ringback.turn import Turn

LOOK_AGAIN_S = 30.0
"""How long a call back waits when the customer is on another call."""
UNWOKEN_S = 120.0
"""After so long a call back that waits for somebody to be free looks by itself, should nobody have woken it."""
CROSSING = frozenset({Ended.BUSY, Ended.NO_ANSWER, Ended.REJECTED})
"""Ends of an attempt that mean nothing while he is on another call with the business."""
SETTLED_MEANWHILE = frozenset({Outcome.SOLVED, Outcome.DECLINED})
"""Outcomes of a case that somebody closed while its attempt was under way, and that a talk in that attempt betters."""
DOUBT_AFTER_RING_S = 20.0
"""After ringing this long beyond its time without a word from the PBX, an attempt is in doubt."""


def due(turn: Turn, fact: TimerFired) -> None:
    """The moment of the promise has come: ring him, unless he is on a call or the line has closed meanwhile."""
    case, line, now = turn.case, turn.context.line, turn.context.now
    if case.callback and moved(fact, case.callback.due):
        return  # it was moved while this timer was on its way
    opens = line.next_open(now) or now + LOOK_AGAIN_S
    if turn.context.on_call or opens > now:
        until = max(opens, now + LOOK_AGAIN_S)
        turn.wake(Timer.DUE, until)
        if opens > now:
            _to_the_opening(turn, opens)
        turn.note(Event.POSTPONED, why="on a call" if turn.context.on_call else "closed", until=until)
        return
    attempt = attempt_id(case.id, case.dialled + 1)
    callback = (case.callback or Callback(due=now)).model_copy(update={"attempt": attempt})
    turn.change(state=State.RINGING, dialled=case.dialled + 1, callback=callback)
    turn.commands.append(Dial(attempt, case.id, case.line, case.dial, case.key))
    turn.wake(Timer.DOUBT, now + line.callback.ring_s + DOUBT_AFTER_RING_S)


def _to_the_opening(turn: Turn, opens: float) -> None:
    """The line has closed: from its opening on he waits anew, and what is late is counted from then."""
    if turn.case.callback:
        turn.change(callback=turn.case.callback.model_copy(update={"due": opens, "waits": 0.0}))
    turn.linger(opens)


def attempt_ended(turn: Turn, fact: CallEnded) -> None:
    """The call back is over. A late word of an older attempt counts only if they talked."""
    call = fact.call
    outcome = ended(call, turn.context.line.callback)
    under_way = turn.case.under_way == call.linkedid
    if under_way and outcome in CROSSING and turn.context.on_call:
        outcome = Ended.UNWANTED
    _note_end(turn, call.linkedid, outcome, call.reason, call.agent, call.talk)
    if turn.case.state is State.CLOSED:
        _talked_after_all(turn, call, outcome)
        return
    if under_way:
        _over(turn)
    if outcome is Ended.TALKED:
        turn.close(Outcome.CALLBACK, agent=call.agent, talk=call.talk, attempt=call.linkedid)
        if not survey.rated(turn, call):
            survey.ask(turn)
    elif outcome is Ended.NEVER:
        stopped_in_call(turn, call.linkedid, call.ended)
    elif under_way:
        _next_attempt(turn, outcome)


def _talked_after_all(turn: Turn, call: Call, outcome: Ended) -> None:
    """The case was closed while they talked in our call back, by the agent or by the customer's own word that it is
    settled: it was recovered by that call."""
    case = turn.case
    while_it_rang = case.callback and case.callback.attempt == call.linkedid
    if outcome is Ended.TALKED and while_it_rang and case.outcome in SETTLED_MEANWHILE:
        turn.change(outcome=Outcome.CALLBACK)
        turn.note(Event.CLOSED, outcome=Outcome.CALLBACK, agent=call.agent, talk=call.talk, attempt=call.linkedid)


def not_dialled(turn: Turn, fact: NotDialled) -> None:
    """The call back was never made."""
    if fact.outcome == "waits":
        _wait(turn, fact)
        return
    outcome = Ended(fact.outcome)
    _note_end(turn, fact.attempt, outcome, fact.why)
    if turn.case.under_way != fact.attempt:
        return
    _over(turn)
    if outcome is Ended.FORBIDDEN:
        _by_hand(turn, fact.why)
    else:
        _next_attempt(turn, outcome, fact.again)


def _by_hand(turn: Turn, why: str) -> None:
    """He is not rung any more: a person of the business sees to it."""
    turn.change(callback=None)
    to_person(turn, why)


def _over(turn: Turn) -> None:
    """The attempt has ended: nobody need call it off."""
    if turn.case.callback:
        turn.change(callback=turn.case.callback.model_copy(update={"attempt": ""}))


def _wait(turn: Turn, fact: NotDialled) -> None:
    """Nobody is free to talk to him: the promise stays, and that it waits is said once. Whoever gets free wakes it."""
    callback, now = turn.case.callback, turn.context.now
    if callback is None or turn.case.under_way != fact.attempt:
        return
    if not callback.waits:
        turn.note(Event.POSTPONED, why=fact.why, until=0.0)
    turn.change(state=State.PROMISED, callback=callback.model_copy(update={"waits": callback.waits or now}))
    turn.wake(Timer.DUE, now + UNWOKEN_S)
    _late(turn)


def _late(turn: Turn) -> None:
    """Tell him once that it takes longer than promised, while he may be written to in free words."""
    callback, late_s = turn.case.callback, turn.context.line.callback.late_min * 60
    if callback is None or callback.late or not late_s or turn.context.now - callback.due < late_s:
        return
    if turn.context.flow.late and turn.window_open:
        turn.say(turn.context.flow.late)
        turn.change(callback=callback.model_copy(update={"late": True}))


def _note_end(turn: Turn, attempt: str, outcome: Ended, why: str, agent: str = "", talk: float = 0.0) -> None:
    turn.note(Event.ATTEMPT_ENDED, attempt=attempt, outcome=outcome, why=why, agent=agent, talk=talk)


def doubt(turn: Turn, _: TimerFired) -> None:
    """An attempt should be over. If nothing is known of it, it counts as tried and is never dialled again."""
    if turn.context.ringing:
        turn.wake(Timer.DOUBT, turn.context.now + DOUBT_AFTER_RING_S)
        return
    _note_end(turn, turn.case.under_way, Ended.DOUBT, "no word from the PBX")
    _next_attempt(turn, Ended.DOUBT)


def _next_attempt(turn: Turn, outcome: Ended, not_before: float = 0.0) -> None:
    """Plan the next attempt, or tell him that we could not reach him."""
    if outcome is Ended.NO_NUMBER:
        _by_hand(turn, "nobody has his number any more")
        return
    case, line, now = turn.case, turn.context.line, turn.context.now
    before = case.callback or Callback(due=now)
    tried = before.tried + (outcome is not Ended.UNWANTED)
    if tried >= line.callback.attempts:
        _out_of_attempts(turn)
        return
    wait = LOOK_AGAIN_S if outcome is Ended.UNWANTED else wait_before_next(outcome, line.callback)
    wait = max(wait, not_before - now)
    at = line.next_open(now + wait) or now + wait
    turn.change(state=State.PROMISED, callback=Callback(due=at, tried=tried, slot=case.booked, late=before.late))
    turn.wake(Timer.DUE, at)
    if outcome is not Ended.UNWANTED or at > now + wait:
        turn.linger(at)  # what only waits for the PBX or for his line to be free does not wait for ever
    turn.note(Event.PROMISED, due=at, attempt=case.dialled + 1, asked=False)


def _out_of_attempts(turn: Turn) -> None:
    """Tell him that we tried, and ask when it suits him: by a template where his 24 hours are over."""
    flow, line, now = turn.context.flow, turn.context.line, turn.context.now
    closing = flow.lost if turn.window_open else flow.lost_template
    if not closing or turn.case.unwritable or turn.context.stopped:
        turn.close(Outcome.LOST, why="no attempt reached him")
        return
    turn.change(state=State.TALKING, callback=None)
    opens = line.messaging.next_open(now, line.timezone) or now
    turn.say(closing, until=opens + line.stale_h * 3600)
    turn.linger(opens)
