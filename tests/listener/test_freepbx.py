"""What a real FreePBX 17 was seen to do, one fact a test, told event by event. Whole calls: tests/pbx/freepbx_*.py."""

import pytest

from ringback.call import Direction, Verdict
from tests.listener.listenerkit import Script, lean, only, step, trunk, variable

TC = "timeconditions"


def queue_call(*, hangs_up: bool, status: str) -> Script:
    script = Script()
    trunk(script)
    script.up("1.1")
    step(script, "1.1", "ext-queues", "Queue", "700,t,,,,,,,,")
    script.say("QueueCallerJoin", "1.1", Queue="700", Position="1")
    script.wait(8)
    if hangs_up:
        script.say("HangupRequest", "1.1")
    script.say("QueueCallerAbandon", "1.1", Queue="700", HoldTime="8")
    script.say("QueueCallerLeave", "1.1", Queue="700")
    if status:
        variable(script, "1.1", "QUEUESTATUS", status)
    step(script, "1.1", "app-blackhole")
    script.hangup("1.1")
    return script


def test_the_queue_says_abandoned_of_both_and_a_hangup_request_before_it_of_one() -> None:
    abandoned, timeout = queue_call(hangs_up=True, status=""), queue_call(hangs_up=False, status="TIMEOUT")
    for events, right in ((abandoned, Verdict.ABANDONED_QUEUE), (timeout, Verdict.QUEUE_TIMEOUT)):
        assert only(events.events).verdict is right
        assert only(lean(events)).verdict is right


def test_an_empty_queue_makes_no_event_but_a_variable() -> None:
    script = Script()
    trunk(script)
    script.up("1.1")
    step(script, "1.1", "ext-queues", "Queue", "702,t,,,,,,,,")
    variable(script, "1.1", "QUEUESTATUS", "JOINEMPTY")
    script.wait(0.013)
    script.hangup("1.1")
    call = only(script.events)
    assert (call.verdict, call.queue, call.missed) == (Verdict.QUEUE_EMPTY, "702", True)
    assert (only(lean(script)).verdict, only(lean(script)).missed) == (Verdict.NO_ANSWER, True)


@pytest.mark.parametrize(
    ("contexts", "right"),
    [
        (["ivr-1"], Verdict.ABANDONED_IVR),
        ([TC, "app-announcement-1", "app-blackhole"], Verdict.CLOSED),
        ([TC, "app-blackhole"], Verdict.CLOSED),
        (["app-daynight", "app-announcement-3"], Verdict.CLOSED),
        ([TC, "ivr-1", "app-announcement-1"], Verdict.ABANDONED_IVR),
        ([TC, "from-did-direct", "macro-exten-vm"], Verdict.NO_ANSWER),
        ([TC, "custom-app"], Verdict.NO_ANSWER),
        ([TC, "ext-group", "app-blackhole"], Verdict.NO_ANSWER),
        (["ivr-1", "from-did-direct-ivr", "from-did-direct"], Verdict.NO_ANSWER),
        (["ivr-1", "ext-local", "macro-vm", "ext-local"], Verdict.VOICEMAIL),
        (["app-announcement-2", "ext-group"], Verdict.NO_ANSWER),
    ],
)
def test_the_contexts_alone_tell_menu_closed_and_phones(contexts: list[str], right: Verdict) -> None:
    script = Script()
    trunk(script)
    script.say("DeviceStateChange", Device="Custom:TC1", State="INUSE")
    for context in contexts:
        step(script, "1.1", context)
    script.wait(9)
    step(script, "1.1", "macro-hangupcall", "Hangup")
    script.hangup("1.1")
    assert only(script.events).verdict is right
    assert only(lean(script)).missed


def test_a_trunk_leg_that_goes_out_is_no_inbound_call() -> None:
    script = Script()
    script.start("1.1", "PJSIP/1006-1", "1.1", "from-internal", "79165550011", "1006")
    script.channels["1.1"]["CallerIDNum"] = "74951000000"
    script.say("NewCallerid", "1.1")
    script.start("1.2", "PJSIP/SIPPTRUNK-2", "1.1", "from-pstn", "s")
    script.channels["1.2"] |= {"CallerIDNum": "79165550011", "Exten": "79165550011"}
    script.say("NewCallerid", "1.2")
    script.up("1.2")
    script.up("1.1")
    script.enter("1.2", "b")
    script.enter("1.1", "b")
    script.wait(4)
    script.hangup("1.2", "1.1")
    call = only(script.events)
    assert (call.direction, call.verdict, call.missed) == (Direction.OUTBOUND, Verdict.ANSWERED, False)
    assert (call.caller, call.dialled, call.agent) == ("1006", "79165550011", "1006")


