"""FreePBX: customers who wait in a queue whose members are Local channels, and where it sends them on."""

from __future__ import annotations

from ringbackd.sandbox.phones import BUSY
from tests.pbx.freepbx_world import ABANDONED, MISSED, did, freepbx, member
from tests.pbx.scenario import ANSWERED, Scenario, Scene

TO_QUEUE = did("ext-queues,{queue},1")
TIMES_OUT = TO_QUEUE + "QWAIT_{queue}=2\n"
ONE = "[{queue}](usual)\n" + member("a")
TWO = ONE + member("b")
STRICT = "[{queue}](strict)\n" + member("d")


async def _answered(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("b")
    await scene.talk(1)
    await scene.answers("a")
    await scene.talk(2)
    await call.hang_up()


async def _agent_hangs_up(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk(2)
    await leg.hang_up()
    await call.ended()


async def _abandons(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.talk(5.5)
    await call.hang_up()


async def _music(scene: Scene) -> None:
    call = await scene.call()
    await call.established()
    await scene.talk(5.5)
    await call.hang_up()


async def _to_the_end(scene: Scene) -> None:
    await (await scene.call()).ended(seconds=40)


async def _leaves_a_message(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.talk(4)
    await call.press("#")
    await call.speak(3)
    await call.hang_up()


async def _second_queue(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.answers("b")
    await scene.talk()
    await call.hang_up()


async def _second_queue_abandoned(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("b")
    await scene.talk(4)
    await call.hang_up()


async def _mobile(scene: Scene) -> None:
    call = await scene.call()
    (await scene.customer_rings("second")).answer()
    await scene.talk()
    await call.hang_up()


async def _mobile_in_vain(scene: Scene) -> None:
    call = await scene.call()
    await scene.customer_rings("second")
    await scene.talk(4)
    await call.hang_up()


async def _presses_one(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.customer_rings("second")
    leg.answer()
    await leg.established()
    await scene.talk(1)
    await leg.press("1")
    await scene.talk(2)
    await call.hang_up()


async def _nobody_presses(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.customer_rings("second")
    leg.answer()
    await leg.established()
    await scene.talk(5.5)
    await call.hang_up()


async def _internal(scene: Scene) -> None:
    call = await scene.call("c", "queue")
    await scene.rings("a")
    await scene.talk(1)
    await call.hang_up()


async def _two_at_once(scene: Scene) -> None:
    first = await scene.call()
    await scene.rings("a")
    second = await scene.call("second")
    await scene.answers("a")
    await scene.talk(5.5)
    await second.hang_up()
    await first.hang_up()


async def _exits_by_key(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await call.press("1")
    await scene.answers("b")
    await scene.talk()
    await call.hang_up()


SCENARIOS = freepbx(
    Scenario(100, "queue_answered", _answered,
             {"{caller}": {**ANSWERED, "agent": "{a}", "queue": "{queue}", "did": "{did}", "wait": 1.2, "talk": 2.0}},
             TO_QUEUE, TWO),
    Scenario(101, "queue_agent_hangs_up", _agent_hangs_up, {"{caller}": {**ANSWERED, "agent": "{a}"}}, TO_QUEUE, TWO),
    Scenario(102, "queue_abandoned_ringing", _abandons,
             {"{caller}": {**ABANDONED, "queue": "{queue}"}}, TO_QUEUE, TWO),
    Scenario(103, "queue_agents_decline", _music, {"{caller}": ABANDONED}, TO_QUEUE, TWO,
             behaviours={"a": BUSY, "b": BUSY}),
    Scenario(104, "queue_times_out", _to_the_end, {"{caller}": {**MISSED, "verdict": "queue_timeout"}}, TIMES_OUT, TWO),
    Scenario(105, "queue_times_out_to_voicemail", _leaves_a_message,
             {"{caller}": {**MISSED, "verdict": "voicemail", "reason": "message left", "queue": "{queue}"}},
             TIMES_OUT + "QDEST_{queue}=ext-local,vmu500,1\n", ONE, also_on_16=False),
    Scenario(106, "queue_overflows_answered", _second_queue,
             {"{caller}": {**ANSWERED, "agent": "{b}", "queue": "{queue}b", "queues": ("{queue}", "{queue}b")}},
             TIMES_OUT + "QDEST_{queue}=ext-queues,{queue}b,1\n", ONE + "[{queue}b](usual)\n" + member("b")),
    Scenario(107, "queue_overflows_abandoned", _second_queue_abandoned,
             {"{caller}": {**ABANDONED, "queue": "{queue}b", "queues": ("{queue}", "{queue}b")}},
             TIMES_OUT + "QDEST_{queue}=ext-queues,{queue}b,1\n", ONE + "[{queue}b](usual)\n" + member("b")),
    Scenario(108, "queue_joinempty", _to_the_end, {"{caller}": {**MISSED, "verdict": "queue_empty"}}, TO_QUEUE, STRICT,
             without_dialplan=("no_answer",)),
    Scenario(109, "queue_to_announcement", _to_the_end, {"{caller}": {**MISSED, "verdict": "queue_timeout"}},
             TIMES_OUT + "QDEST_{queue}=app-announcement-1,s,1\n", ONE),
    Scenario(110, "queue_to_menu", _to_the_end, {"{caller}": {**MISSED, "verdict": "abandoned_ivr"}},
             TIMES_OUT + "QDEST_{queue}=ivr-1,s,1\n", ONE, without_dialplan=("queue_timeout",)),
    Scenario(111, "queue_to_mobile_answered", _mobile, {"{caller}": {**ANSWERED, "agent": "{second}"}},
             TIMES_OUT + "QDEST_{queue}=ext-miscdests,{second},1\n", ONE),
    Scenario(112, "queue_to_mobile_in_vain", _mobile_in_vain, {"{caller}": {**MISSED, "verdict": "no_answer"}},
             TIMES_OUT + "QDEST_{queue}=ext-miscdests,{second},1\n", ONE),
    Scenario(113, "queue_mobile_member_confirms", _presses_one, {"{caller}": {**ANSWERED, "agent": "{second}"}},
             TO_QUEUE + "QCONFIRM_{queue}=YES\n", "[{queue}](usual)\nmember => Local/{second}@from-queue/n\n"),
    Scenario(114, "queue_mobile_voicemail_answers", _nobody_presses, {"{caller}": ABANDONED},
             TO_QUEUE + "QCONFIRM_{queue}=YES\n", "[{queue}](usual)\nmember => Local/{second}@from-queue/n\n"),
    Scenario(115, "queue_called_from_a_phone", _internal, {"{c}": {"direction": "internal", "missed": False}},
             TO_QUEUE, TWO),
    Scenario(116, "queue_two_callers", _two_at_once,
             {"{caller}": {**ANSWERED, "agent": "{a}"}, "{second}": ABANDONED}, TO_QUEUE, ONE),
    Scenario(117, "queue_left_by_key", _exits_by_key, {"{caller}": {**ANSWERED, "agent": "{b}"}},
             TO_QUEUE + "[ivr-{queue}]\nexten => 1,1,Goto(from-did-direct,{b},1)\n", ONE + "context = ivr-{queue}\n"),
    Scenario(118, "queue_agent_never_answers", _music, {"{caller}": {**ABANDONED, "phones": ("{a}",)}},
             TO_QUEUE, "[{queue}](usual)\ntimeout = 1\n" + member("a")),
)  # fmt: skip
