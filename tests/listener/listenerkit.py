"""Transcripts recorded on a real Asterisk 22, and events written by hand, through the tracker."""

from collections.abc import Iterable
from pathlib import Path

from ami_listener.settings import PbxSettings
from ami_listener.tracker import CallStarted, Event, Tracker
from ami_listener.wire import Framer
from ringback.call import Call

TRANSCRIPTS = Path(__file__).parent / "transcripts"
SETTINGS = PbxSettings.model_validate({"name": "lima", "secret": "s3cret"})


def transcript(name: str) -> list[Event]:
    framer = Framer()
    return list(framer.feed((TRANSCRIPTS / f"{name}.ami").read_bytes()))


def run(events: Iterable[Event], settings: PbxSettings = SETTINGS) -> list[CallStarted | Call]:
    tracker = Tracker(settings)
    outcomes = [outcome for event in events for outcome in tracker.feed(event, 0.0)]
    assert tracker.live() == set()
    return outcomes


def calls(events: Iterable[Event], settings: PbxSettings = SETTINGS) -> list[Call]:
    return [outcome for outcome in run(events, settings) if isinstance(outcome, Call)]


def only(events: Iterable[Event], settings: PbxSettings = SETTINGS) -> Call:
    (call,) = calls(events, settings)
    return call


class Script:
    """Events written as one would tell them: each method is one event, `at` moves the clock."""

    def __init__(self, at: float = 1000.0) -> None:
        self.at = at
        self.events: list[Event] = []
        self.channels: dict[str, dict[str, str]] = {}

    def talk(self, caller: str, phone: str, bridge: str, seconds: float) -> None:
        """They pick up and are together for so long."""
        self.up(phone)
        self.up(caller)
        self.enter(phone, bridge)
        self.enter(caller, bridge)
        self.wait(seconds)

    def wait(self, seconds: float) -> None:
        self.at += seconds

    def say(self, event: str, uid: str = "", **headers: str) -> None:
        self.events.append({"Event": event, "Timestamp": f"{self.at:.6f}", **self.channels.get(uid, {}), **headers})

    def start(self, uid: str, name: str, linked: str, context: str, exten: str = "s", number: str = "") -> None:
        self.channels[uid] = {
            "Channel": name,
            "ChannelStateDesc": "Ring",
            "CallerIDNum": number or "<unknown>",
            "CallerIDName": "<unknown>",
            "Context": context,
            "Exten": exten,
            "Uniqueid": uid,
            "Linkedid": linked,
        }
        self.say("Newchannel", uid)

    def up(self, uid: str) -> None:
        self.channels[uid]["ChannelStateDesc"] = "Up"
        self.say("Newstate", uid)

    def enter(self, uid: str, bridge: str, technology: str = "simple_bridge") -> None:
        self.say("BridgeEnter", uid, BridgeUniqueid=bridge, BridgeTechnology=technology)

    def leave(self, uid: str, bridge: str) -> None:
        self.say("BridgeLeave", uid, BridgeUniqueid=bridge)

    def hangup(self, *uids: str) -> None:
        for uid in uids:
            self.say("Hangup", uid, Cause="16")

    def inbound(self, uid: str = "1.1", did: str = "5550100", number: str = "987654321") -> None:
        self.start(uid, f"PJSIP/carrier-{uid}", uid, "from-trunk", did, number)

    def phone(self, uid: str, extension: str, linked: str = "1.1") -> None:
        self.start(uid, f"PJSIP/{extension}-{uid}", linked, "from-internal")


def trunk(script: Script, uid: str = "1.1", did: str = "74951000700", number: str = "79161000001") -> None:
    script.start(uid, f"PJSIP/SIPPTRUNK-{uid}", uid, "from-pstn", did, number)


def step(script: Script, uid: str, context: str, application: str = "Set", data: str = "") -> None:
    script.channels[uid]["Context"] = context
    script.say("Newexten", uid, Application=application, AppData=data, Privilege="dialplan,all")


def variable(script: Script, uid: str, name: str, value: str) -> None:
    script.say("VarSet", uid, Variable=name, Value=value, Privilege="dialplan,all")


def lean(script: Script) -> list[Event]:
    return [dict(event) for event in script.events if event.get("Privilege") != "dialplan,all"]
