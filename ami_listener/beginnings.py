"""How channels begin and come up, and what that says about a call: who called whom. Pure."""

from __future__ import annotations

from ami_listener.calls import LiveCall
from ami_listener.channels import Channel, local_number
from ami_listener.registry import Event, Registry, given
from ringback.call import Direction

PLACED = frozenset({"Down", "Rsrvd"})
"""In what state a channel begins that Asterisk itself asked for; one that somebody calls in on begins with Ring."""


def look(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """Every event of a channel says what state it is in, who is on it, and which context it executes."""
    if not channel.up and event.get("ChannelStateDesc") == "Up":
        registry.rewire(channel, at, lambda: setattr(channel, "up", True))
        _came_up(registry, channel, at)
    if (number := given(event.get("CallerIDNum", ""))) != channel.number:
        channel.number = number
        _reached_for(registry, channel)
    if (context := event.get("Context", "")) != channel.context:
        channel.context = context
        call = registry.own(channel)
        if channel.uniqueid in (call.origin, call.person):
            call.visit(registry.contexts.kind(context), context)


def _came_up(registry: Registry, channel: Channel, at: float) -> None:
    """In a call of ours the first person to pick up is the customer: agents are rung only after him."""
    call = registry.calls[channel.linkedid]
    if call.direction is Direction.OURS and not call.customer_up and channel.human:
        call.customer_up = True
        registry.person_is(call, channel)


def _reached_for(registry: Registry, channel: Channel) -> None:
    """A leg that leads out through a trunk carries the number it dials as its caller id."""
    call = registry.calls[channel.linkedid]
    outward = call.direction in (Direction.OUTBOUND, Direction.OURS)
    if outward and not call.dialled and channel.uniqueid != call.origin and registry.is_trunk(channel):
        call.dialled = channel.number
        registry.announce(call)


def newchannel(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """A channel begins, in the context of its own endpoint."""
    registry.learn(channel, event.get("Context", ""))
    call = registry.calls[channel.linkedid]
    if channel.uniqueid == channel.linkedid:
        _begin(registry, call, channel, event)
    if channel.human and (channel.uniqueid != channel.linkedid or call.direction is Direction.OURS):
        _leg(registry, call, channel)


def _begin(registry: Registry, call: LiveCall, channel: Channel, event: Event) -> None:
    call.complete = True
    if call.direction is Direction.OURS:
        call.dialled = call.caller = local_number(channel.name)
    elif event.get("ChannelStateDesc") in PLACED:
        registry.place(call, channel)
    elif registry.is_trunk(channel):
        call.direction = Direction.INBOUND
        call.did = did(event.get("Exten", ""))
    registry.announce(call)


def _leg(registry: Registry, call: LiveCall, channel: Channel) -> None:
    if registry.is_trunk(channel):
        registry.lead_out(call, channel)
        return
    phone = registry.agent(channel)
    call.try_phone(phone)
    if call.placed and not call.caller:
        call.caller = phone


def did(exten: str) -> str:
    """The number that was called, "" where the dialplan only says `s`."""
    return "" if exten == "s" else exten


def snapshot_row(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """One line of CoreShowChannels: a channel that may have begun before we listened."""
    if bridge := event.get("BridgeId"):
        registry.rewire(channel, at, lambda: registry.board.enter(channel, bridge))


def newstate(registry: Registry, event: Event, channel: Channel, at: float) -> None:
    """Busy() or Congestion() sends the caller away; the HangupRequest that answers it may have been told before it."""
    call = registry.own(channel)
    if channel.uniqueid == call.person and event.get("ChannelStateDesc") == "Busy":
        call.hung_up = None
