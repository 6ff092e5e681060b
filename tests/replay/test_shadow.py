"""What would have been done about calls, on a clock of their own."""

from typing import Any

from ami_listener.tracker import CallStarted
from ringback.call import Call, Direction, Verdict
from ringbackd.decision import Action, Decision
from ringbackd.shadow import Shadow
from tests.core.worlds import FLOW, NOON, call, line


def shadow(**changes: Any) -> Shadow:
    return Shadow((line(**changes),), {"general": FLOW})


def told(shadow: Shadow, *calls: Call) -> list[Decision]:
    for one in calls:
        shadow.ended(one)
    shadow.finish()
    return list(shadow.decided())


def answered(at: float, **changes: Any) -> Call:
    return call(Verdict.ANSWERED, at, talk=20.0, agent="101", **changes)


def test_who_stays_quiet_is_written_to_when_the_quiet_time_is_over() -> None:
    (decision,) = told(shadow(), call(at=NOON))
    assert (decision.action, decision.at, decision.to) == (Action.SEND, NOON + 20, "+51987654321")
    assert decision.template == "ringback_missed_call (es)"


def test_who_calls_again_joins_his_case_and_is_written_to_once() -> None:
    first, second = told(shadow(), call(at=NOON), call(at=NOON + 15))
    assert (first.action, second.action) == (Action.SEND, Action.JOIN)
    assert first.case == second.case
    assert first.at == NOON + 35


def test_who_comes_back_and_is_answered_is_not_written_to() -> None:
    missed, came_back = told(shadow(), call(at=NOON), answered(NOON + 10))
    assert (missed.action, missed.why) == (Action.CANCEL, "called again and talked to a person")
    assert (came_back.action, came_back.case) == (Action.CLOSE, missed.case)


def test_who_is_rung_by_an_agent_is_not_written_to() -> None:
    outbound = answered(NOON + 10, direction=Direction.OUTBOUND, caller="101", dialled="987654321")
    missed, _ = told(shadow(), call(at=NOON), outbound)
    assert (missed.action, missed.why) == (Action.CANCEL, "was called and talked to a person")


def test_who_is_answered_after_the_message_closes_the_case() -> None:
    missed, came_back = told(shadow(), call(at=NOON), answered(NOON + 300))
    assert (missed.action, came_back.action, came_back.case) == (Action.SEND, Action.CLOSE, missed.case)


def test_nobody_is_written_to_while_he_is_on_the_phone() -> None:
    rehearsal = shadow()
    rehearsal.ended(call(at=NOON))
    rehearsal.started(CallStarted("pbx", "next", "987654321", "5550100", Direction.INBOUND, NOON + 5))
    missed, again = told(rehearsal, call(Verdict.NO_ANSWER, NOON + 90, linkedid="next"))
    assert (missed.action, again.action) == (Action.SEND, Action.JOIN)
    assert missed.at == NOON + 110


def test_of_who_is_on_the_phone_at_the_end_nothing_is_said() -> None:
    rehearsal = shadow()
    rehearsal.ended(call(at=NOON))
    rehearsal.started(CallStarted("pbx", "next", "987654321", "5550100", Direction.INBOUND, NOON + 5))
    assert list(rehearsal.decided()) == []
    rehearsal.finish()
    assert [one.action for one in rehearsal.decided()] == [Action.WAIT]


def test_of_another_recording_nobody_is_on_the_phone_any_more() -> None:
    rehearsal = shadow()
    rehearsal.ended(call(at=NOON))
    rehearsal.started(CallStarted("pbx", "next", "987654321", "5550100", Direction.INBOUND, NOON + 5))
    rehearsal.resumed()
    rehearsal.finish()
    assert [one.action for one in rehearsal.decided()] == [Action.SEND]


def test_a_miss_that_is_told_late_is_of_no_concern_once_he_was_answered() -> None:
    _, late = told(shadow(), answered(NOON + 10), call(at=NOON))
    assert (late.action, late.why) == (Action.SUPPRESS, "talked to a person since")


def test_what_is_suppressed_has_its_reason() -> None:
    reasons = [
        one.why
        for one in told(
            shadow(),
            call(at=NOON, caller="anonymous"),
            call(Verdict.SHORT, NOON + 1),
            call(at=NOON + 2, did="999", queue="", queues=()),
            call(at=NOON + 3, caller="987654399"),
        )
    ]
    assert reasons == [
        "no number to write to: anonymous",
        "short: hung up within seconds",
        "no line has the number '999' or its queue",
        "",
    ]


def test_a_day_later_the_case_has_expired_and_the_gap_is_over() -> None:
    later = NOON + 24 * 3600 + 60
    actions = [one.action for one in told(shadow(), call(at=NOON), call(at=NOON + 3600), call(at=later))]
    assert actions == [Action.SEND, Action.JOIN, Action.SEND]


def test_calls_of_the_house_lead_to_nothing() -> None:
    inside = call(Verdict.NO_ANSWER, direction=Direction.INTERNAL)
    assert [one.action for one in told(shadow(), inside)] == [Action.NOTHING]
