"""FreePBX: calls that are handed on, parked, picked up, placed by a program, and those that are no customer's."""

from __future__ import annotations

import asyncio

from ringbackd.sandbox.phones import BUSY
from ringbackd.sandbox.sip import State
from tests.pbx.freepbx_world import LOST, MISSED, did, freepbx, member
from tests.pbx.scenario import ANSWERED, Scenario, Scene

TO_A = did("from-did-direct,{a},1")
TO_QUEUE = did("ext-queues,{queue},1")
ONE = "[{queue}](usual)\n" + member("a")
CLICK = {
    "Channel": "Local/{a}@from-internal",
    "Context": "from-internal",
    "Exten": "{caller}",
    "Priority": "1",
    "CallerID": "{caller} <{caller}>",
}
INTO_QUEUE = {"Context": "ext-queues", "Exten": "{queue}", "Priority": "1"}
QUEUE_C = "[{queue}](usual)\n" + member("c")


async def _blind(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer(scene.names["b"])
    await scene.answers("b")
    await scene.talk()
    await call.hang_up()


async def _blind_in_vain(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer(scene.names["b"])
    await scene.rings("b")
    await scene.talk(4)
    await call.hang_up()


async def _blind_to_busy(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer(scene.names["b"])
    await call.ended(seconds=30)


async def _blind_to_queue(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer(scene.names["queue"])
    await scene.answers("c")
    await scene.talk()
    await call.hang_up()


async def _blind_to_queue_in_vain(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer(scene.names["queue"])
    await scene.rings("c")
    await scene.talk(3)
    await call.hang_up()


async def _blind_outside(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer(scene.names["second"])
    outside = await scene.customer_rings("second")
    outside.answer()
    await outside.established()
    await scene.talk()
    await call.hang_up()


async def _blind_outside_in_vain(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer(scene.names["second"])
    await scene.customer_rings("second")
    await scene.talk(3)
    await call.hang_up()


async def _attended(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    consulted = await scene.call("a", "b")
    other = await scene.answers("b")
    await consulted.established()
    await asyncio.gather(leg.speak(0.5), other.speak(0.5))
    await leg.transfer(scene.names["b"], consulted=consulted)
    await other.speak(0.5)
    await scene.talk(2)
    await call.hang_up()


async def _attended_outside(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    consulted = await scene.call("a", "second")
    outside = await scene.customer_rings("second")
    outside.answer()
    await consulted.established()
    await scene.talk(1)
    await leg.transfer(scene.names["second"], consulted=consulted)
    await scene.talk(2)
    await call.hang_up()


async def _blonde(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    consulted = await scene.call("a", "b")
    await consulted.reached(State.RINGING)
    await leg.transfer(scene.names["b"], consulted=consulted)
    await scene.talk(1)
    await (await scene.answers("b")).speak(0.5)
    await scene.talk(2)
    await call.hang_up()


async def _blonde_in_vain(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    consulted = await scene.call("a", "b")
    await consulted.reached(State.RINGING)
    await leg.transfer(scene.names["b"], consulted=consulted)
    await scene.talk(4)
    await call.hang_up()


async def _blonde_by_keys_recalled(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.press("*2" + scene.names["b"])
    await scene.rings("b")
    await leg.hang_up()
    await (await scene.answers("a", seconds=25)).speak(0.5)
    await scene.talk(2)
    await call.hang_up()


async def _parked_and_taken(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer("70")
    space = await scene.parked()
    await leg.hang_up()
    taker = await scene.call("b", space)
    await taker.established()
    await scene.talk(2)
    await call.hang_up()


async def _parked_and_back(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer("70")
    await scene.parked()
    await leg.hang_up()
    await scene.answers("a")
    await scene.talk(2)
    await call.hang_up()


async def _parked_and_back_in_vain(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer("70")
    await scene.parked()
    await leg.hang_up()
    await call.ended(seconds=30)


async def _parked_and_gone(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.transfer("70")
    await scene.parked()
    await leg.hang_up()
    await scene.talk(2)
    await call.hang_up()


async def _picked_up(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    other = await scene.call("b", "**" + scene.names["a"])
    await other.established()
    await scene.talk(2)
    await call.hang_up()


async def _click_to_call(scene: Scene) -> None:
    """A program rings the agent first, then the customer."""
    await scene.program_calls(**CLICK)
    leg = await scene.answers("a")
    outside = await scene.customer_rings("caller")
    outside.answer()
    await outside.established()
    await scene.talk(2)
    await leg.hang_up()


async def _click_to_call_optimised(scene: Scene) -> None:
    """Once somebody speaks, Asterisk takes the Local channels out of the line."""
    await scene.program_calls(**CLICK)
    leg = await scene.answers("a")
    outside = await scene.customer_rings("caller")
    outside.answer()
    await outside.established()
    await asyncio.gather(leg.speak(0.5), outside.speak(0.5))
    await scene.talk(2)
    await outside.hang_up()


async def _click_on_a_phone(scene: Scene) -> None:
    await scene.program_calls(**{**CLICK, "Channel": "PJSIP/{a}"})
    leg = await scene.answers("a")
    outside = await scene.customer_rings("caller")
    outside.answer()
    await outside.established()
    await scene.talk(2)
    await leg.hang_up()


async def _click_to_call_in_vain(scene: Scene) -> None:
    await scene.program_calls(**CLICK)
    leg = await scene.answers("a")
    await scene.customer_rings("caller")
    await scene.talk(2)
    await leg.hang_up()


async def _click_to_call_agent_away(scene: Scene) -> None:
    await scene.program_calls(**CLICK, Timeout="2000")
    leg = await scene.rings("a")
    await leg.ended()


async def _customer_first(scene: Scene) -> None:
    """A program rings the customer first, on the trunk itself, then the queue."""
    await scene.program_calls(Channel="PJSIP/{caller}@carrier", **INTO_QUEUE)
    outside = await scene.customer_rings("caller")
    outside.answer()
    await scene.answers("a")
    await scene.talk(2)
    await outside.hang_up()


async def _customer_first_away(scene: Scene) -> None:
    await scene.program_calls(Channel="PJSIP/{caller}@carrier", Timeout="2000", **INTO_QUEUE)
    await (await scene.customer_rings("caller")).ended()


async def _rings_back(scene: Scene) -> None:
    """FreePBX's own callback: the customer rings, is hung up on, and is rung back into a queue."""
    await (await scene.call()).ended()
    await scene.program_calls(Channel="Local/{caller}@from-internal", CallerID="Callback", **INTO_QUEUE)
    outside = await scene.customer_rings("caller")
    outside.answer()
    leg = await scene.answers("a")
    await asyncio.gather(leg.speak(0.5), outside.speak(0.5))
    await scene.talk(2)
    await outside.hang_up()


async def _abandons_and_is_called_back(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.rings("a")
    await scene.talk(5.5)
    await call.hang_up()
    await leg.ended()
    await _click_to_call(scene)


async def _internal(scene: Scene) -> None:
    call = await scene.call("a", "b")
    await scene.rings("b")
    await scene.talk(1)
    await call.hang_up()


async def _internal_answered(scene: Scene) -> None:
    call = await scene.call("a", "b")
    await scene.answers("b")
    await scene.talk()
    await call.hang_up()


async def _outbound(scene: Scene) -> None:
    call = await scene.call("a", "caller")
    (await scene.customer_rings("caller")).answer()
    await call.established()
    await scene.talk()
    await call.hang_up()


async def _outbound_in_vain(scene: Scene) -> None:
    call = await scene.call("a", "caller")
    await scene.customer_rings("caller")
    await scene.talk(1)
    await call.hang_up()


async def _outbound_to_the_end(scene: Scene) -> None:
    await (await scene.call("a", "caller")).ended(seconds=20)


NO_CUSTOMERS = {"missed": False}
CLICKED = {"direction": "outbound", "verdict": "answered", "dialled": "{caller}", "agent": "{a}"}

SCENARIOS = freepbx(
    Scenario(170, "blind_answered", _blind, {"{caller}": {**ANSWERED, "agent": "{b}"}}, TO_A),
    Scenario(171, "blind_in_vain", _blind_in_vain, {"{caller}": {**LOST, "agent": "{a}"}}, TO_A),
    Scenario(172, "blind_to_busy", _blind_to_busy, {"{caller}": {**LOST, "agent": "{a}"}}, TO_A,
             behaviours={"b": BUSY}),
    Scenario(173, "blind_to_queue_answered", _blind_to_queue,
             {"{caller}": {**ANSWERED, "agent": "{c}", "queue": "{queue}"}}, TO_A, QUEUE_C),
    Scenario(174, "blind_to_queue_in_vain", _blind_to_queue_in_vain,
             {"{caller}": {**LOST, "agent": "{a}", "queue": "{queue}"}}, TO_A, QUEUE_C),
    Scenario(175, "blind_outside_answered", _blind_outside, {"{caller}": {**ANSWERED, "agent": "{second}"}}, TO_A),
    Scenario(176, "blind_outside_in_vain", _blind_outside_in_vain, {"{caller}": {**LOST, "agent": "{a}"}}, TO_A),
    Scenario(177, "attended", _attended, {"{caller}": {**ANSWERED, "agent": "{b}"}}, TO_A),
    Scenario(178, "attended_out_of_a_queue", _attended, {"{caller}": {**ANSWERED, "agent": "{b}"}}, TO_QUEUE, ONE),
    Scenario(179, "attended_outside", _attended_outside, {"{caller}": {**ANSWERED, "agent": "{second}"}}, TO_A),
    Scenario(180, "blonde_answered", _blonde, {"{caller}": {**ANSWERED, "agent": "{b}"}}, TO_A),
    Scenario(181, "blonde_in_vain", _blonde_in_vain, {"{caller}": {**LOST, "agent": "{a}"}}, TO_A),
    Scenario(182, "blonde_recalled", _blonde_by_keys_recalled, {"{caller}": {**ANSWERED, "agent": "{a}"}}, TO_A),
    Scenario(183, "parked_and_taken", _parked_and_taken, {"{caller}": {**ANSWERED, "agent": "{b}"}}, TO_A),
    Scenario(184, "parked_and_back", _parked_and_back, {"{caller}": {**ANSWERED, "agent": "{a}"}}, TO_A),
    Scenario(185, "parked_and_back_in_vain", _parked_and_back_in_vain, {"{caller}": {**LOST, "agent": "{a}"}}, TO_A),
    Scenario(186, "parked_and_gone", _parked_and_gone, {"{caller}": {**LOST, "agent": "{a}"}}, TO_A),
    Scenario(187, "picked_up", _picked_up, {"{caller}": {**ANSWERED, "agent": "{b}"}}, TO_A),
    Scenario(188, "picked_up_in_a_queue", _picked_up, {"{caller}": {**ANSWERED, "agent": "{b}", "queue": "{queue}"}},
             TO_QUEUE, ONE),
    Scenario(189, "click_to_call", _click_to_call,
             {"{a}": {"direction": "outbound", "verdict": "answered", "dialled": "{caller}", "agent": "{a}"}}),
    Scenario(190, "click_to_call_in_vain", _click_to_call_in_vain,
             {"{a}": {"direction": "outbound", "verdict": "no_answer", "dialled": "{caller}"}}),
    Scenario(191, "click_to_call_agent_away", _click_to_call_agent_away, {"{a}": NO_CUSTOMERS}),
    Scenario(192, "customer_first", _customer_first,
             {"{a}": {"direction": "outbound", "verdict": "answered", "dialled": "{caller}", "agent": "{a}"}}, "", ONE),
    Scenario(193, "customer_first_away", _customer_first_away, {"{caller}": []}, "", ONE),
    Scenario(194, "rings_back", _rings_back,
             {"{caller}": MISSED,
              "{a}": {"direction": "outbound", "verdict": "answered", "dialled": "{caller}", "agent": "{a}"}},
             did("callback,1,1"), ONE),
    Scenario(195, "abandons_and_is_called_back", _abandons_and_is_called_back,
             {"{caller}": {**MISSED, "verdict": "abandoned_queue"},
              "{a}": {"direction": "outbound", "verdict": "answered", "dialled": "{caller}", "agent": "{a}"}},
             TO_QUEUE, ONE),
    Scenario(196, "internal", _internal, {"{a}": {**NO_CUSTOMERS, "direction": "internal"}}),
    Scenario(197, "internal_answered", _internal_answered, {"{a}": {**NO_CUSTOMERS, "direction": "internal"}}),
    Scenario(198, "outbound_answered", _outbound,
             {"{a}": {**NO_CUSTOMERS, "direction": "outbound", "verdict": "answered", "dialled": "{caller}"}}),
    Scenario(199, "outbound_in_vain", _outbound_in_vain,
             {"{a}": {**NO_CUSTOMERS, "direction": "outbound", "verdict": "no_answer", "dialled": "{caller}"}}),
    Scenario(201, "click_to_call_optimised", _click_to_call_optimised, {"{a}": {**CLICKED, "talk": 2.5}}),
    Scenario(202, "click_on_a_phone", _click_on_a_phone, {"{a}": CLICKED}),
    Scenario(200, "outbound_busy", _outbound_to_the_end, {"{a}": {**NO_CUSTOMERS, "direction": "outbound"}},
             behaviours={"{caller}": BUSY}),
)  # fmt: skip
