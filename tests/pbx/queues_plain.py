"""Plain Asterisk: customers who wait in a queue, and what becomes of them."""

from __future__ import annotations

from ringbackd.sandbox.phones import BUSY
from tests.pbx.scenario import ANSWERED, MISSED, Scenario, Scene

QUEUE = """
[from-trunk]
exten => {did},1,Answer(,i)
 same => n,Queue({queue})
 same => n,Hangup()
"""
AFTER_A_PROMPT = """
[from-trunk]
exten => {did},1,Answer(,i)
 same => n,Playback(vm-goodbye)
 same => n,Queue({queue})
 same => n,Hangup()
"""
TIMEOUT = """
[from-trunk]
exten => {did},1,Answer(,i)
 same => n,Queue({queue},,,,3)
 same => n,Hangup()
"""
TIMEOUT_VOICEMAIL = """
[from-trunk]
exten => {did},1,Answer(,i)
 same => n,Queue({queue},,,,2)
 same => n,VoiceMail(500@default,u)
"""
OVERFLOW = """
[from-trunk]
exten => {did},1,Answer(,i)
 same => n,Queue({queue},,,,3)
 same => n,Queue({queue}b)
 same => n,Hangup()
"""
EXIT = """
[from-trunk]
exten => {did},1,Answer(,i)
 same => n,Queue({queue})
 same => n,Hangup()

[{queue}-exit]
exten => 1,1,Dial(PJSIP/{b},10)
 same => n,Hangup()
"""

ONE = """
[{queue}](usual)
member => PJSIP/{a}
"""
TWO = """
[{queue}](usual)
member => PJSIP/{a}
member => PJSIP/{b}
"""
NOBODY = """
[{queue}](usual)
"""
STRICT = """
[{queue}](usual)
joinempty = strict
member => PJSIP/{d}
"""
LEAVES = """
[{queue}](usual)
timeout = 3
leavewhenempty = paused
member => PJSIP/{a}
"""
ONE_PLACE = """
[{queue}](usual)
maxlen = 1
"""
WITH_EXIT = """
[{queue}](usual)
context = {queue}-exit
member => PJSIP/{a}
"""


