"""What a real FreePBX 17 was seen to do, one fact a test, told event by event. Whole calls: tests/pbx/freepbx_*.py."""

import pytest

from ami_listener.cel import Row, translate
from ami_listener.settings import PbxSettings
from ringback.call import Direction, Verdict
from tests.listener.listenerkit import Script, calls, only

TC = "timeconditions"


def settings(**values: object) -> PbxSettings:
    return PbxSettings.model_validate({"name": "lima", "secret": "x", **values})


def trunk(script: Script, uid: str = "1.1", did: str = "74951000700", number: str = "79161000001") -> None:
    script.start(uid, f"PJSIP/SIPPTRUNK-{uid}", uid, "from-pstn", did, number)


def step(script: Script, uid: str, context: str, application: str = "Set", data: str = "") -> None:
    script.channels[uid]["Context"] = context
    script.say("Newexten", uid, Application=application, AppData=data, Privilege="dialplan,all")


def variable(script: Script, uid: str, name: str, value: str) -> None:
    script.say("VarSet", uid, Variable=name, Value=value, Privilege="dialplan,all")


def lean(script: Script) -> list[dict[str, str]]:
    return [dict(event) for event in script.events if event.get("Privilege") != "dialplan,all"]


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


def click_to_call(*, answered: bool) -> Script:
    script = Script()
    for half in ("1", "2"):
        script.start(f"5.{half}", f"Local/1003@from-internal-1;{half}", "5.1", "from-internal")
        script.channels[f"5.{half}"]["CallerIDNum"] = "79161000021"
        script.say("NewCallerid", f"5.{half}")
    script.phone("5.3", "1003", linked="5.1")
    for uid in ("5.3", "5.1", "5.2"):
        script.up(uid)
    script.say("OriginateResponse", ActionID="click-1", Response="Success", Reason="4", Uniqueid="5.1")
    script.enter("5.3", "a")
    script.enter("5.2", "a")
    script.start("5.4", "PJSIP/SIPPTRUNK-4", "5.1", "from-pstn", "s")
    script.channels["5.4"]["CallerIDNum"] = "79161000021"
    script.say("NewCallerid", "5.4")
    if answered:
        script.up("5.4")
        script.enter("5.4", "b")
        script.enter("5.1", "b")
    script.wait(6)
    script.hangup("5.4", "5.1", "5.2", "5.3")
    return script


def test_of_click_to_call_the_agent_is_a_phone_and_the_customer_the_trunk_leg() -> None:
    call = only(click_to_call(answered=True).events)
    assert (call.direction, call.verdict, call.agent) == (Direction.OUTBOUND, Verdict.ANSWERED, "1003")
    assert (call.caller, call.dialled, call.missed) == ("1003", "79161000021", False)


def test_that_the_agent_picked_up_does_not_answer_the_customer() -> None:
    call = only(click_to_call(answered=False).events)
    assert (call.direction, call.verdict, call.missed) == (Direction.OUTBOUND, Verdict.NO_ANSWER, False)


def test_a_customer_whom_a_program_rings_has_not_called() -> None:
    script = Script()
    script.channels["5.1"] = {}
    script.start("5.1", "PJSIP/SIPPTRUNK-9", "5.1", "from-pstn", "s")
    script.events[-1] = {**script.events[-1], "ChannelStateDesc": "Down"}
    script.wait(9)
    script.hangup("5.1")
    assert not any(call.missed or call.direction is Direction.INBOUND for call in calls(script.events))


@pytest.mark.parametrize(("left", "reason"), [(True, "message left"), (False, "no message")])
def test_a_message_is_told_by_its_event_and_by_a_variable(left: bool, reason: str) -> None:
    script = Script()
    trunk(script)
    script.up("1.1")
    step(script, "1.1", "ext-local", "VoiceMail", "1004@default,u")
    script.wait(9)
    script.say("HangupRequest", "1.1")
    if left:
        script.say("MessageWaiting", "1.1", Mailbox="1004@default", Waiting="1")
    variable(script, "1.1", "VMSTATUS", "SUCCESS" if left else "FAILED")
    script.hangup("1.1")
    assert (only(script.events).verdict, only(script.events).reason) == (Verdict.VOICEMAIL, reason)
    assert only(lean(script)).verdict is (Verdict.VOICEMAIL if left else Verdict.NO_ANSWER)


