"""FreePBX: customers whose call goes to an extension, a ring group, a follow-me, a menu or a closed door."""

from __future__ import annotations

from ringbackd.sandbox.phones import BUSY
from tests.pbx.freepbx_world import MISSED, did, freepbx
from tests.pbx.scenario import ANSWERED, Scenario, Scene

TO_A = did("from-did-direct,{a},1")
BOX = "VM_{a}=500\n"
TO_D = did("from-did-direct,{d},1")
TO_GROUP = did("ext-group,6{queue},1") + "RG_6{queue}=PJSIP/{a}&PJSIP/{b}\n"
TO_HUNT = did("ext-group,6{queue},1") + "RGHUNT_6{queue}={a}-{b}\n"
TO_MENU = did("ivr-1,s,1")
CLOSED = did("timeconditions,1,1")
MOBILE = "RG_6{queue}=Local/RG-6{queue}-{second}@from-internal/n\nRGCONFIRM_6{queue}=YES\n"
NO_ANSWER = {**MISSED, "verdict": "no_answer"}
IVR = {**MISSED, "verdict": "abandoned_ivr"}


async def _answered(scene: Scene) -> None:
    call = await scene.call()
    await scene.answers("a")
    await scene.talk(2)
    await call.hang_up()


async def _b_answers(scene: Scene) -> None:
    call = await scene.call()
    await scene.answers("b")
    await scene.talk(2)
    await call.hang_up()


