"""Plain Asterisk: parking, pickup, conferences, masquerades, our own calls."""

from __future__ import annotations

from tests.pbx.scenario import ANSWERED, MISSED, Scenario, Scene

RING = """
[from-trunk]
exten => {did},1,Dial(PJSIP/{a},20,tTkK)
 same => n,Hangup()

[from-internal]
exten => {queue},1,Dial(PJSIP/{b},10)
 same => n,Hangup()
"""
QUEUE = """
[from-trunk]
exten => {did},1,Answer(,i)
 same => n,Queue({queue})
 same => n,Hangup()
"""
MEMBER = """
[{queue}](usual)
member => PJSIP/{a}
"""
INSIDE = """
[from-internal]
exten => {queue},1,Answer(,i)
 same => n,Queue({queue})
 same => n,Hangup()
"""
OUT = """
[from-trunk]
exten => {did},1,Dial(PJSIP/{second}@carrier,20)
 same => n,Hangup()
"""
CONFERENCE = """
[from-trunk]
exten => {did},1,Answer(,i)
 same => n,ConfBridge({queue})
 same => n,Hangup()

[from-internal]
exten => {queue},1,Answer(,i)
 same => n,ConfBridge({queue})
 same => n,Hangup()
"""


async def _parked(scene: Scene) -> str:
    """The agent parks the customer; the space he stands in."""
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer("700")
    return await scene.parked()


async def _picked_up_from_the_park(scene: Scene) -> None:
    call = await scene.call()
    space = await _parked(scene)
    await scene.talk(1)
    await scene.call("b", space)
    await scene.talk(2)
    await call.hang_up()


async def _parked_and_back(scene: Scene) -> None:
    call = await scene.call()
    await _parked(scene)
    await scene.answers("a")
    await scene.talk()
    await call.hang_up()


async def _parked_and_left(scene: Scene) -> None:
    call = await scene.call()
    await _parked(scene)
    await scene.talk(1)
    await call.hang_up()


async def _parked_back_in_vain(scene: Scene) -> None:
    call = await scene.call()
    await _parked(scene)
    await scene.rings("a")
    await scene.talk(1)
    await call.hang_up()


