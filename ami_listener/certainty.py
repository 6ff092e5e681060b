"""What a CEL proves: of calls that ended in it, verdicts that it does not bear out become unknown. Pure.

Facts, seen on Asterisk 16 and 22 and on FreePBX 17: the CEL has no QUEUESTATUS and not every application, so a caller
whom Queue() let go, or whom the dialplan sent away unheard, looks the same for several reasons; hangupsource names the
caller's channel also where Busy() or Congestion() ended the call; and a transfer that failed may leave no row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ami_listener.channels import MACHINES, technology
from ami_listener.registry import Event
from ringback.call import Call, Direction, Verdict

WENT_ON_S = 3.0
"""Hang-up handlers take so long at most; a caller who is there longer after his talk was not only hung up."""

EARLY_S = 1.5
"""Queue() looks at its timeout once a second, and FreePBX's times are whole seconds."""

BUSY_CAUSES = frozenset({"17", "21"})
CANCELLED_CAUSES = frozenset({"0", "16", "26", "127", ""})
"""Q.931 causes of a phone that was busy or declined, and of one that rang until somebody gave up."""

UNREACHED = {"s-CHANUNAVAIL": Verdict.NO_ANSWER, "s-NOANSWER": Verdict.NO_ANSWER, "s-BUSY": Verdict.BUSY}
"""Extensions of FreePBX's macro-exten-vm, named by DIALSTATUS: there a call ends for which no phone rang."""


@dataclass(slots=True)
class Trail:
    """What the CEL said of one call. `legs`: the causes with which phones hung up, by Uniqueid, "?" until they do."""

    legs: dict[str, str] = field(default_factory=dict)
    queue_since: float = 0.0
    queue_limit: float = 0.0
    timed_out: bool = False
    talk_ended: float = 0.0
    rang_on: bool = False
    attended: bool = False
    context: str = ""
    last: str = ""
    exten: str = ""
    hung_up: float = 0.0


class Certainty:
    """Watches the events of a CEL on their way into a tracker. It is made for one reading of the CEL."""

    def __init__(self) -> None:
        self._trails: dict[str, Trail] = {}

    def see(self, event: Event) -> None:
        """Take note of an event."""
        linkedid, uniqueid = event["Linkedid"], event["Uniqueid"]
        trail = self._trails.setdefault(linkedid, Trail())
        name, at = event["Event"], float(event["Timestamp"])
        if name == "AttendedTransfer":
            trail.attended = True
        elif uniqueid == linkedid:
            _see_caller(trail, name, at, event)
        elif technology(event["Channel"]) not in MACHINES:
            _see_phone(trail, name, at, event)

    def settle(self, call: Call) -> Call:
        """The call, of unknown verdict where the CEL does not bear out what it was taken for."""
        trail = self._trails.pop(call.linkedid, Trail())
        if call.direction is not Direction.INBOUND:
            return call
        if not trail.legs and call.verdict in UNHEARD and trail.exten in UNREACHED:
            return call.model_copy(update={"verdict": UNREACHED[trail.exten], "reason": trail.exten})
        proof = PROOFS.get(call.verdict)
        if proof is None or proof(trail, call):
            return call
        reason = f"the CEL does not tell whether it was {call.verdict}"
        return call.model_copy(update={"verdict": Verdict.UNKNOWN, "reason": reason, "agent": ""})


def _see_caller(trail: Trail, name: str, at: float, event: Event) -> None:
    if name == "QueueCallerJoin":
        trail.queue_since, trail.timed_out = at, False
        trail.queue_limit = _limit(event.get("AppData", ""))
    elif name == "QueueCallerLeave" and trail.queue_since:
        trail.timed_out = 0.0 < trail.queue_limit <= at - trail.queue_since + EARLY_S
    elif name == "Hangup":
        trail.hung_up, trail.exten, trail.last = at, event.get("Exten", ""), event.get("Context", "")
    if name not in {"Hangup", "HangupRequest", "DialEnd"}:
        trail.context = event.get("Context", "")


def _see_phone(trail: Trail, name: str, at: float, event: Event) -> None:
    if name == "Newchannel":
        trail.legs[event["Uniqueid"]] = "?"
        trail.rang_on = True
    elif name == "BridgeLeave":
        trail.talk_ended, trail.rang_on = at, False
    elif name == "Hangup":
        trail.legs[event["Uniqueid"]] = event.get("Cause", "")


def _limit(appdata: str) -> float:
    """Seconds after which Queue(name,options,url,announce,timeout,...) gives up; 0.0 for never."""
    text = [*appdata.split(","), "", "", "", "", ""][4].strip()
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _answered(trail: Trail, call: Call) -> bool:
    """The person was there until the end; of whole seconds a single one may have been no time at all."""
    coarse = call.talk == int(call.talk) and call.talk < 2.0
    return not coarse and not trail.rang_on and trail.hung_up - trail.talk_ended <= WENT_ON_S


def _no_answer(trail: Trail, call: Call) -> bool:
    return bool(trail.legs)


def _short(trail: Trail, call: Call) -> bool:
    """He gave up himself: his phones were not refused, and he was where he was heard last."""
    if call.reason == Verdict.ABANDONED_IVR:
        return trail.last == trail.context
    cancelled = all(cause in CANCELLED_CAUSES for cause in trail.legs.values())
    return call.reason == Verdict.ABANDONED_QUEUE or (bool(trail.legs) and cancelled)


UNHEARD = frozenset({Verdict.NO_ANSWER, Verdict.SHORT, Verdict.BUSY, Verdict.FAILED})

PROOFS: dict[Verdict, Callable[[Trail, Call], bool]] = {
    Verdict.ANSWERED: _answered,
    Verdict.LOST_IN_TRANSFER: lambda trail, call: not trail.attended,
    Verdict.QUEUE_TIMEOUT: lambda trail, call: trail.timed_out or bool(call.reason),
    Verdict.BUSY: lambda trail, call: bool(trail.legs) and all(one in BUSY_CAUSES for one in trail.legs.values()),
    Verdict.NO_ANSWER: _no_answer,
    Verdict.FAILED: _no_answer,
    Verdict.SHORT: _short,
    Verdict.ABANDONED_IVR: lambda trail, call: trail.last == trail.context,
}
"""What must be seen in the CEL for a verdict to stand; any other verdict stands by itself."""