@pytest.mark.parametrize("cause", ["0", "16", "19", "34", "127"])
def test_hangup_causes_decide_nothing_of_a_call_that_was_not_turned_away(cause: str) -> None:
    script = Script()
    trunk(script)
    script.phone("1.2", "1003")
    script.say("DialBegin", "1.1", DestUniqueid="1.2")
    script.wait(9)
    script.say("HangupRequest", "1.1")
    script.say("DialEnd", "1.1", DestUniqueid="1.2", DialStatus="CANCEL")
    script.say("DialEnd", "1.1", DestUniqueid="1.2", DialStatus="CANCEL")
    script.say("Hangup", "1.2", Cause=cause)
    script.say("Hangup", "1.1", Cause=cause)
    assert only(script.events).verdict is Verdict.NO_ANSWER


@pytest.mark.parametrize(("cause", "right"), [("17", Verdict.BUSY), ("34", Verdict.NO_ANSWER)])
def test_without_the_dialplan_class_a_busy_tone_is_told_by_state_and_cause(cause: str, right: Verdict) -> None:
    script = Script()
    trunk(script)
    script.channels["1.1"] |= {"Context": "macro-exten-vm"}
    script.say("HangupRequest", "1.1", Cause=cause)
    script.channels["1.1"]["ChannelStateDesc"] = "Busy"
    script.say("Newstate", "1.1")
    script.say("Hangup", "1.1", Cause=cause)
    assert only(script.events).verdict is right


def test_in_a_ring_group_the_losers_are_cancelled_before_the_winner_answers() -> None:
    script = Script()
    trunk(script)
    script.phone("1.2", "1001")
    script.phone("1.3", "1002")
    for uid in ("1.2", "1.3"):
        script.say("DialBegin", "1.1", DestUniqueid=uid)
    script.wait(5)
    script.say("DialEnd", "1.1", DestUniqueid="1.2", DialStatus="CANCEL")
    script.up("1.3")
    script.say("DialEnd", "1.1", DestUniqueid="1.3", DialStatus="ANSWER")
    script.up("1.1")
    script.enter("1.3", "b")
    script.enter("1.1", "b")
    script.say("Hangup", "1.2", Cause="19")
    script.wait(3)
    script.hangup("1.1", "1.3")
    call = only(script.events)
    assert (call.verdict, call.agent, call.phones) == (Verdict.ANSWERED, "1002", ("1001", "1002"))


def test_a_mobiles_voicemail_that_nobody_was_connected_to_is_no_answer() -> None:
    script = Script()
    trunk(script)
    script.start("1.2", "PJSIP/SIPPTRUNK-2", "1.1", "from-pstn", "s")
    script.say("DialBegin", "1.1", DestUniqueid="1.2")
    script.up("1.2")
    script.say("DialEnd", "1.1", DestUniqueid="1.2", DialStatus="ANSWER")
    script.wait(12)
    script.hangup("1.2")
    script.say("HangupRequest", "1.1")
    script.hangup("1.1")
    assert only(script.events).verdict is Verdict.NO_ANSWER


def test_two_in_a_bridge_of_whom_one_still_rings_are_no_conversation() -> None:
    script = Script()
    trunk(script)
    script.up("1.1")
    script.start("1.2", "Local/1002@from-internal-1;1", "1.1", "from-internal")
    script.start("1.3", "Local/1002@from-internal-1;2", "1.1", "from-internal")
    script.phone("1.4", "1002")
    script.enter("1.1", "b")
    script.enter("1.2", "b")
    script.wait(9)
    script.say("HangupRequest", "1.1")
    script.hangup("1.1", "1.2", "1.3", "1.4")
    assert only(script.events).talk == 0.0


def test_after_a_pickup_the_agent_is_who_is_in_the_bridge() -> None:
    script = Script()
    trunk(script)
    script.up("1.1")
    script.say("QueueCallerJoin", "1.1", Queue="700")
    script.phone("1.2", "1001")
    script.phone("9.1", "1003", linked="9.1")
    script.say("AgentConnect", "1.1", Queue="700", MemberName="Alice Agent", Interface="Local/1001@from-queue/n")
    script.say("Pickup", "9.1", TargetChannel="PJSIP/1001-1.2", TargetUniqueid="1.2")
    script.channels["9.1"]["Linkedid"] = "1.1"
    script.up("9.1")
    script.hangup("1.2")
    script.say("QueueCallerLeave", "1.1", Queue="700")
    script.enter("1.1", "b")
    script.enter("9.1", "b")
    script.wait(4)
    script.hangup("9.1", "1.1")
    assert (only(script.events).agent, only(script.events).queue) == ("1003", "700")
