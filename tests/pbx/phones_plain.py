"""Plain Asterisk: customers who ring a phone, a group of them, or nobody."""

from __future__ import annotations

from ringbackd.sandbox.phones import BUSY
from tests.pbx.scenario import Scenario, Scene

RING = """
[from-trunk]
exten => {did},1,Dial(PJSIP/{a},6)
 same => n,Hangup()
"""
GROUP = """
[from-trunk]
exten => {did},1,Dial(PJSIP/{a}&PJSIP/{b},4)
 same => n,Hangup()
"""
HUNT = """
[from-trunk]
exten => {did},1,Dial(PJSIP/{a},2)
 same => n,Dial(PJSIP/{b},6)
 same => n,Hangup()
"""
VOICEMAIL = """
[from-trunk]
exten => {did},1,Dial(PJSIP/{a},1)
 same => n,VoiceMail({a}@default,su)
 same => n,Hangup()
"""


async def _answered(scene: Scene) -> None:
    call = await scene.call()
    await scene.answers("a")
    await scene.talk(2)
    await call.hang_up()


async def _agent_hangs_up(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.hang_up()
    await call.ended()


async def _second_answers(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.answers("b")
    await scene.talk()
    await call.hang_up()


async def _caller_gives_up(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.talk(5.5)
    await call.hang_up()


async def _caller_gives_up_at_once(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.talk(0.5)
    await call.hang_up()


async def _rings_out(scene: Scene) -> None:
    await (await scene.call()).ended(seconds=30)


async def _declines(scene: Scene) -> None:
    call = await scene.call()
    (await scene.rings("a")).decline()
    await call.ended()


async def _picks_up_and_drops(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk(0.2)
    await leg.hang_up()
    await call.ended()


async def _two_of_one_number(scene: Scene) -> None:
    first = await scene.call()
    await scene.answers("a")
    second = await scene.call()
    await scene.rings("b")
    await scene.talk(5.2)
    await second.hang_up()
    await first.hang_up()


async def _holds(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk(0.5)
    await leg.hold()
    await scene.talk(3)
    await leg.hold(back=True)
    await scene.talk(1)
    await call.hang_up()


async def _internal(scene: Scene) -> None:
    call = await scene.call("a", "b")
    await scene.rings("b")
    await scene.talk(0.5)
    await call.hang_up()


async def _outbound(scene: Scene) -> None:
    call = await scene.caller.dial(scene.names["a"], "9" + scene.names["caller"])
    leg = await scene.customer_rings("caller")
    leg.answer()
    await leg.established()
    await scene.talk()
    await call.hang_up()


async def _outbound_unanswered(scene: Scene) -> None:
    call = await scene.caller.dial(scene.names["a"], "9" + scene.names["caller"])
    await scene.customer_rings("caller")
    await scene.talk(0.5)
    await call.hang_up()


ANSWERED = {"verdict": "answered", "direction": "inbound", "missed": False}
NO_ANSWER = {"verdict": "no_answer", "direction": "inbound", "missed": True, "agent": ""}

SCENARIOS = (
    Scenario(1, "phone_answered", _answered, {"{caller}": {**ANSWERED, "agent": "{a}", "did": "{did}"}}, RING),
    Scenario(2, "phone_agent_hangs_up", _agent_hangs_up, {"{caller}": {**ANSWERED, "agent": "{a}"}}, RING),
    Scenario(3, "phone_caller_gives_up", _caller_gives_up, {"{caller}": {**NO_ANSWER, "phones": ("{a}",)}}, RING),
    Scenario(4, "phone_caller_gives_up_at_once", _caller_gives_up_at_once, {"{caller}": {"verdict": "short"}}, RING),
    Scenario(5, "phone_rings_out", _rings_out, {"{caller}": NO_ANSWER}, RING),
    Scenario(6, "phone_busy", _rings_out, {"{caller}": {"verdict": "busy"}}, RING, behaviours={"a": BUSY}),
    Scenario(7, "phone_declines", _declines, {"{caller}": NO_ANSWER}, RING),
    Scenario(8, "phone_unregistered", _rings_out, {"{caller}": NO_ANSWER}, RING.replace("{a}", "{d}")),
    Scenario(9, "phone_picks_up_and_drops", _picks_up_and_drops, {"{caller}": NO_ANSWER}, RING),
    Scenario(10, "group_second_answers", _second_answers, {"{caller}": {**ANSWERED, "agent": "{b}"}}, GROUP),
    Scenario(11, "group_rings_out", _rings_out, {"{caller}": {**NO_ANSWER, "phones": ("{a}", "{b}")}}, GROUP),
    Scenario(12, "group_one_busy", _rings_out, {"{caller}": NO_ANSWER}, GROUP, behaviours={"a": BUSY}),
    Scenario(13, "hunt_second_answers", _second_answers, {"{caller}": {**ANSWERED, "agent": "{b}"}}, HUNT),
    Scenario(14, "hold_for_long", _holds, {"{caller}": {**ANSWERED, "agent": "{a}"}}, RING),
    Scenario(15, "internal_unanswered", _internal, {"{a}": {"missed": False, "direction": "internal"}}),
    Scenario(16, "outbound_answered", _outbound, {"{a}": {"verdict": "answered", "direction": "outbound"}}),
    Scenario(17, "outbound_unanswered", _outbound_unanswered, {"{a}": {"direction": "outbound", "missed": False}}),
    Scenario(
        18,
        "two_of_one_number",
        _two_of_one_number,
        {"{caller}": [{**ANSWERED, "agent": "{a}"}, NO_ANSWER]},
        GROUP.replace(",4)", ",20)"),
    ),
)
