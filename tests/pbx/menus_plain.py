"""Plain Asterisk: menus, closed hours, announcements, voicemail: the PBX picks up, and nobody is there."""

from __future__ import annotations

from tests.pbx.scenario import ANSWERED, MISSED, Scenario, Scene

MENU = """
[from-trunk]
exten => {did},1,Goto(ivr-{queue},s,1)

[ivr-{queue}]
exten => s,1,Answer(,i)
 same => n(menu),Background(vm-press&digits/1)
 same => n,WaitExten(3)
exten => 1,1,Goto(ivr-{queue}-more,s,1)
exten => 2,1,Queue({queue})
 same => n,Hangup()
exten => 3,1,Dial(PJSIP/{b},2)
 same => n,Goto(s,menu)
exten => i,1,Goto(s,menu)
exten => t,1,Hangup()

[ivr-{queue}-more]
exten => s,1,Background(vm-press&digits/2)
 same => n,WaitExten(20)
exten => t,1,Hangup()
"""
READ = """
[from-trunk]
exten => {did},1,Answer(,i)
 same => n,Read(CHOICE,vm-press&digits/1,1,,1,6)
 same => n,Hangup()
"""
CLOSED = """
[from-trunk]
exten => {did},1,Goto(closed,s,1)
"""
EARLY = """
[from-trunk]
exten => {did},1,Progress()
 same => n,Playback(vm-goodbye&vm-goodbye&vm-goodbye&vm-goodbye&vm-goodbye&vm-goodbye&vm-goodbye,noanswer)
 same => n,Wait(6)
 same => n,Hangup()
"""
VOICEMAIL = """
[from-trunk]
exten => {did},1,Dial(PJSIP/{a},1)
 same => n,VoiceMail(500@default,u)
 same => n,Hangup()
"""
BUSY_TONE = """
[from-trunk]
exten => {did},1,Busy(5)
"""
CONGESTION = """
[from-trunk]
exten => {did},1,Congestion(5)
"""
NOWHERE = """
[from-trunk]
exten => {did},1,Dial(PJSIP/nobody-{queue},5)
 same => n,Hangup()
"""
WITH_NOISE = """
[from-trunk]
exten => {did},1,Set(CHANNEL(hangup_handler_push)={queue}-gone,s,1)
 same => n,CELGenUserEvent(NOISE,a person?)
 same => n,ForkCDR()
 same => n,UserEvent(Noise,Channel: PJSIP/{a}-00000000,Uniqueid: 1.1)
 same => n,Dial(PJSIP/{a},10,gU({queue}-before))
 same => n,CELGenUserEvent(NOISE,after)
 same => n,Hangup()

[{queue}-gone]
exten => s,1,NoOp(gone)
 same => n,Wait(0.5)
 same => n,Return()

[{queue}-before]
exten => s,1,NoOp(the phone's own dialplan)
 same => n,Return()
"""
MEMBER = """
[{queue}](usual)
member => PJSIP/{a}
"""


async def _in_the_first_menu(scene: Scene) -> None:
    call = await scene.call()
    await call.established()
    await scene.talk(1)
    await call.press("9")
    await scene.talk(4.5)
    await call.hang_up()


async def _in_the_second_menu(scene: Scene) -> None:
    call = await scene.call()
    await call.press("1")
    await scene.talk(5.5)
    await call.hang_up()


async def _until_the_end(scene: Scene) -> None:
    await (await scene.call()).ended(seconds=30)


async def _to_the_queue(scene: Scene) -> None:
    call = await scene.call()
    await call.press("2")
    await scene.answers("a")
    await scene.talk()
    await call.hang_up()


async def _to_a_phone_and_back(scene: Scene) -> None:
    call = await scene.call()
    await call.press("3")
    await scene.rings("b")
    await scene.talk(5)
    await call.hang_up()


async def _listens_and_leaves(scene: Scene) -> None:
    call = await scene.call()
    await scene.talk(5.5)
    await call.hang_up()


async def _leaves_a_message(scene: Scene) -> None:
    call = await scene.call()
    await call.established()
    await call.press("#")
    await call.speak(4)
    await call.hang_up()


async def _leaves_none(scene: Scene) -> None:
    call = await scene.call()
    await call.established()
    await scene.talk(4)
    await call.hang_up()


async def _talks(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("a")
    await scene.talk()
    await leg.hang_up()
    await call.ended()


async def _refused(scene: Scene) -> None:
    await (await scene.call()).ended(seconds=20)


def _lost(verdict: str, **more: str) -> dict[str, object]:
    return {**MISSED, "verdict": verdict, **more}


SCENARIOS = (
    Scenario(40, "menu_abandoned_first", _in_the_first_menu,
             {"{caller}": _lost("abandoned_ivr", reason="ivr-{queue}")}, MENU),
    Scenario(41, "menu_abandoned_second", _in_the_second_menu,
             {"{caller}": _lost("abandoned_ivr", reason="ivr-{queue}-more")}, MENU),
    Scenario(42, "menu_timeout", _until_the_end, {"{caller}": _lost("abandoned_ivr")}, MENU),
    Scenario(43, "menu_then_queue_answered", _to_the_queue,
             {"{caller}": {**ANSWERED, "agent": "{a}", "queue": "{queue}"}}, MENU, MEMBER),
    Scenario(44, "menu_phone_and_back", _to_a_phone_and_back,
             {"{caller}": _lost("abandoned_ivr", reason="ivr-{queue}")}, MENU),
    Scenario(45, "menu_by_read", _until_the_end, {"{caller}": _lost("abandoned_ivr", reason="from-trunk")}, READ),
    Scenario(46, "closed_announcement", _until_the_end, {"{caller}": _lost("closed")}, CLOSED),
    Scenario(47, "early_media_only", _listens_and_leaves, {"{caller}": _lost("no_answer")}, EARLY),
    Scenario(48, "voicemail_left", _leaves_a_message,
             {"{caller}": _lost("voicemail", reason="message left")}, VOICEMAIL, also_on_16=False),
    Scenario(49, "voicemail_not_left", _leaves_none, {"{caller}": _lost("voicemail", reason="no message")}, VOICEMAIL,
             also_on_16=False),
    Scenario(50, "busy_tone", _refused, {"{caller}": _lost("busy")}, BUSY_TONE),
    Scenario(51, "congestion_tone", _refused, {"{caller}": _lost("failed")}, CONGESTION),
    Scenario(52, "phone_that_does_not_exist", _refused, {"{caller}": _lost("no_answer")}, NOWHERE),
    Scenario(53, "noise_of_the_dialplan", _talks, {"{caller}": {**ANSWERED, "agent": "{a}"}}, WITH_NOISE),
)  # fmt: skip
