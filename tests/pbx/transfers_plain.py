"""Plain Asterisk: customers who are handed on: transfers of every kind, parking, pickup."""

from __future__ import annotations

from ringbackd.sandbox.phones import BUSY
from ringbackd.sandbox.sip import State
from tests.pbx.scenario import ANSWERED, MISSED, Scenario, Scene

RING = """
[from-trunk]
exten => {did},1,Dial(PJSIP/{a},10,tT)
 same => n,Hangup()

[from-internal]
exten => {queue},1,Answer(,i)
 same => n,Queue({queue})
 same => n,Hangup()
exten => 6{queue},1,Dial(PJSIP/{b},2)
 same => n,Hangup()
"""
QUEUE = """
[from-trunk]
exten => {did},1,Answer(,i)
 same => n,Queue({queue},tT)
 same => n,Hangup()
"""
MEMBERS = """
[{queue}](usual)
member => PJSIP/{c}
"""
MEMBER_A = """
[{queue}](usual)
member => PJSIP/{a}
"""


async def _blind(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer(scene.names["b"])
    await scene.answers("b")
    await scene.talk()
    await call.hang_up()


async def _blind_to_nobody(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer("6" + scene.names["queue"])
    await scene.rings("b")
    await call.ended(seconds=20)


async def _blind_and_he_hangs_up(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer(scene.names["b"])
    await scene.rings("b")
    await scene.talk(1)
    await call.hang_up()


async def _blind_to_a_busy_phone(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer(scene.names["b"])
    await call.ended(seconds=20)


async def _blind_into_a_queue(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer(scene.names["queue"])
    await scene.rings("c")
    await scene.talk(1)
    await call.hang_up()


async def _blind_into_a_queue_answered(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer(scene.names["queue"])
    await scene.answers("c")
    await scene.talk()
    await call.hang_up()


async def _attended(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.hold()
    asks = await scene.call("a", "b")
    await scene.answers("b")
    await scene.talk()
    await leg.transfer(scene.names["b"], consulted=asks)
    await scene.talk(2)
    await call.hang_up()


async def _consulted_in_vain(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.hold()
    asks = await scene.call("a", "b")
    await scene.rings("b")
    await scene.talk(0.5)
    await asks.hang_up()
    await leg.hold(back=True)
    await scene.talk()
    await call.hang_up()


async def _blonde(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    asks = await scene.call("a", "b")
    await scene.rings("b")
    await asks.reached(State.RINGING)
    await leg.transfer(scene.names["b"], consulted=asks)
    await scene.talk(1)
    await scene.answers("b")
    await scene.talk()
    await call.hang_up()


async def _blonde_unanswered(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    asks = await scene.call("a", "b")
    await scene.rings("b")
    await asks.reached(State.RINGING)
    await leg.transfer(scene.names["b"], consulted=asks)
    await scene.talk(3)
    await call.hang_up()


async def _blind_by_keys(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.press("##" + scene.names["b"])
    await scene.answers("b")
    await scene.talk()
    await call.hang_up()


async def _attended_by_keys(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.press("*2" + scene.names["b"])
    await scene.answers("b")
    await scene.talk()
    await leg.hang_up()
    await scene.talk()
    await call.hang_up()


async def _blonde_by_keys(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.press("*2" + scene.names["b"])
    await scene.rings("b")
    await leg.hang_up()
    await scene.talk(1)
    await scene.answers("b")
    await scene.talk()
    await call.hang_up()


async def _blonde_recalled(scene: Scene) -> None:
    """The colleague declines, so the PBX rings the one who passed the call on.

    When he lets it ring out, Asterisk now and then drops the customer in the very moment in which it rings back.
    """
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.press("*2" + scene.names["b"])
    asked = await scene.rings("b")
    await leg.hang_up()
    asked.decline()
    await scene.answers("a", seconds=20)
    await scene.talk()
    await call.hang_up()


async def _blonde_recalled_in_vain(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.press("*2" + scene.names["b"])
    asked = await scene.rings("b")
    await leg.hang_up()
    asked.decline()
    await scene.rings("a", seconds=20)
    await scene.talk(1)
    await call.hang_up()


async def _three(scene: Scene) -> None:
    """Handed on twice: the last one has him."""
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer(scene.names["b"])
    second = await scene.answers("b")
    await scene.talk()
    await second.transfer(scene.names["c"])
    await scene.answers("c")
    await scene.talk()
    await call.hang_up()


TAKEN = {**ANSWERED, "did": "{did}"}
LOST = {**MISSED, "verdict": "lost_in_transfer", "agent": "{a}"}

SCENARIOS = (
    Scenario(60, "blind_answered", _blind, {"{caller}": {**TAKEN, "agent": "{b}"}}, RING),
    Scenario(61, "blind_to_nobody", _blind_to_nobody, {"{caller}": LOST}, RING),
    Scenario(62, "blind_he_hangs_up", _blind_and_he_hangs_up, {"{caller}": LOST}, RING),
    Scenario(63, "blind_to_busy", _blind_to_a_busy_phone, {"{caller}": LOST}, RING, behaviours={"b": BUSY}),
    Scenario(64, "blind_into_queue_abandoned", _blind_into_a_queue, {"{caller}": LOST}, RING, MEMBERS),
    Scenario(65, "blind_into_queue_answered", _blind_into_a_queue_answered,
             {"{caller}": {**TAKEN, "agent": "{c}"}}, RING, MEMBERS),
    Scenario(66, "attended_completed", _attended, {"{caller}": {**TAKEN, "agent": "{b}"}}, RING),
    Scenario(67, "consulted_in_vain", _consulted_in_vain, {"{caller}": {**TAKEN, "agent": "{a}"}}, RING),
    Scenario(68, "blonde_answered", _blonde, {"{caller}": {**TAKEN, "agent": "{b}"}}, RING),
    Scenario(69, "blonde_unanswered", _blonde_unanswered, {"{caller}": LOST}, RING),
    Scenario(70, "keys_blind", _blind_by_keys, {"{caller}": {**TAKEN, "agent": "{b}"}}, RING),
    Scenario(71, "keys_attended", _attended_by_keys, {"{caller}": {**TAKEN, "agent": "{b}"}}, QUEUE, MEMBER_A),
    Scenario(72, "keys_blonde", _blonde_by_keys, {"{caller}": {**TAKEN, "agent": "{b}"}}, RING),
    Scenario(73, "keys_blonde_recalled", _blonde_recalled, {"{caller}": {**TAKEN, "agent": "{a}"}}, RING),
    Scenario(74, "keys_blonde_recalled_in_vain", _blonde_recalled_in_vain, {"{caller}": LOST}, RING),
    Scenario(75, "handed_on_twice", _three, {"{caller}": {**TAKEN, "agent": "{c}"}}, RING),
)  # fmt: skip
