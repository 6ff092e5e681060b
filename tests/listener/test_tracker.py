"""Calls told by hand: what decides is who really heard whom."""

import pytest

from ami_listener.tracker import Tracker
from ringback.call import Call, Direction, Verdict
from tests.listener.listenerkit import SETTINGS, Script, calls, only


@pytest.mark.parametrize(("asked", "verdict"), [(True, Verdict.ABANDONED_QUEUE), (False, Verdict.QUEUE_TIMEOUT)])
def test_only_who_asked_to_hang_up_abandoned_the_queue(script: Script, asked: bool, verdict: Verdict) -> None:
    """QueueCallerAbandon comes for time-outs too."""
    script.inbound()
    script.up("1.1")
    script.say("QueueCallerJoin", "1.1", Queue="ventas")
    script.wait(12)
    if asked:
        script.say("HangupRequest", "1.1", Cause="16")
    script.say("QueueCallerAbandon", "1.1", Queue="ventas")
    script.say("QueueCallerLeave", "1.1", Queue="ventas")
    script.hangup("1.1")
    call = only(script.events)
    assert (call.verdict, call.queue, call.wait) == (verdict, "ventas", 12.0)


@pytest.mark.parametrize(("status", "verdict"), [("FULL", Verdict.QUEUE_FULL), ("JOINEMPTY", Verdict.QUEUE_EMPTY)])
def test_a_queue_that_takes_nobody_says_so_only_in_a_variable(script: Script, status: str, verdict: Verdict) -> None:
    script.inbound()
    script.say("Newexten", "1.1", Application="Queue", AppData="ventas,t")
    script.say("VarSet", "1.1", Variable="QUEUESTATUS", Value=status)
    script.hangup("1.1")
    call = only(script.events)
    assert (call.verdict, call.queue) == (verdict, "ventas")


def test_overflow_into_a_second_queue_that_answers_is_answered(script: Script) -> None:
    script.inbound()
    script.up("1.1")
    for queue in ("ventas", "soporte"):
        script.say("QueueCallerJoin", "1.1", Queue=queue)
        script.wait(10)
        script.say("QueueCallerLeave", "1.1", Queue=queue)
    script.phone("1.2", "102")
    script.talk("1.1", "1.2", "b1", 4)
    script.hangup("1.2", "1.1")
    call = only(script.events)
    assert (call.verdict, call.queues, call.wait, call.agent) == (Verdict.ANSWERED, ("ventas", "soporte"), 20.0, "102")


def test_a_doubled_dial_end_of_the_losers_of_a_ring_group_means_nothing(script: Script) -> None:
    script.inbound()
    for uid, phone in (("1.2", "101"), ("1.3", "102")):
        script.phone(uid, phone)
        script.say("DialBegin", "1.1", DestUniqueid=uid)
    for _ in range(2):
        script.say("DialEnd", "1.1", DestUniqueid="1.2", DialStatus="CANCEL")
    script.talk("1.1", "1.3", "b1", 3)
    script.hangup("1.2", "1.3", "1.1")
    call = only(script.events)
    assert (call.verdict, call.phones, call.agent) == (Verdict.ANSWERED, ("101", "102"), "102")


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        (("BUSY",), Verdict.BUSY),
        (("BUSY", "NOANSWER"), Verdict.NO_ANSWER),
        (("CONGESTION",), Verdict.FAILED),
        (("CHANUNAVAIL",), Verdict.NO_ANSWER),
        ((), Verdict.NO_ANSWER),
    ],
)
def test_how_the_phones_answered(script: Script, statuses: tuple[str, ...], verdict: Verdict) -> None:
    script.inbound()
    for status in statuses:
        script.say("DialEnd", "1.1", DialStatus=status)
    script.wait(9)
    script.hangup("1.1")
    assert only(script.events).verdict is verdict


def test_menu_then_closed_door(script: Script) -> None:
    script.inbound()
    for context in ("ivr-1", "timeconditions", "app-announcement-3", "macro-hangupcall"):
        script.channels["1.1"]["Context"] = context
        script.say("Newexten", "1.1", Application="NoOp")
    script.hangup("1.1")
    assert only(script.events).verdict is Verdict.CLOSED


def test_an_announcement_inside_a_menu_is_still_the_menu(script: Script) -> None:
    script.inbound()
    for context in ("timeconditions", "ivr-1", "app-announcement-3"):
        script.channels["1.1"]["Context"] = context
        script.say("Newexten", "1.1", Application="NoOp")
    script.wait(20)
    script.hangup("1.1")
    call = only(script.events)
    assert (call.verdict, call.reason) == (Verdict.ABANDONED_IVR, "ivr-1")


def test_voicemail_is_not_answered(script: Script) -> None:
    script.inbound()
    script.up("1.1")
    script.say("Newexten", "1.1", Application="VoiceMail", AppData="101")
    script.say("VarSet", "1.1", Variable="VMSTATUS", Value="SUCCESS")
    script.hangup("1.1")
    call = only(script.events)
    assert (call.verdict, call.reason) == (Verdict.VOICEMAIL, "message left")


