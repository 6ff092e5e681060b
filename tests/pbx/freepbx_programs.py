"""FreePBX: calls that a program places, and those that are no customer's."""

from __future__ import annotations

import asyncio

from ringbackd.sandbox.phones import BUSY
from tests.pbx.freepbx_world import MISSED, did, freepbx, member
from tests.pbx.scenario import Scenario, Scene

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
