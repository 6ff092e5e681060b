"""What FreePBX 17 writes for what docs/offer-recipes.md has the admin click, beside the FreePBX-like PBX of tests/pbx.

The same applications in the same order, labels and variables as its public sources generate them (release 17.0 of
queues, customappsreg, ivr, core, timeconditions; with Asterisk 21 Queue() has no macro, from queues 17.0.1.11 on).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ringbackd.sandbox.kit import Kit
from tests.offer.office import Office

ETC = Path(__file__).parents[1] / "pbx/etc/freepbx"

ROUTES = """
[globals]
DID_5550130=customdests,dest-1,1
DID_5550131=ext-queues,401,1
DID_5550132=timeconditions,1,1
TCFALSE_5550132=customdests,dest-2,1
DID_5550133=from-did-direct,101,1
DID_5550134=ivr-1,s,1
KEY2_5550134=customdests,dest-2,1
DID_5550135=ext-queues,400,1
DID_5550136=ext-queues,402,1
DID_5550137=ext-queues,403,1
DID_5550138=ext-queues,404,1

[ext-local]
exten => 101,1,Set(__RINGTIMER=3)
 same => n,Dial(PJSIP/101,${RINGTIMER})
 same => n(dest),Set(__PICKUPMARK=)
 same => n,GotoIf($["${DIALSTATUS}"="NOANSWER"]?customdests,dest-2,1)
exten => 101,hint,PJSIP/101
exten => 102,1,Dial(PJSIP/102,15)
exten => 102,hint,PJSIP/102
"""
"""Inbound routes, where the time condition and the menu lead, and an extension with a destination for No Answer."""

CUSTOM_DESTINATION = """
[customdests]
exten => dest-@NUMBER@,1,NoOp(Entering Custom Destination @TARGET@)
 same => n,Gosub(@TARGET@())
 same => n,NoOp(Returned from Custom Destination @TARGET@)
 same => n,Goto(@THEN@)
"""

BREAK_OUT_MENU = """
[ivr-@NUMBER@]
exten => s,1,Set(_IVR_CONTEXT=${CONTEXT})
exten => 1,1,Gosub(macro-blkvm-clr,s,1())
 same => n,Set(__NODEST=)
 same => n,Set(__ivrreturn=0)
 same => n(ivrsel-1),Goto(customdests,dest-@NUMBER@,1)
exten => h,1,Hangup()
"""

QUEUE = """
[from-queue]
exten => @QUEUE@,1,Goto(from-internal,${QAGENT},1)

[ext-queues]
exten => @QUEUE@,1,Gosub(macro-user-callerid,s,1())
 same => n,Answer()
 same => n,Set(__FROMQUEUEEXTEN=${CALLERID(number)})
 same => n,Gosub(macro-blkvm-set,s,1(reset))
 same => n,Set(__NODEST=${EXTEN})
 same => n,Set(__QCONTEXT=0)
 same => n,Set(QJOINMSG=${IF($[${LEN(${VQ_JOINMSG})}>0]?${IF($["${VQ_JOINMSG}"!="0"]?${VQ_JOINMSG}: )}:vm-goodbye)})
 same => n,Set(VQ_JOINMSG=)
 same => n(qoptions),Set(QOPTIONS=t)
 same => n(qgosub),Set(QGOSUB=${IF($[${LEN(${VQ_GOSUB})}>0]?${VQ_GOSUB}:${QGOSUB})})
 same => n(qrule),Set(QRULE=${IF($[${LEN(${VQ_RULE})}>0]?${IF($["${VQ_RULE}"!="0"]?${VQ_RULE}: )}:${QRULE})})
 same => n(qposition),Set(QPOSITION=${IF($[${LEN(${VQ_POSITION})}>0]?${VQ_POSITION}:${QPOSITION})})
 same => n,Set(VQ_POSITION=)
 same => n,Gosub(sub-record-check,s,1(q,@QUEUE@,dontcare))
 same => n,Set(__SIGNORE=TRUE)
 same => n,ExecIf($["${QJOINMSG}"!=""]?Playback(${QJOINMSG}, ))
 same => n,QueueLog(@QUEUE@,${UNIQUEID},NONE,DID,${FROM_DID})
 same => n,Set(QMAXWAIT=${IF($[${LEN(${VQ_MAXWAIT})}>0]?${VQ_MAXWAIT}:@WAIT@)})
 same => n,Set(VQ_MAXWAIT=)
 same => n,Set(QUEUENUM=@QUEUE@)
 same => n,Set(QUEUEJOINTIME=${EPOCH})
 same => n(qcall),Queue(@QUEUE@,${QOPTIONS},,,${QMAXWAIT},,@MACRO@${QGOSUB},${QRULE},${QPOSITION})
 same => n,Gosub(macro-blkvm-clr,s,1())
 same => n,Set(__NODEST=)
 same => n,Set(_QUEUE_PRIO=0)
 same => n,Set(QDEST=${VQ_DEST})
 same => n,Set(VQ_DEST=)
 same => n(gotodest),GotoIf($["${QDEST}"=""]?@THEN@:${CUT(QDEST,^,1)},${CUT(QDEST,^,2)},${CUT(QDEST,^,3)})