def test_a_younger_call_that_is_bridged_into_an_older_one_still_gets_its_verdict(script: Script) -> None:
    """Channels take the oldest Linkedid of their bridge: here that of an agent's own earlier call."""
    script.phone("1.1", "101", linked="1.1")
    script.wait(5)
    script.inbound("2.1")
    script.phone("2.2", "102", linked="2.1")
    script.channels["2.1"]["Linkedid"] = script.channels["2.2"]["Linkedid"] = "1.1"
    script.talk("2.1", "1.1", "b1", 3)
    script.hangup("2.2", "2.1", "1.1")
    by_id = {call.linkedid: call for call in calls(script.events)}
    assert (by_id["2.1"].verdict, by_id["2.1"].direction) == (Verdict.ANSWERED, Direction.INBOUND)
    assert by_id["2.1"].agent == "101"


def test_the_person_follows_the_name_through_a_masquerade(script: Script) -> None:
    script.inbound()
    script.start("1.2", "AsyncGoto/PJSIP/carrier-1.1", "1.1", "from-internal")
    script.say("Rename", "1.1", Newname="AsyncGoto/PJSIP/carrier-1.1<ZOMBIE>")
    script.say("Rename", "1.2", Newname="PJSIP/carrier-1.1")
    script.hangup("1.1")
    script.channels["1.2"]["Channel"] = "PJSIP/carrier-1.1"
    script.phone("1.3", "101")
    script.talk("1.2", "1.3", "b1", 3)
    script.hangup("1.3", "1.2")
    call = only(script.events)
    assert (call.verdict, call.agent) == (Verdict.ANSWERED, "101")


def test_a_trunk_leg_that_is_dialled_makes_a_phones_call_outbound(script: Script) -> None:
    script.start("1.1", "PJSIP/101-1.1", "1.1", "from-internal", "912345678", "101")
    script.start("1.2", "PJSIP/carrier-1.2", "1.1", "from-pstn", "s")
    script.channels["1.2"]["CallerIDNum"] = "912345678"
    script.say("NewCallerid", "1.2")
    script.talk("1.1", "1.2", "b1", 3)
    script.hangup("1.1", "1.2")
    call = only(script.events)
    assert (call.direction, call.dialled, call.verdict) == (Direction.OUTBOUND, "912345678", Verdict.ANSWERED)
    assert not call.missed


def test_an_event_after_the_hangup_of_its_channel_does_not_bring_it_back(script: Script) -> None:
    script.inbound()
    script.phone("1.2", "101")
    script.hangup("1.2")
    script.say("NewCallerid", "1.2")
    script.hangup("1.1")
    script.say("NewCallerid", "1.1")
    assert only(script.events).verdict is Verdict.NO_ANSWER


def test_calls_that_asterisk_no_longer_has_are_closed_as_unknown_unless_an_answer_was_seen(script: Script) -> None:
    script.inbound("1.1")
    script.inbound("2.1")
    script.phone("2.2", "101", linked="2.1")
    script.talk("2.1", "2.2", "b1", 3)
    tracker = Tracker(SETTINGS)
    for event in script.events:
        tracker.feed(event, 0.0)
    assert tracker.missing({"9.9"}) == {"1.1", "2.1"}
    closed = {call.linkedid: call.verdict for call in tracker.close_missing({"9.9"}, script.at)}
    assert closed == {"1.1": Verdict.UNKNOWN, "2.1": Verdict.ANSWERED}
    assert tracker.live() == set()


def test_calls_that_died_with_asterisk_were_missed(script: Script) -> None:
    script.inbound()
    tracker = Tracker(SETTINGS)
    for event in script.events:
        tracker.feed(event, 0.0)
    (call,) = tracker.close_missing(set(), script.at + 60, booted=script.at + 30)
    assert (call.verdict, call.ended) == (Verdict.NO_ANSWER, script.at + 30)


def test_a_leg_that_went_unseen_does_not_make_a_living_call_doubtful(script: Script) -> None:
    script.inbound()
    script.phone("1.2", "101")
    tracker = Tracker(SETTINGS)
    for event in script.events:
        tracker.feed(event, 0.0)
    assert tracker.close_missing({"1.1"}, script.at) == []
    script.events.clear()
    script.wait(9)
    script.hangup("1.1")
    (call,) = tracker.feed(script.events[0], 0.0)
    assert isinstance(call, Call)
    assert call.verdict is Verdict.NO_ANSWER


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"Event": "Hangup"},
        {"Event": "Hangup", "Uniqueid": "1.1"},
        {"Event": "Rename", "Uniqueid": "1.1", "Linkedid": "1.1", "Channel": "x"},
        {"Event": "BridgeEnter", "Uniqueid": "1.1", "Linkedid": "1.1", "Channel": "x"},
        {"Event": "QueueCallerLeave", "Uniqueid": "1.1", "Linkedid": "1.1", "Channel": ""},
        {"Event": "OriginateResponse", "ActionID": "rb-", "Response": "?"},
        {"Event": "Newchannel", "Uniqueid": "1.1", "Linkedid": "1.1", "Channel": "x", "Timestamp": "yesterday"},
    ],
)
def test_events_that_lack_what_they_should_hold_harm_nothing(event: dict[str, str]) -> None:
    assert all(outcome is not None for outcome in Tracker(SETTINGS).feed(event, 5.0))
