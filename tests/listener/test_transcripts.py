"""Calls placed on a real Asterisk 22: the raw bytes of its AMI, and what a person listening would say of each."""

import pytest

from ami_listener.cel import Tail
from ami_listener.settings import PbxSettings
from ami_listener.tracker import CallStarted, Tracker
from ringback.call import Direction, Verdict
from tests.listener.listenerkit import SETTINGS, TRANSCRIPTS, calls, only, run, transcript

LEAN = PbxSettings.model_validate({"name": "lima", "secret": "x", "short_s": 0})

TRUTH = {
    "queue_abandoned": (Verdict.ABANDONED_QUEUE, "987654301", "5550100", "ventas", ""),
    "queue_short": (Verdict.SHORT, "987654302", "5550100", "ventas", ""),
    "queue_answered": (Verdict.ANSWERED, "987654303", "5550100", "ventas", "101"),
    "queue_timeout": (Verdict.QUEUE_TIMEOUT, "987654304", "5550103", "ventas", ""),
    "phone_no_answer": (Verdict.NO_ANSWER, "987654305", "5550101", "", ""),
    "phone_busy": (Verdict.BUSY, "987654306", "5550101", "", ""),
    "phone_answered": (Verdict.ANSWERED, "987654307", "5550101", "", "102"),
    "ivr_abandoned": (Verdict.ABANDONED_IVR, "987654308", "5550102", "", ""),
    "closed": (Verdict.CLOSED, "987654309", "5550104", "", ""),
    "blind_transfer": (Verdict.ANSWERED, "987654310", "5550101", "ventas", "101"),
    "lost_in_transfer": (Verdict.LOST_IN_TRANSFER, "987654311", "5550101", "ventas", "102"),
    "ours_answered": (Verdict.ANSWERED, "51987000001", "", "ventas", "101"),
    "ours_left_in_queue": (Verdict.ABANDONED_QUEUE, "51987000002", "", "ventas", ""),
    "ours_busy": (Verdict.BUSY, "51987000003", "", "", ""),
    "ours_no_answer": (Verdict.NO_ANSWER, "51987000004", "", "", ""),
    "ours_failed": (Verdict.FAILED, "", "", "", ""),
}


@pytest.mark.parametrize("name", TRUTH)
def test_the_verdict_is_what_happened(name: str) -> None:
    call = only(transcript(name))
    assert (call.verdict, call.caller, call.did, call.queue, call.agent) == TRUTH[name]
    assert call.direction is (Direction.OURS if name.startswith("ours") else Direction.INBOUND)


@pytest.mark.parametrize("name", [name for name in TRUTH if name != "ours_failed"])
def test_a_call_is_announced_once_before_it_ends(name: str) -> None:
    first, *rest = run(transcript(name))
    assert isinstance(first, CallStarted)
    assert (first.caller, first.did) == TRUTH[name][1:3]
    assert not any(isinstance(outcome, CallStarted) for outcome in rest)


@pytest.mark.parametrize("name", TRUTH)
def test_without_the_dialplan_class_answered_or_not_stays_right(name: str) -> None:
    lean = [event for event in transcript(name) if not event.get("Privilege", "").startswith("dialplan")]
    assert only(lean).verdict in {TRUTH[name][0], Verdict.NO_ANSWER}


def test_text_that_is_not_ascii_is_read() -> None:
    assert only(transcript("queue_abandoned")).caller_name == "João Ñandú"


def test_the_cel_of_the_same_calls_gives_the_same_verdicts() -> None:
    tail = Tail(TRANSCRIPTS / "cel.csv", 0.0)
    from_cel = {call.linkedid: call for call in calls(tail)}
    live = {name: only(transcript(name)) for name in TRUTH if name != "ours_failed"}
    for name, call in live.items():
        other = from_cel[call.linkedid]
        assert (other.verdict, other.direction, other.queue, other.agent) == (
            call.verdict,
            call.direction,
            call.queue,
            call.agent,
        ), name
        assert other.talk == pytest.approx(call.talk, abs=0.05)
    assert tail.skipped == 0


@pytest.mark.parametrize("overlap", [0.2, 0.5, 3.0, 60.0])
@pytest.mark.parametrize("name", [name for name in TRUTH if name != "ours_failed"])
def test_the_cel_read_up_to_any_moment_and_then_the_live_events_of_the_call_agree(name: str, overlap: float) -> None:
    """A reconnect reads the CEL to its end while live events queue up: what both tell overlaps by any amount."""
    live, right = transcript(name), only(transcript(name))
    cel = [event for event in Tail(TRANSCRIPTS / "cel.csv", 0.0) if event["Linkedid"] == right.linkedid]
    for cut in range(len(cel) + 1):
        login = float(cel[cut - 1]["Timestamp"]) - overlap if cut else 0.0
        tracker = Tracker(SETTINGS)
        events = [*cel[:cut], *(event for event in live if float(event.get("Timestamp", "0")) >= login)]
        found = [
            outcome for event in events for outcome in tracker.feed(event, 0.0) if not isinstance(outcome, CallStarted)
        ]
        assert [call.verdict for call in found] == [right.verdict], cut
        assert found[0].queues == right.queues, cut
        assert found[0].agent == right.agent, cut
        assert found[0].talk == pytest.approx(right.talk, abs=0.05), cut
        if overlap <= SETTINGS.settle_s:
            assert found[0].wait == pytest.approx(right.wait, abs=0.05), cut


def test_no_short_calls_when_the_threshold_is_zero() -> None:
    assert only(transcript("queue_short"), LEAN).verdict is Verdict.ABANDONED_QUEUE
