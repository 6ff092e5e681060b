"""Who really heard whom: bridges, local channels, parked callers, phones that only ring."""

import pytest

from ringback.call import Verdict
from tests.listener.listenerkit import Script, calls, only


def test_less_than_a_second_together_is_no_conversation(script: Script) -> None:
    script.inbound()
    script.phone("1.2", "101")
    script.wait(8)
    script.talk("1.1", "1.2", "b1", 0.9)
    script.hangup("1.2", "1.1")
    assert only(script.events).verdict is Verdict.NO_ANSWER


def test_a_second_together_is_one(script: Script) -> None:
    script.inbound()
    script.phone("1.2", "101")
    script.wait(8)
    script.talk("1.1", "1.2", "b1", 1.0)
    script.hangup("1.2", "1.1")
    call = only(script.events)
    assert (call.verdict, call.agent, call.wait, call.talk) == (Verdict.ANSWERED, "101", 8.0, 1.0)


def test_through_local_channels_the_caller_hears_the_agent(script: Script) -> None:
    script.inbound()
    script.start("1.2", "Local/101@from-queue-00000001;1", "1.1", "from-queue")
    script.start("1.3", "Local/101@from-queue-00000001;2", "1.1", "from-queue")
    script.phone("1.4", "101")
    script.talk("1.3", "1.4", "b2", 0)
    script.talk("1.1", "1.2", "b1", 5)
    script.hangup("1.1", "1.2", "1.3", "1.4")
    call = only(script.events)
    assert (call.verdict, call.agent, call.talk) == (Verdict.ANSWERED, "101", 5.0)


def test_a_caller_bridged_with_a_ringing_local_channel_talks_to_nobody(script: Script) -> None:
    """A blonde transfer: two channels in a bridge, and behind the second one a phone that rings on."""
    script.inbound()
    script.start("1.2", "Local/101@from-internal-00000001;1", "1.1", "from-internal")
    script.start("1.3", "Local/101@from-internal-00000001;2", "1.1", "from-internal")
    script.phone("1.4", "101")
    script.talk("1.1", "1.2", "b1", 20)
    script.hangup("1.4", "1.3", "1.2", "1.1")
    assert only(script.events).verdict is Verdict.NO_ANSWER


def test_a_phone_that_rings_in_the_callers_bridge_is_nobody_yet(script: Script) -> None:
    script.inbound()
    script.phone("1.2", "101")
    script.up("1.1")
    script.enter("1.1", "b1")
    script.enter("1.2", "b1")
    script.wait(20)
    script.hangup("1.2", "1.1")
    assert only(script.events).verdict is Verdict.NO_ANSWER


def test_a_mobile_whose_voicemail_answers_is_no_answer_while_nobody_is_bridged(script: Script) -> None:
    script.inbound()
    script.start("1.2", "PJSIP/carrier-1.2", "1.1", "from-trunk")
    script.up("1.2")
    script.say("DialEnd", "1.1", DialStatus="ANSWER")
    script.wait(20)
    script.hangup("1.2", "1.1")
    assert only(script.events).verdict is Verdict.NO_ANSWER


@pytest.mark.parametrize(
    ("members", "technology", "verdict"),
    [
        ("1", "simple_bridge", Verdict.NO_ANSWER),
        ("2", "simple_bridge", Verdict.UNKNOWN),
        ("2", "softmix", Verdict.NO_ANSWER),
        ("many", "simple_bridge", Verdict.NO_ANSWER),
    ],
)
def test_in_a_bridge_with_somebody_unseen_nothing_is_known(
    script: Script, members: str, technology: str, verdict: Verdict
) -> None:
    """Whoever was on the phone before we listened may be in it; a conference counts its announcer."""
    script.inbound()
    script.up("1.1")
    script.say("BridgeEnter", "1.1", BridgeUniqueid="b1", BridgeTechnology=technology, BridgeNumChannels=members)
    script.wait(20)
    script.hangup("1.1")
    assert only(script.events).verdict is verdict


def test_two_parked_callers_do_not_hear_each_other(script: Script) -> None:
    for uid in ("1.1", "2.1"):
        script.inbound(uid)
        script.up(uid)
        script.enter(uid, "lot", technology="holding_bridge")
    script.wait(30)
    script.hangup("1.1", "2.1")
    assert {call.verdict for call in calls(script.events)} == {Verdict.NO_ANSWER}