"""

QUEUE_CONF = """
[@QUEUE@](usual)
context=@MENU@
periodic-announce=custom/offer
periodic-announce-frequency=60
"""
AGENT = "\n[404](+)\nmember=Local/102@from-queue/n,0,Agent 102,hint:102@ext-local\n"

DESTINATIONS = {
    "1": ("ringback-offer,ventas,1", "ext-queues,400,1"),
    "2": ("ringback-offer,ventas,1", "app-blackhole,hangup,1"),
    "3": ("ringback-queue,400,1", "ext-queues,400,1"),
    "4": ("ringback-queue,402,1", "ext-queues,402,1"),
    "5": ("ringback-queue,404,1", "ext-queues,404,1"),
}
"""Custom destinations with Return = Yes: Target and Destination."""
QUEUES = {
    "400": (" ", "ivr-3", "customdests,dest-2,1"),
    "401": ("3", "", "customdests,dest-2,1"),
    "402": ("8", "ivr-4", "ext-queues,403,1"),
    "403": (" ", "", "app-blackhole,hangup,1"),
    "404": (" ", "ivr-5", "app-blackhole,hangup,1"),
}
"""Max Wait Time, IVR Break Out Menu and Fail Over Destination."""


def filled(text: str, **values: str) -> str:
    """A text with its marks replaced."""
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def dialplan(release: str) -> str:
    """extensions_additional.conf, as far as the offer is concerned."""
    parts = [ROUTES, *(filled(BREAK_OUT_MENU, NUMBER=number) for number in "345")]
    for number, (target, then) in DESTINATIONS.items():
        parts.append(filled(CUSTOM_DESTINATION, NUMBER=number, TARGET=target, THEN=then))
    for queue, (wait, _, then) in QUEUES.items():
        parts.append(filled(QUEUE, QUEUE=queue, WAIT=wait, THEN=then, MACRO="," if release == "16" else ""))
    return "".join(parts)


class FreePbx(Office):
    """The business's PBX, as FreePBX configures it."""

    def __init__(self, kit: Kit, folder: Path, *, release: str) -> None:
        super().__init__(kit, folder, release=release)
        self._release = release

    def configuration(self) -> Mapping[str, str]:
        """FreePBX's files; ours is included in extensions_custom.conf."""
        own = {**super().configuration(), **{path.name: path.read_text() for path in ETC.glob("*.conf")}}
        own["extensions.conf"] += '\n#include "@DIALPLAN@/extensions_ringback.conf"\n' + dialplan(self._release)
        queues = "".join(filled(QUEUE_CONF, QUEUE=queue, MENU=menu) for queue, (_, menu, _) in QUEUES.items())
        own["queues.conf"] += queues.replace("context=\n", "") + AGENT
        return own