async def _b_speaks(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.answers("b")
    await leg.speak(0.5)
    await scene.talk(2)
    await call.hang_up()


async def _gives_up(scene: Scene) -> None:
    call = await scene.call()
    await scene.rings("a")
    await scene.talk(5.5)
    await call.hang_up()


async def _to_the_end(scene: Scene) -> None:
    await (await scene.call()).ended(seconds=40)


async def _declined(scene: Scene) -> None:
    call = await scene.call()
    (await scene.rings("a")).decline()
    await call.ended(seconds=20)


async def _leaves_a_message(scene: Scene) -> None:
    call = await scene.call()
    await call.established()
    await call.press("#")
    await call.speak(3)
    await call.hang_up()


async def _leaves_none(scene: Scene) -> None:
    call = await scene.call()
    await call.established()
    await scene.talk(2)
    await call.hang_up()


async def _mobile(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.customer_rings("second")
    leg.answer()
    await leg.established()
    await scene.talk(2)
    await call.hang_up()


async def _mobile_confirms(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.customer_rings("second")
    leg.answer()
    await leg.established()
    await scene.talk(0.7)
    await leg.press("1")
    await scene.talk(2)
    await call.hang_up()


async def _mobile_voicemail(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.customer_rings("second")
    leg.answer()
    await leg.established()
    await scene.talk(4)
    await call.hang_up()


async def _mobile_voicemail_to_the_end(scene: Scene) -> None:
    call = await scene.call()
    leg = await scene.customer_rings("second")
    leg.answer()
    await call.ended(seconds=40)


async def _mobile_in_vain(scene: Scene) -> None:
    call = await scene.call()
    await scene.customer_rings("second")
    await scene.talk(5.5)
    await call.hang_up()


async def _in_the_menu(scene: Scene) -> None:
    call = await scene.call()
    await call.established()
    await scene.talk(5.5)
    await call.hang_up()


async def _wrong_keys(scene: Scene) -> None:
    call = await scene.call()
    await call.press("9")
    await scene.talk(1)
    await call.press("9")
    await call.ended(seconds=20)


async def _key_1_answered(scene: Scene) -> None:
    call = await scene.call()
    await call.press("1")
    await scene.answers("a")
    await scene.talk()
    await call.hang_up()


async def _key_1_rings(scene: Scene) -> None:
    call = await scene.call()
    await call.press("1")
    await scene.rings("a")
    await scene.talk(5)
    await call.hang_up()


async def _key_1_and_out(scene: Scene) -> None:
    call = await scene.call()
    await call.press("1")
    await call.ended(seconds=30)


async def _key_1_and_waits(scene: Scene) -> None:
    call = await scene.call()
    await call.press("1")
    await scene.talk(5.5)
    await call.hang_up()


async def _dials_an_extension(scene: Scene) -> None:
    call = await scene.call()
    for key in scene.names["a"]:
        await call.press(key)
        await scene.talk(0.4)
    await scene.answers("a")
    await scene.talk()
    await call.hang_up()


async def _anonymous(scene: Scene) -> None:
    call = await scene.call("anonymous")
    await scene.rings("a")
    await scene.talk(5.5)
    await call.hang_up()


async def _alone(scene: Scene) -> None:
    call = await scene.call()
    await call.established()
    await scene.talk(5.5)
    await call.hang_up()


async def _meet(scene: Scene) -> None:
    call = await scene.call()
    other = await scene.call("a", "8" + scene.names["queue"][1:])
    await other.established()
    await scene.talk(2)
    await call.hang_up()
    await other.hang_up()


SCENARIOS = freepbx(
    Scenario(120, "extension_answered", _answered, {"{caller}": {**ANSWERED, "agent": "{a}", "did": "{did}"}}, TO_A),
    Scenario(121, "extension_rings", _gives_up, {"{caller}": {**NO_ANSWER, "phones": ("{a}",)}}, TO_A),
    Scenario(122, "extension_busy", _to_the_end, {"{caller}": {**MISSED, "verdict": "busy"}}, TO_A,
             behaviours={"a": BUSY}),
    Scenario(123, "extension_declines", _declined, {"{caller}": NO_ANSWER}, TO_A),
    Scenario(124, "extension_does_not_disturb", _to_the_end, {"{caller}": {**MISSED, "verdict": "busy"}},
             TO_A + "DND_{a}=YES\n"),
    Scenario(125, "extension_unregistered", _to_the_end, {"{caller}": NO_ANSWER}, TO_D),
    Scenario(126, "extension_voicemail_left", _leaves_a_message,
             {"{caller}": {**MISSED, "verdict": "voicemail", "reason": "message left"}}, TO_A + BOX, also_on_16=False),
    Scenario(127, "extension_voicemail_not_left", _leaves_none,
             {"{caller}": {**MISSED, "verdict": "voicemail", "reason": "no message"}}, TO_A + BOX, also_on_16=False),
    Scenario(128, "extension_busy_voicemail", _leaves_a_message,
             {"{caller}": {**MISSED, "verdict": "voicemail", "reason": "message left"}}, TO_A + BOX,
             behaviours={"a": BUSY}, also_on_16=False),
    Scenario(129, "extension_unregistered_voicemail", _leaves_none,
             {"{caller}": {**MISSED, "verdict": "voicemail"}}, TO_D + "VM_{d}=500\n", also_on_16=False),
    Scenario(130, "extension_forwarded_answered", _mobile, {"{caller}": {**ANSWERED, "agent": "{second}"}},
             TO_A + "CF_{a}={second}\n"),
    Scenario(131, "extension_forwarded_in_vain", _mobile_in_vain, {"{caller}": NO_ANSWER}, TO_A + "CF_{a}={second}\n"),
    Scenario(132, "extension_forwards_unanswered", _mobile, {"{caller}": {**ANSWERED, "agent": "{second}"}},
             TO_A + "CFU_{a}={second}\n"),
    Scenario(133, "extension_forwards_busy", _b_answers, {"{caller}": {**ANSWERED, "agent": "{b}"}},
             TO_A + "CFB_{a}={b}\n", behaviours={"a": BUSY}),
    Scenario(134, "group_answered", _b_answers, {"{caller}": {**ANSWERED, "agent": "{b}"}}, TO_GROUP),
    Scenario(135, "group_rings_out", _to_the_end, {"{caller}": NO_ANSWER}, TO_GROUP),
    Scenario(136, "group_to_voicemail", _leaves_none,
             {"{caller}": {**MISSED, "verdict": "voicemail", "reason": "no message"}},
             TO_GROUP + "RGDEST_6{queue}=ext-local,vmu500,1\n", also_on_16=False),
    Scenario(137, "group_hunt", _b_answers, {"{caller}": {**ANSWERED, "agent": "{b}"}}, TO_HUNT),
    Scenario(138, "group_mobile_confirms", _mobile_confirms, {"{caller}": {**ANSWERED, "agent": "{second}"}},
             did("ext-group,6{queue},1") + MOBILE),
    Scenario(139, "group_mobile_voicemail", _mobile_voicemail_to_the_end, {"{caller}": NO_ANSWER},
             did("ext-group,6{queue},1") + MOBILE),
    Scenario(140, "follow_me_second_number", _b_speaks, {"{caller}": {**ANSWERED, "agent": "{b}"}},
             TO_A + "FM_{a}={b}\nFMPRE_{a}=2\n"),
    Scenario(141, "follow_me_first_number", _answered, {"{caller}": {**ANSWERED, "agent": "{a}"}},
             TO_A + "FM_{a}={b}\nFMPRE_{a}=4\n"),
    Scenario(142, "follow_me_mobile_confirms", _mobile_confirms, {"{caller}": {**ANSWERED, "agent": "{second}"}},
             TO_A + "FM_{a}={second}#\nFMPRE_{a}=1\n"),
    Scenario(143, "follow_me_mobile_voicemail", _mobile_voicemail, {"{caller}": NO_ANSWER},
             TO_A + "FM_{a}={second}#\nFMPRE_{a}=1\n"),
    Scenario(144, "menu_abandoned", _in_the_menu, {"{caller}": {**IVR, "reason": "ivr-1"}}, TO_MENU,
             without_dialplan=("no_answer",)),
    Scenario(145, "menu_no_key", _to_the_end, {"{caller}": IVR}, TO_MENU, without_dialplan=("no_answer",)),
    Scenario(146, "menu_wrong_keys", _wrong_keys, {"{caller}": IVR}, TO_MENU, without_dialplan=("no_answer",)),
    Scenario(147, "menu_to_extension_answered", _key_1_answered, {"{caller}": {**ANSWERED, "agent": "{a}"}},
             TO_MENU + "KEY1_{did}=from-did-direct,{a},1\n"),
    Scenario(148, "menu_to_extension_rings", _key_1_rings, {"{caller}": NO_ANSWER},
             TO_MENU + "KEY1_{did}=from-did-direct,{a},1\n"),
    Scenario(149, "menu_to_unregistered", _key_1_and_out, {"{caller}": NO_ANSWER},
             TO_MENU + "KEY1_{did}=from-did-direct,{d},1\n", without_dialplan=("abandoned_ivr",)),
    Scenario(150, "menu_to_menu", _key_1_and_waits, {"{caller}": {**IVR, "reason": "ivr-2"}},
             TO_MENU + "KEY1_{did}=ivr-2,s,1\n", without_dialplan=("no_answer",)),
    Scenario(151, "menu_extension_dialled", _dials_an_extension, {"{caller}": {**ANSWERED, "agent": "{a}"}},
             did("ivr-2,s,1")),
    Scenario(152, "closed_announcement", _to_the_end, {"{caller}": {**MISSED, "verdict": "closed"}},
             CLOSED + "TCFALSE_{did}=app-announcement-1,s,1\n", without_dialplan=("no_answer",)),
    Scenario(153, "closed_hangs_up", _to_the_end, {"{caller}": {**MISSED, "verdict": "closed"}},
             CLOSED + "TCFALSE_{did}=app-blackhole,hangup,1\n", without_dialplan=("no_answer",)),
    Scenario(154, "closed_voicemail", _leaves_a_message, {"{caller}": {**MISSED, "verdict": "voicemail"}},
             CLOSED + "TCFALSE_{did}=ext-local,vmu500,1\n", also_on_16=False),
    Scenario(155, "closed_busy_tone", _to_the_end, {"{caller}": {**MISSED, "verdict": "closed"}},
             CLOSED + "TCFALSE_{did}=app-blackhole,busy,1\n", without_dialplan=("busy",)),
    Scenario(156, "open_then_unregistered", _to_the_end, {"{caller}": NO_ANSWER},
             did("timeconditions,2,1") + "TCTRUE_{did}=from-did-direct,{d},1\n"),
    Scenario(157, "open_menu_abandoned", _in_the_menu, {"{caller}": IVR},
             did("timeconditions,2,1") + "TCTRUE_{did}=ivr-1,s,1\n", without_dialplan=("no_answer",)),
    Scenario(158, "day_mode_answered", _answered, {"{caller}": {**ANSWERED, "agent": "{a}"}},
             did("app-daynight,0,1") + "TCTRUE_{did}=from-did-direct,{a},1\n"),
    Scenario(159, "welcome_then_extension", _gives_up, {"{caller}": NO_ANSWER},
             did("app-announcement-2,s,1") + "WELCOMED_{did}=from-did-direct,{a},1\n"),
    Scenario(160, "blackhole_busy", _to_the_end, {"{caller}": {**MISSED, "verdict": "busy"}},
             did("app-blackhole,busy,1")),
    Scenario(161, "blackhole_ring", _alone, {"{caller}": NO_ANSWER}, did("app-blackhole,ring,1")),
    Scenario(162, "voicemail_blast", _leaves_a_message, {"{caller}": {**MISSED, "verdict": "voicemail"}},
             did("vmblast-grp,500,1"), also_on_16=False),
    Scenario(163, "conference_alone", _alone, {"{caller}": NO_ANSWER}, did("ext-meetme,8163,1")),
    Scenario(164, "conference_met", _meet, {"{caller}": {**ANSWERED, "agent": "{a}"}}, did("ext-meetme,8164,1")),
    Scenario(165, "anonymous_gives_up", _anonymous, {"anonymous": NO_ANSWER}, TO_A),
    Scenario(166, "misc_destination_answered", _mobile, {"{caller}": {**ANSWERED, "agent": "{second}"}},
             did("ext-miscdests,{second},1")),
)  # fmt: skip
