"""Two real Asterisks: the business's, which makes the offer, and the telephone company's with its customers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.kit import Kit

RECIPES = """
[from-trunk]
exten => 5550110,1,Goto(offered,s,1)
exten => 5550111,1,Goto(asked,s,1)
exten => 5550112,1,Goto(from-internal,waiting,queue)
exten => 5550113,1,Answer()
 same => n,Queue(lane)
exten => _555011[45],1,ExecIf($[${EXTEN} = 5550114]?Answer())
 same => n,Gosub(ringback-fastlane,ventas,1)
 same => n,Verbose(1,came back)
 same => n,Answer()
 same => n,Queue(lane)
exten => 5550120,1,Set(TESTTIME()=2026/11/23 10:00:00 UTC)
 same => n,Goto(sales-hours,s,1)
exten => 5550121,1,Goto(sales-hurried,s,1)
exten => 5550122,1,Set(TESTTIME()=2026/11/22 12:00:00 UTC)
 same => n,Goto(sales-hours,s,1)
exten => 5550123,1,Goto(sales-phone,s,1)
exten => 5550124,1,Goto(menu-sales,s,1)
exten => _55520XX,1,Answer()
 same => n,Set(__FROM_DID=${EXTEN})
 same => n,Goto(offered,s,offer)

[offered]
exten => s,1,Answer()
 same => n(offer),Gosub(ringback-offer,s,1)
 same => n,Verbose(1,came back)
 same => n,Wait(20)

[asked]
exten => s,1,Answer()
 same => n,Gosub(ringback-survey,ventas,1)
 same => n,Verbose(1,came back)
 same => n,Wait(20)

[from-internal]
exten => waiting,1(queue),Answer()
 same => n(join),Queue(waiting,,,,300,${RINGBACK_REJOIN})
 same => n,Hangup()

[lane-agent]
exten => s,1,Answer()
 same => n,Verbose(1,agent of ${RINGBACK_CASE} sees ${RINGBACK_SUMMARY})
 same => n,Wait(20)

[waiting-key]
exten => 1,1,Gosub(ringback-queue,waiting,1)
 same => n,Goto(from-internal,waiting,join)
"""
WATCHER = """
[watcher]
secret = @AMI_SECRET@
read = all
write = all
"""
QUEUE = """
[waiting](sandbox)
context = waiting-key

[lane](sandbox)
"""


DOCS = Path(__file__).parents[2] / "docs"


def recipes(kind: str, page: str = "offer-recipes.md") -> str:
    """The pieces of configuration of one kind in the recipes, as an admin would copy them."""
    return "\n".join(re.findall(rf"```{kind}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL))


def hurried() -> tuple[str, str]:
    """The recipe of the calls to sales, and that of the queue, for a business that lets nobody wait five minutes."""
    calls, queue = recipes("asterisk").split("\n\n")[0], recipes("queues")
    calls = calls.replace("sales-calls", "sales-hurried").replace("Queue(ventas", "Queue(hurried").replace("300", "3")
    return f"\n\n{calls}\n", queue.replace("[ventas](+)", "[hurried](sandbox)").replace("60", "1")


class Office(Pbx):
    """The business's PBX; keys come as RFC 4733 or, where the other side offers no such events, as tones."""

    def configuration(self) -> Mapping[str, str]:
        """The sandbox's files with the offer in them."""
        own = dict(super().configuration())
        calls, queue = hurried()
        own["extensions.conf"] += RECIPES + recipes("asterisk") + calls
        own["queues.conf"] += QUEUE + recipes("queues") + queue
        own["manager.conf"] += WATCHER
        own["voicemail.conf"] = "[default]\n101 => 1234,Sales\n"
        own["pjsip.conf"] = own["pjsip.conf"].replace("aors = carrier", "aors = carrier\ndtmf_mode = auto", 1)
        return own


EXCHANGE_PJSIP = """
[loopback]
type = transport
protocol = udp
bind = 127.0.0.1:@SIP_PORT@

[office](!)
type = endpoint
transport = loopback
context = customer
disallow = all
allow = ulaw
aors = office
direct_media = no

[office]
type = aor
contact = sip:127.0.0.1:@OFFICE_PORT@

[rfc4733](office)
dtmf_mode = rfc4733

[inband](office)
dtmf_mode = inband
"""
CUSTOMER = """
[customer]
exten => s,1,Answer()
 same => n,MixMonitor(@FOLDER@/whole-${CUSTOMER}.wav,r(@FOLDER@/heard-${CUSTOMER}.wav))
 same => n,Wait(300)
exten => _k.,1,SendDTMF(${EXTEN:1},100,100)
 same => n,Wait(300)
"""


class Exchange(Pbx):
    """The telephone company: what a customer hears is recorded in `heard-<customer>.wav`."""

    def __init__(self, kit: Kit, folder: Path, office: Pbx) -> None:
        super().__init__(kit, folder)
        self._office_port = office.sip_port

    def configuration(self) -> Mapping[str, str]:
        """Nothing but customers and the way to the office."""
        own = dict(super().configuration())
        # A telephone sends sound all the time; a tone that nothing follows would have no end.
        own["asterisk.conf"] += "transmit_silence = yes\n"
        own["manager.conf"] += WATCHER
        return {**own, "pjsip.conf": EXCHANGE_PJSIP, "extensions.conf": CUSTOMER}

    def values(self) -> dict[str, str]:
        """What the marks stand for."""
        return {**super().values(), "OFFICE_PORT": str(self._office_port)}
