"""Calls back of ours, agent first, as Asterisk may tell them: other agents' telephones say nothing of the customer."""

from __future__ import annotations

from ringback.call import Direction, SaidThere, Verdict
from tests.listener.listenerkit import Script, only

OURS = "rb-case1-1"


def says(script: Script, word: SaidThere) -> None:
    script.say("UserEvent", OURS, UserEvent="Ringback", Said=word.value)


def test_a_telephone_of_an_agent_that_stops_late_does_not_count(script: Script) -> None:
    """Asterisk may tell that the other agents' telephones stopped only after one of them has picked up."""
    script.start(OURS, "Local/equipo@ringback-callback-0;1", OURS, "ringback-callback", "equipo")
    script.start(f"{OURS};2", "Local/equipo@ringback-callback-0;2", OURS, "ringback-callback", "equipo")
    for uid, extension in (("1.1", "201"), ("1.2", "202")):
        script.phone(uid, extension, OURS)
    for uid in ("1.1", f"{OURS};2", OURS):
        script.up(uid)
    says(script, SaidThere.AGENT)
    script.say("Hangup", "1.2", Cause="26")
    says(script, SaidThere.RUNG)
    script.start("1.3", "PJSIP/carrier-1.3", OURS, "from-trunk", "987000013")
    script.say("Hangup", "1.3", Cause="17")
    script.hangup(OURS, f"{OURS};2", "1.1")
    call = only(script.events)
    assert (call.direction, call.said, call.verdict) == (Direction.OURS, SaidThere.RUNG, Verdict.BUSY)
