"""What each AMI event says about a call: one function per event, one table. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from ami_listener import causes
from ami_listener.beginnings import did, newchannel, newstate, snapshot_row
from ami_listener.calls import LiveCall
from ami_listener.channels import CONFERENCE, HOLDING, Channel, local_number
from ami_listener.contexts import Kind
from ami_listener.registry import Event, Registry
from ringback.call import OWN_CALL_PREFIX, Call, Direction, SaidThere
from ringback.offered import TAKEN

MENU_APPS = frozenset({"background", "waitexten", "read"})
"""Applications that wait for a key: a menu, whatever its context is called."""

VOICEMAIL_APPS = frozenset({"voicemail", "minivmrecord", "minivmgreet"})
"""Applications that take a message."""

TONES = {"busy": "BUSY", "congestion": "CONGESTION"}
"""Applications that turn a caller away with a tone, and what a phone that did the same would have answered."""

APPLICATIONS = MENU_APPS | VOICEMAIL_APPS | frozenset(TONES) | {"queue"}
"""The only applications that decide anything, in small letters."""

DIALLED = re.compile(r"\+?[0-9]{3,}")
"""The telephone number in a DialString such as `987654321@carrier`."""

OFFER, CALLBACK, SAID = "RingbackOffer", "Ringback", frozenset(SaidThere)
"""The UserEvents of our offer and of our dialplan, and what the second may say."""
SURVEY, SCORES = "RingbackSurvey", frozenset("12345")
"""The UserEvent of the survey after a talk, and what it may say."""
OURS = frozenset({OFFER, CALLBACK, SURVEY})
"""The only UserEvents that are read."""

VARIABLES = frozenset({"QUEUESTATUS", "DIALSTATUS", "VMSTATUS", "FROM_DID", "__FROM_DID"})
"""The only channel variables that decide anything."""


def newexten(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """The caller's channel executes an application. Of a queue that is full or empty there is no other sign."""
    call, application = registry.own(channel), event.get("Application", "").lower()
    if channel.uniqueid != call.origin:
        return
    if application in MENU_APPS:
        call.menu_app(registry.contexts.kind(channel.context), channel.context)
    elif application == "queue":
        call.join(event.get("AppData", "").partition(",")[0], at)
    elif application in VOICEMAIL_APPS:
        call.visit(Kind.VOICEMAIL, channel.context)
    elif application in TONES:
        call.turn_away(TONES[application])