async def _picked_up_by_a_colleague(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.call("b", "*8" + scene.names["a"])
    await scene.talk(2)
    await call.hang_up()


async def _picked_up_for_the_team(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.call("b", "*9")
    await scene.talk(2)
    await call.hang_up()


async def _conference(scene: Scene) -> None:
    call = await scene.call()
    await call.established()
    agent = await scene.call("a", "queue")
    await agent.established()
    await scene.talk(2)
    await call.hang_up()
    await agent.hang_up()


async def _conference_alone(scene: Scene) -> None:
    call = await scene.call()
    await call.established()
    await scene.talk(5.5)
    await call.hang_up()


async def _redirected_to_a_phone(scene: Scene) -> None:
    call = await scene.call()
    await scene.answers("a")
    await scene.talk()
    await scene.redirect("caller", "queue")
    await scene.answers("b")
    await scene.talk()
    await call.hang_up()


async def _redirected_to_nobody(scene: Scene) -> None:
    call = await scene.call()
    await scene.answers("a")
    await scene.talk()
    await scene.redirect("caller", "queue")
    await scene.rings("b")
    await scene.talk(1)
    await call.hang_up()


async def _redirected_while_ringing(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.redirect("caller", "queue")
    await scene.answers("b")
    await scene.talk()
    await call.hang_up()


async def _anonymous(scene: Scene) -> None:
    call = await scene.caller.dial("anonymous", scene.names["did"], "Anonymous")
    await scene.rings("a")
    await scene.talk(5.5)
    await call.hang_up()


async def _spied_on(scene: Scene) -> None:
    """A supervisor who listens to the phone of an agent is nobody whom the customer talks to."""
    call = await scene.call()
    leg = await scene.rings("a")
    spy = await scene.call("b", "*5" + scene.names["a"])
    await scene.talk(5.5)
    await call.hang_up()
    await spy.hang_up()
    await leg.ended()


async def _sent_out_and_answered(scene: Scene) -> None:
    call = await scene.call()
    mobile = await scene.customer_rings("second")
    mobile.answer()
    await mobile.established()
    await scene.talk()
    await call.hang_up()


async def _sent_out_in_vain(scene: Scene) -> None:
    call = await scene.call()
    await scene.customer_rings("second")
    await scene.talk(5.5)
    await call.hang_up()


async def _colleague_in_the_queue(scene: Scene) -> None:
    call = await scene.call("b", "queue")
    await scene.rings("a")
    await scene.talk(5.5)
    await call.hang_up()


async def _we_ring_him(scene: Scene) -> None:
    await scene.originate("caller", "queue")
    customer = await scene.customer_rings("caller")
    customer.answer()
    await customer.established()
    await scene.answers("b")
    await scene.talk()
    await customer.hang_up()


async def _we_ring_in_vain(scene: Scene) -> None:
    await scene.originate("caller", "queue")
    (await scene.customer_rings("caller")).decline()
    await scene.talk(1)


async def _we_ring_and_no_agent_comes(scene: Scene) -> None:
    await scene.originate("caller", "queue")
    customer = await scene.customer_rings("caller")
    customer.answer()
    await scene.rings("b")
    await scene.talk(1)
    await customer.hang_up()


TAKEN = {**ANSWERED, "did": "{did}"}
LOST = {**MISSED, "verdict": "lost_in_transfer", "agent": "{a}"}

SCENARIOS = (
    Scenario(80, "parked_picked_up", _picked_up_from_the_park, {"{caller}": {**TAKEN, "agent": "{b}"}}, RING),
    Scenario(81, "parked_and_back", _parked_and_back, {"{caller}": {**TAKEN, "agent": "{a}"}}, RING),
    Scenario(82, "parked_abandoned", _parked_and_left, {"{caller}": LOST}, RING),
    Scenario(83, "parked_back_in_vain", _parked_back_in_vain, {"{caller}": LOST}, RING),
    Scenario(84, "pickup", _picked_up_by_a_colleague, {"{caller}": {**TAKEN, "agent": "{b}"}}, RING),
    Scenario(85, "pickup_in_queue", _picked_up_by_a_colleague,
             {"{caller}": {**TAKEN, "agent": "{b}", "queue": "{queue}"}}, QUEUE, MEMBER),
    Scenario(86, "conference", _conference, {"{caller}": {**TAKEN, "agent": "{a}"}}, CONFERENCE),
    Scenario(87, "conference_alone", _conference_alone, {"{caller}": {**MISSED, "verdict": "no_answer"}}, CONFERENCE),
    Scenario(88, "redirect_answered", _redirected_to_a_phone, {"{caller}": {**TAKEN, "agent": "{b}"}}, RING),
    Scenario(89, "redirect_lost", _redirected_to_nobody, {"{caller}": LOST}, RING),
    Scenario(90, "redirect_while_ringing", _redirected_while_ringing, {"{caller}": {**TAKEN, "agent": "{b}"}}, RING),
    Scenario(91, "anonymous_gives_up", _anonymous, {"anonymous": {**MISSED, "verdict": "no_answer"}}, RING),
    Scenario(92, "pickup_for_the_team", _picked_up_for_the_team, {"{caller}": {**TAKEN, "agent": "{b}"}}, RING),
    Scenario(93, "spied_on", _spied_on, {"{caller}": {**MISSED, "verdict": "no_answer"}}, RING),
    Scenario(94, "sent_out_answered", _sent_out_and_answered, {"{caller}": {**TAKEN, "agent": "{second}"}}, OUT),
    Scenario(95, "sent_out_in_vain", _sent_out_in_vain, {"{caller}": {**MISSED, "verdict": "no_answer"}}, OUT),
    Scenario(96, "colleague_in_the_queue", _colleague_in_the_queue,
             {"{b}": {"direction": "internal", "missed": False, "queue": "{queue}"}}, INSIDE, MEMBER),
    Scenario(97, "ours_answered", _we_ring_him,
             {"{caller}": {"direction": "ours", "verdict": "answered", "agent": "{b}", "customer_up": True}}, RING),
    Scenario(98, "ours_in_vain", _we_ring_in_vain,
             {"{caller}": {"direction": "ours", "verdict": "no_answer", "customer_up": False}}, RING),
    Scenario(99, "ours_without_an_agent", _we_ring_and_no_agent_comes,
             {"{caller}": {"direction": "ours", "verdict": "abandoned_queue", "customer_up": True}}, RING),
)  # fmt: skip