def test_the_direction_is_the_originating_channels_also_in_a_queue() -> None:
    script = Script()
    script.start("1.1", "PJSIP/1006-1", "1.1", "from-internal", "700", "1006")
    script.up("1.1")
    script.say("QueueCallerJoin", "1.1", Queue="700")
    script.wait(9)
    script.say("HangupRequest", "1.1")
    script.say("QueueCallerAbandon", "1.1", Queue="700")
    script.hangup("1.1")
    assert (only(script.events).direction, only(script.events).missed) == (Direction.INTERNAL, False)


def test_anonymous_is_a_caller_whose_number_is_that_word() -> None:
    script = Script()
    trunk(script, number="anonymous")
    script.wait(9)
    script.hangup("1.1")
    assert only(script.events).caller == "anonymous"


def test_channel_names_that_start_again_after_a_restart_are_other_calls() -> None:
    first, again = click_to_call(answered=True), Script(at=2000.0)
    again.start("8.1", "Local/1003@from-internal-1;1", "8.1", "from-internal")
    again.start("8.2", "Local/1003@from-internal-1;2", "8.1", "from-internal")
    again.phone("8.3", "1004", linked="8.1")
    again.hangup("8.3", "8.2", "8.1")
    old, new = calls([*first.events, *again.events])
    assert (old.verdict, new.talk, new.phones) == (Verdict.ANSWERED, 0.0, ("1004",))


def test_the_did_is_what_the_route_found_where_the_trunk_gave_another() -> None:
    script = Script()
    script.start("1.1", "PJSIP/SIPPTRUNK-1", "1.1", "from-pstn-toheader", "5115550199", "79161000001")
    variable(script, "1.1", "__FROM_DID", "74951000700")
    script.wait(9)
    script.hangup("1.1")
    assert (only(script.events).did, only(lean(script)).did) == ("74951000700", "5115550199")


def test_customers_of_two_calls_in_one_conference_are_nobody_of_the_business() -> None:
    script = Script()
    for uid in ("1.1", "2.1"):
        trunk(script, uid, number=f"7916{uid}")
        script.up(uid)
        script.enter(uid, "room", "softmix")
    script.wait(30)
    script.hangup("1.1", "2.1")
    assert {(call.verdict, call.talk) for call in calls(script.events)} == {(Verdict.NO_ANSWER, 0.0)}


def test_the_settings_name_trunks_and_machines_that_the_contexts_do_not_tell() -> None:
    script = Script()
    script.start("1.1", "IAX2/provider-1", "1.1", "entrada", "74951000700", "79161000001")
    script.start("1.2", "PJSIP/robot-2", "1.1", "from-internal")
    for uid in ("1.1", "1.2"):
        script.up(uid)
        script.enter(uid, "b")
    script.wait(9)
    script.hangup("1.1", "1.2")
    assert only(script.events).direction is Direction.INTERNAL
    told = only(script.events, settings(trunks=("IAX2/provider",)))
    assert (told.direction, told.verdict, told.agent) == (Direction.INBOUND, Verdict.ANSWERED, "robot")
    told = only(script.events, settings(trunks=("IAX2/*",), machines=("PJSIP/robot",)))
    assert (told.direction, told.verdict, told.agent) == (Direction.INBOUND, Verdict.NO_ANSWER, "")


@pytest.mark.parametrize(("cause", "right"), [("17", Verdict.BUSY), ("34", Verdict.NO_ANSWER), ("127", Verdict.SHORT)])
def test_in_the_cel_who_was_sent_away_at_once_has_not_given_up(cause: str, right: Verdict) -> None:
    name = "PJSIP/SIPPTRUNK-1"
    extra = f'{{"hangupcause":{cause},"hangupsource":"{name}","dialstatus":""}}'
    begins, ends = (
        Row(kind, at, "1.1", "1.1", name, "from-pstn", "74951001006", "79161000018", "", "", "", "", extra)
        for kind, at in (("CHAN_START", "1000.0"), ("HANGUP", "1000.1"))
    )
    assert only([*translate(begins), *translate(ends)]).verdict is right