def variable(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """The dialplan's own account of how a queue, a dial or a voicemail ended."""
    call, name, value = registry.own(channel), event.get("Variable", ""), event.get("Value", "")
    if not value or channel.uniqueid not in (call.origin, call.person):
        return
    if name == "QUEUESTATUS":
        call.leave_with(value)
    elif name == "DIALSTATUS" and not call.in_queue:
        call.ring_ended(value)
    elif name == "VMSTATUS":
        call.message_left = value == "SUCCESS"
    elif name.endswith("FROM_DID"):
        call.did = did(value) or call.did


def dial_begin(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """A phone is rung for this channel; for one of ours that needs no Local channel, this names the number."""
    call = registry.own(channel)
    number = max(DIALLED.findall(event.get("DialString", "")), key=len, default="")
    if rung := registry.board.channels.get(event.get("DestUniqueid", "")):
        rung.dialled = number
    if channel.uniqueid != call.origin:
        return
    call.ring(at)
    ours = call.direction is Direction.OURS
    if number and not call.dialled and (ours or (call.placed and registry.is_trunk(channel))):
        call.dialled, call.caller = number, number if ours else call.caller
        registry.announce(call)


def dial_end(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """How a phone answered: told twice at times, and for the losers of a ring group too."""
    call = registry.own(channel)
    if not call.in_queue and not call.customer_up and (status := event.get("DialStatus")):
        call.ring_ended(status)


def bridge_enter(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """A channel joins a bridge; one that only holds (parking) connects nobody."""
    if event.get("BridgeTechnology") != HOLDING and (bridge := event.get("BridgeUniqueid")):
        registry.rewire(channel, at, lambda: registry.board.enter(channel, bridge))
        if _holds_strangers(event, len(registry.board.bridges[bridge])):
            registry.own(channel).doubt(at)


def _holds_strangers(event: Event, known: int) -> bool:
    """Whether somebody is in the bridge who came before we listened. Conferences count their announcer too."""
    members = event.get("BridgeNumChannels", "")
    return event.get("BridgeTechnology") != CONFERENCE and members.isdecimal() and int(members[:6]) > known


def bridge_leave(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """A channel left a bridge, unless it has been swapped into another one meanwhile."""
    if event.get("BridgeUniqueid") == channel.bridge:
        registry.rewire(channel, at, lambda: registry.board.leave(channel))


def queue_join(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """The caller waits in a queue."""
    registry.own(channel).join(event.get("Queue", ""), at)


def queue_leave(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """The caller is out of the queue, for whatever reason."""
    registry.own(channel).leave(at)


def queue_abandon(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """Out of the queue without an agent. Asterisk says so of time-outs too: a caller who hung up asked for it first."""
    call = registry.own(channel)
    call.leave(at, "" if call.hung_up is not None else "TIMEOUT")


def message(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """Voicemail announces a new message on the channel of the caller who left it."""
    call = registry.own(channel)
    call.visit(Kind.VOICEMAIL, channel.context)
    call.message_left = True


def hangup_request(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """The far end hung up. After Busy() or Congestion() it only confirms what the dialplan did."""
    call = registry.own(channel)
    if channel.uniqueid == call.person and event.get("ChannelStateDesc") != "Busy" and call.hung_up is None:
        call.hung_up = at


def user_event(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """Our offer tells what a caller chose, our survey how he liked it, our dialplan who is on a call of ours.

    An agent who picked up first is not the customer.
    """
    name, call = event.get("UserEvent"), registry.own(channel)
    choice, said = event.get("Choice", ""), event.get("Said", "")
    if name == OFFER and choice in TAKEN:
        call.taken = choice
    elif name == CALLBACK and said in SAID and call.direction is Direction.OURS:
        _dialplan_says(registry, call, SaidThere(said))
    elif name == SURVEY and event.get("Score") in SCORES:
        call.score = int(event["Score"])


def _dialplan_says(registry: Registry, call: LiveCall, said: SaidThere) -> None:
    call.said = said
    if said is SaidThere.AGENT:
        registry.nobody_yet(call)
    elif said is SaidThere.RUNG:
        call.dial_results.clear()  # how the telephones of other agents ended tells nothing of the customer's


def rename(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """A masquerade gives channels each other's names. The person goes with the name, not with the uniqueid."""
    name = event.get("Newname", "")
    registry.rewire(channel, at, lambda: registry.board.rename(channel, name))
    call = registry.calls[channel.linkedid]
    for one in (call, *call.absorbed):
        if name and one.person_name == name and one.person != channel.uniqueid:
            one.origin = channel.uniqueid if one.origin == one.person else one.origin
            registry.person_is(one, channel)


def hangup(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """A channel is gone; with the last one the call ends."""
    call = registry.calls[channel.linkedid]
    unheard = call.direction is Direction.OURS and channel.human and not channel.up and not call.customer_up
    word = causes.of_hangup(event.get("Cause", ""))
    if unheard and (word in causes.TELLING or not call.dial_results):
        call.ring_ended(word)
    if channel.uniqueid == call.person and event.get("ChannelStateDesc") == "Busy" and event.get("Cause") == "17":
        call.turn_away("BUSY")
    registry.gone(channel, at)


Handler = Callable[[Registry, Event, Channel, float], None]

HANDLERS: dict[str, Handler | None] = {
    "Newchannel": newchannel,
    "CoreShowChannel": snapshot_row,
    "Newstate": newstate,
    "NewCallerid": None,
    "Newexten": newexten,
    "VarSet": variable,
    "DialBegin": dial_begin,
    "DialEnd": dial_end,
    "BridgeEnter": bridge_enter,
    "BridgeLeave": bridge_leave,
    "QueueCallerJoin": queue_join,
    "QueueCallerLeave": queue_leave,
    "QueueCallerAbandon": queue_abandon,
    "MessageWaiting": message,
    "UserEvent": user_event,
    "HangupRequest": hangup_request,
    "Rename": rename,
    "Hangup": hangup,
}
"""What to do with an event of a channel, after `look`; None: looking is all."""


def handed_over(registry: Registry, event: Event, at: float) -> None:
    """Blind and attended transfers and parking name their channels with a prefix, and the call by its Linkedid."""
    if event.get("Result", "Success") != "Success":
        return
    linkedids = {event.get(header, "") for header in HANDED_OVER}
    for call in [registry.calls[one] for one in linkedids if one in registry.calls]:
        for one in (call, *call.absorbed):
            one.hand_over(at, still_heard=event.get("Event") == "AttendedTransfer")


HANDED_OVER = ("TransfereeLinkedid", "TransfererLinkedid", "OrigTransfererLinkedid", "ParkeeLinkedid")


def originate_response(registry: Registry, event: Event, at: float) -> None:
    """Asterisk's answer to our Originate. It matters when it failed before there was any channel to follow."""
    linkedid = event.get("ActionID", "")
    failed = linkedid.startswith(OWN_CALL_PREFIX) and event.get("Response") == "Failure"
    if not failed or linkedid in registry.live() or registry.has_ended(linkedid):
        return
    registry.forget(linkedid)
    number = local_number(event.get("Channel", ""))
    registry.outcomes.append(
        Call(
            pbx=registry.settings.name,
            linkedid=linkedid,
            direction=Direction.OURS,
            verdict=causes.of_originate(event.get("Reason", "")),
            caller=number,
            dialled=number,
            started=at,
            ended=at,
            reason=f"OriginateResponse reason {event.get('Reason', '')}",
        )
    )


CALL_HANDLERS: dict[str, Callable[[Registry, Event, float], None]] = {
    "BlindTransfer": handed_over,
    "AttendedTransfer": handed_over,
    "ParkedCall": handed_over,
    "OriginateResponse": originate_response,
}
"""Events that are about a call, not about one channel of it."""
