"""The promise to ring a customer, its attempts, and what follows from how an attempt ended."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from ringback.call import DECLINED, NOBODYS, OWN_CALL_PREFIX, Call, SaidThere, Source, Verdict
from ringback.line import CallbackPlan, Line


class Ended(StrEnum):
    """How an attempt ended."""

    TALKED = "talked"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    """He refused the call while his telephone rang."""
    NO_AGENT = "no_agent"
    """He picked up and hung up before an agent was there: a missed call of ours."""
    CUT = "cut"
    """They talked for less than counts as a conversation."""
    NO_KEY = "no_key"
    """Who picked up pressed nothing, or hung up before: a machine, or a wrong person."""
    MACHINE = "machine"
    """An answering machine, as AMD() found."""
    NEVER = "never"
    """He pressed the key that says: never again."""
    AGENT_AWAY = "agent_away"
    """Agent first: no agent picked up and pressed 1, so the customer was not rung."""
    NO_NUMBER = "no_number"
    """Nobody has this number any more: it is never rung again by itself."""
    FAILED = "failed"
    DOUBT = "doubt"
    """Nothing was heard of it; it counts as tried and is never dialled again."""
    FORBIDDEN = "forbidden"
    """The guard lets nobody ring this number: a person has to look at it."""
    UNWANTED = "unwanted"
    """At the last look he was on a call, had opted out, or the case had moved on: not dialled, not counted."""


class Callback(BaseModel):
    """A promise to ring at `due` (epoch seconds). `tried` attempts are over; `attempt` is the one under way. `slot` is
    when the slot begins that was booked for it, 0 for none: who is rung at once needs none. `waits`: since when it only
    waits for somebody to be free to talk, 0 if it does not. `late`: whether he was told that it takes longer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    due: float
    slot: float = 0.0
    tried: int = 0
    attempt: str = ""
    waits: float = 0.0
    late: bool = False


def attempt_id(case: str, number: int) -> str:
    """The ActionID and ChannelId of an attempt: known before the dial, so that its fate can always be found."""
    return f"{OWN_CALL_PREFIX}{case}-{number}"


def case_of(attempt: str) -> str:
    """The case an attempt belongs to, '' when the id is not one of ours."""
    case, _, number = attempt.removeprefix(OWN_CALL_PREFIX).rpartition("-")
    return case if attempt.startswith(OWN_CALL_PREFIX) and number.isdigit() else ""


_BY_VERDICT = {Verdict.ANSWERED: Ended.TALKED, Verdict.BUSY: Ended.BUSY, Verdict.NO_ANSWER: Ended.NO_ANSWER}


_BY_CAUSE = {Ended.FAILED: (NOBODYS, Ended.NO_NUMBER), Ended.NO_ANSWER: (DECLINED, Ended.REJECTED)}
"""What the network's cause says more of an end, and what it then is."""

_BY_WORD = {
    SaidThere.NO_KEY: Ended.NO_KEY,
    SaidThere.MACHINE: Ended.MACHINE,
    SaidThere.NEVER: Ended.NEVER,
    SaidThere.AGENT: Ended.AGENT_AWAY,
    SaidThere.AGENT_NO_KEY: Ended.AGENT_AWAY,
}


def _heard(call: Call) -> Ended:
    outcome = _BY_VERDICT.get(call.verdict, Ended.FAILED)
    cause, closer = _BY_CAUSE.get(outcome, ("", outcome))
    return closer if cause in call.reason.split() else outcome


def ended(call: Call, plan: CallbackPlan) -> Ended:
    """Read what became of a call of ours: what was heard of it first, then what our dialplan said."""
    outcome = _heard(call)
    if outcome is Ended.TALKED:
        return outcome if call.talk >= plan.recovered_s else Ended.CUT
    if plan.first == "agent":
        told = call.said is SaidThere.RUNG or call.source is not Source.LIVE
        return outcome if told else Ended.AGENT_AWAY
    if call.said in _BY_WORD:
        return _BY_WORD[call.said]
    if not call.customer_up:
        return outcome
    asked = call.said is SaidThere.KEY or call.queues or not plan.press_1
    return Ended.NO_AGENT if asked else Ended.NO_KEY


def wait_before_next(outcome: Ended, plan: CallbackPlan) -> float:
    """Seconds until the next attempt."""
    minutes = {
        Ended.BUSY: plan.busy_min,
        Ended.NO_ANSWER: plan.no_answer_min,
        Ended.REJECTED: plan.rejected_min,
        Ended.DOUBT: plan.no_answer_min,
        Ended.NO_AGENT: plan.no_agent_min,
        Ended.CUT: plan.no_agent_min,
        Ended.AGENT_AWAY: plan.no_agent_min,
        Ended.NO_KEY: plan.machine_min,
        Ended.MACHINE: plan.machine_min,
    }
    return 60 * minutes.get(outcome, plan.failed_min)


def reminder_at(line: Line, due: float, now: float) -> float:
    """When a customer is reminded of what is promised now for `due` (epoch seconds); 0 for never, because it is near or
    nobody may be written to then."""
    plan = line.callback
    at = due - plan.remind_min * 60
    if not plan.remind_min or at <= now or due - now <= plan.remind_after_h * 3600:
        return 0.0
    return at if line.messaging.next_open(at, line.timezone) == at else 0.0
