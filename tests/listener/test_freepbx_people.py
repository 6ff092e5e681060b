"""Who is who on a FreePBX: customers, agents, programs, machines, messages; told event by event."""

import pytest

from ami_listener.cel import Row, translate
from ami_listener.settings import PbxSettings
from ringback.call import Direction, Verdict
from tests.listener.listenerkit import Script, calls, lean, only, step, trunk, variable


def settings(**values: object) -> PbxSettings:
    return PbxSettings.model_validate({"name": "lima", "secret": "x", **values})


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
