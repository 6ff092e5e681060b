"""The promise to ring a customer, its attempts, and what follows from how an attempt ended."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from ringback.call import OWN_CALL_PREFIX, Call, Verdict
from ringback.line import CallbackPlan, Line


class Ended(StrEnum):
    """How an attempt ended."""

    TALKED = "talked"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NO_AGENT = "no_agent"
    """He picked up and hung up before an agent was there: a missed call of ours."""
    FAILED = "failed"
    DOUBT = "doubt"
    """Nothing was heard of it; it counts as tried and is never dialled again."""
    FORBIDDEN = "forbidden"
    """The guard lets nobody ring this number: a person has to look at it."""
    UNWANTED = "unwanted"
    """At the last look he was on a call, had opted out, or the case had moved on: not dialled, not counted."""


class Callback(BaseModel):
    """A promise to ring at `due` (epoch seconds). `tried` attempts are over; `attempt` is the one under way. `slot` is
    when the slot begins that was booked for it, 0 for none: who is rung at once needs none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    due: float
    slot: float = 0.0
    tried: int = 0
    attempt: str = ""


def attempt_id(case: str, number: int) -> str:
    """The ActionID and ChannelId of an attempt: known before the dial, so that its fate can always be found."""
    return f"{OWN_CALL_PREFIX}{case}-{number}"


def case_of(attempt: str) -> str:
    """The case an attempt belongs to, '' when the id is not one of ours."""
    case, _, number = attempt.removeprefix(OWN_CALL_PREFIX).rpartition("-")
    return case if attempt.startswith(OWN_CALL_PREFIX) and number.isdigit() else ""


_BY_VERDICT = {Verdict.ANSWERED: Ended.TALKED, Verdict.BUSY: Ended.BUSY, Verdict.NO_ANSWER: Ended.NO_ANSWER}


def ended(call: Call) -> Ended:
    """Read the verdict of a call of ours."""
    outcome = _BY_VERDICT.get(call.verdict, Ended.FAILED)
    return Ended.NO_AGENT if call.customer_up and outcome is not Ended.TALKED else outcome


def wait_before_next(outcome: Ended, plan: CallbackPlan) -> float:
    """Seconds until the next attempt."""
    minutes = {
        Ended.BUSY: plan.busy_min,
        Ended.NO_ANSWER: plan.no_answer_min,
        Ended.DOUBT: plan.no_answer_min,
        Ended.NO_AGENT: plan.no_agent_min,
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