async def _answered(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.talk(1)
    await scene.answers("a")
    await scene.talk(2)
    await call.hang_up()


async def _second_takes_it(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.answers("b")
    await scene.talk()
    await call.hang_up()


async def _first_busy(scene: Scene) -> None:
    call = await scene.call()
    await scene.answers("b")
    await scene.talk()
    await call.hang_up()


async def _abandons(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.talk(5.5)
    await call.hang_up()


async def _abandons_at_once(scene: Scene) -> None:
    call = await scene.call()
    await call.established()
    await scene.talk(0.7)
    await call.hang_up()


async def _abandons_the_music(scene: Scene) -> None:
    call = await scene.call()
    await call.established()
    await scene.talk(5.5)
    await call.hang_up()


async def _waits_to_the_end(scene: Scene) -> None:
    await (await scene.call()).ended(seconds=30)


async def _leaves_a_message(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.talk(3)
    await call.press("#")
    await call.speak(3)
    await call.hang_up()


async def _overflows(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.answers("b")
    await scene.talk()
    await call.hang_up()


async def _no_place_left(scene: Scene) -> None:
    first = await scene.call()
    await first.established()
    await (await scene.call("second")).ended()
    await scene.talk(5)
    await first.hang_up()


async def _last_agent_leaves(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.pbx.cli(scene.scenario.filled("queue pause member PJSIP/{a} queue {queue}"))
    await call.ended(seconds=30)


async def _exits_with_a_key(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await call.press("1")
    await scene.answers("b")
    await scene.talk()
    await call.hang_up()


async def _agent_drops(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk(0.2)
    await leg.hang_up()
    await call.ended()


async def _agent_declines(scene: Scene) -> None:
    call = await scene.call()
    (await scene.rings("a")).decline()
    await scene.talk(5.5)
    await call.hang_up()


async def _reload_while_waiting(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.pbx.cli("queue reload all")
    await scene.answers("a")
    await scene.talk(0.5)
    await scene.pbx.cli("core reload")
    await scene.talk()
    await call.hang_up()


TAKEN = {**ANSWERED, "agent": "{a}", "queue": "{queue}", "did": "{did}"}
LEFT = {**MISSED, "verdict": "abandoned_queue", "queue": "{queue}"}

SCENARIOS = (
    Scenario(20, "queue_answered", _answered, {"{caller}": TAKEN}, QUEUE, ONE),
    Scenario(21, "queue_second_takes_it", _second_takes_it, {"{caller}": {**TAKEN, "agent": "{b}"}}, QUEUE, TWO),
    Scenario(22, "queue_local_n", _answered, {"{caller}": TAKEN}, QUEUE,
             "[{queue}](usual)\nmember => Local/{a}@queue-members/n\n"),
    Scenario(23, "queue_local_optimised", _answered, {"{caller}": TAKEN}, QUEUE,
             "[{queue}](usual)\nmember => Local/{a}@queue-members\n"),
    Scenario(24, "queue_abandoned_ringing", _abandons, {"{caller}": LEFT}, QUEUE, ONE),
    Scenario(25, "queue_abandoned_music", _abandons_the_music, {"{caller}": LEFT}, QUEUE, NOBODY),
    Scenario(26, "queue_abandoned_after_prompt", _abandons_the_music, {"{caller}": LEFT}, AFTER_A_PROMPT, NOBODY),
    Scenario(27, "queue_timeout", _waits_to_the_end,
             {"{caller}": {**MISSED, "verdict": "queue_timeout", "queue": "{queue}"}}, TIMEOUT, ONE),
    Scenario(28, "queue_timeout_voicemail", _leaves_a_message,
             {"{caller}": {**MISSED, "verdict": "voicemail", "queue": "{queue}", "reason": "message left"}},
             TIMEOUT_VOICEMAIL, ONE, also_on_16=False),
    Scenario(29, "queue_overflow_answered", _overflows,
             {"{caller}": {**TAKEN, "agent": "{b}", "queue": "{queue}b", "queues": ("{queue}", "{queue}b")}},
             OVERFLOW, ONE + "\n[{queue}b](usual)\nmember => PJSIP/{b}\n"),
    Scenario(30, "queue_full", _no_place_left,
             {"{caller}": LEFT, "{second}": {**MISSED, "verdict": "queue_full", "queue": "{queue}"}}, QUEUE, ONE_PLACE),
    Scenario(31, "queue_joinempty", _waits_to_the_end,
             {"{caller}": {**MISSED, "verdict": "queue_empty", "queue": "{queue}"}}, QUEUE, STRICT),
    Scenario(32, "queue_leaveempty", _last_agent_leaves,
             {"{caller}": {**MISSED, "verdict": "queue_empty", "queue": "{queue}"}}, QUEUE, LEAVES),
    Scenario(33, "queue_exit_with_key", _exits_with_a_key, {"{caller}": {**TAKEN, "agent": "{b}"}}, EXIT, WITH_EXIT),
    Scenario(34, "queue_agent_drops_him", _agent_drops, {"{caller}": {**MISSED, "verdict": "no_answer"}}, QUEUE, ONE),
    Scenario(35, "queue_agent_declines", _agent_declines, {"{caller}": LEFT}, QUEUE, ONE),
    Scenario(36, "queue_one_busy", _first_busy, {"{caller}": {**TAKEN, "agent": "{b}"}}, QUEUE, TWO,
             behaviours={"a": BUSY}),
    Scenario(37, "queue_reloads", _reload_while_waiting, {"{caller}": TAKEN}, QUEUE, ONE),
    Scenario(38, "queue_short", _abandons_at_once,
             {"{caller}": {**MISSED, "verdict": "short", "queue": "{queue}"}}, QUEUE, NOBODY),
    Scenario(39, "queue_after_an_unanswered_try", _answered, {"{caller}": TAKEN},
             QUEUE.replace("Queue(", "Dial(PJSIP/{b},1)\n same => n,Queue("), ONE),
)  # fmt: skip
