"""FreePBX: calls that are handed on, parked or picked up."""

from __future__ import annotations

import asyncio

from ringbackd.sandbox.phones import BUSY
from ringbackd.sandbox.sip import State
from tests.pbx.freepbx_world import LOST, did, freepbx, member
from tests.pbx.scenario import ANSWERED, Scenario, Scene

TO_A = did("from-did-direct,{a},1")
TO_QUEUE = did("ext-queues,{queue},1")
ONE = "[{queue}](usual)\n" + member("a")
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
)  # fmt: skip
