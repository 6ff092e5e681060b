"""Which channel belongs to which call, and when a call is over. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeVar

from ami_listener.calls import MOST, LiveCall
from ami_listener.channels import Channel, Switchboard, endpoint, extension
from ami_listener.contexts import Contexts, Kind
from ami_listener.settings import PbxSettings
from ami_listener.verdicts import judge
from ringback.call import OWN_CALL_PREFIX, Call, Direction

T = TypeVar("T")
Event = Mapping[str, str]
"""An AMI event by its headers; of a doubled header the last one counts."""

REMEMBERED = 20_000
"""Ended calls, gone channels and known endpoints that are kept: bounded, for what comes over the wire is not."""

MOST_CHANNELS = 20_000
"""Channels that may be up at once; Asterisk bears a tenth of it. Beyond that the oldest call is given up."""

STEP_S = 3_600.0
"""Calls grow no older than this from one event to the next, whatever their times say: clocks are set now and then."""

NOBODY = frozenset({"", "<unknown>", "<null>"})
"""How Asterisk writes a number or name that it does not have."""


def given(value: str) -> str:
    """The value, or "" where Asterisk writes a placeholder."""
    return "" if value in NOBODY else value


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A call has begun; `caller` is the customer's number ("" when withheld), `at` seconds since the epoch."""

    pbx: str
    linkedid: str
    caller: str
    did: str
    direction: Direction
    at: float


Outcome = CallStarted | Call


class Registry:
    """Every live channel and call of one PBX.

    A call is everything under one Linkedid. Linkedids change: when two calls are bridged, the channels of the younger
    move to the older one; the younger is then absorbed, and ends, with a verdict of its own, when its customer is gone.
    """

    def __init__(self, settings: PbxSettings) -> None:
        self.settings = settings
        self.board = Switchboard(settings.machines)
        self.calls: dict[str, LiveCall] = {}
        self.people: dict[str, LiveCall] = {}
        self.contexts = Contexts(settings)
        self.outcomes: list[Outcome] = []
        self._age = self._now = 0.0
        self._absorbers: dict[str, str] = {}
        self._homes: dict[str, str] = {}
        self._ended: dict[str, bool] = {}
        self._gone: dict[str, None] = {}

    def touch(self, event: Event, at: float) -> Channel | None:
        """The channel an event speaks of, brought up to date; None when it has none, or one that has hung up.

        Asterisk is seen to send a NewCallerid after the Hangup of the same channel.
        """
        uniqueid, linkedid = event.get("Uniqueid", ""), event.get("Linkedid", "")
        linkedid = self._absorbers.get(linkedid, linkedid)
        channel = self.board.channels.get(uniqueid)
        if channel is None:
            over = self._is_over(linkedid) or uniqueid in self._gone
            if over or not uniqueid or not linkedid or not event.get("Channel"):
                return None
            channel = self._meet(event, uniqueid, linkedid, at)
        elif linkedid and linkedid != channel.linkedid and not self._is_over(linkedid):
            self._move(channel, linkedid, at)
        call = self.calls[channel.linkedid]
        call.latest = max(call.latest, at)
        return channel

    def tick(self, at: float) -> None:
        """Give up the calls whose end is long overdue: only what was witnessed will be said of them."""
        if at > self._now or at < self._now - STEP_S:
            self._age += min(max(at - self._now, 0.0), STEP_S)
            self._now = at
        while (call := next(iter(self.calls.values()), None)) and self._is_overdue(call):
            self._give_up(call)

    def live(self) -> set[str]:
        """The Linkedids of every call that has no verdict yet, absorbed ones too."""
        return {one.linkedid for call in self.calls.values() for one in (call, *call.absorbed) if not one.judged}

    def own(self, channel: Channel) -> LiveCall:
        """The call whose caller this channel is, or else the call it is part of."""
        return self.people.get(channel.uniqueid) or self.calls[channel.linkedid]

    def rewire(self, channel: Channel, at: float, change: Callable[[], object]) -> None:
        """Make a change to the switchboard and see who hears whom before and after it."""
        touched = self.board.connected(channel.uniqueid)
        change()
        for uniqueid in touched | self.board.connected(channel.uniqueid):
            if call := self.people.get(uniqueid):
                self._hear(call, self._partner(uniqueid, call.agent), at)

    def learn(self, channel: Channel, context: str) -> None:
        """Remember the context in which an endpoint's channels begin: it is the endpoint's own, whatever follows."""
        if channel.human:
            _remember(self._homes, endpoint(channel.name), context)

    def is_trunk(self, channel: Channel) -> bool:
        """Whether the channel leads to the telephone network, as far as its endpoint is known."""
        if any(fnmatchcase(endpoint(channel.name), pattern) for pattern in self.settings.trunks):
            return True
        return self.contexts.kind(self._homes.get(endpoint(channel.name), "")) is Kind.TRUNK

    def agent(self, channel: Channel) -> str:
        """A phone by its extension; a person reached through a trunk by the number dialled."""
        return (
            (channel.dialled or channel.number if self.is_trunk(channel) else "")
            or extension(channel.name)
            or channel.name
        )

    def announce(self, call: LiveCall) -> None:
        """Report that a call with a customer has begun, once, as soon as his number is known."""
        customer = call.caller if call.direction is Direction.INBOUND else call.dialled
        if call.announced or not (customer or call.direction is Direction.INBOUND):
            return
        call.announced = True
        name = self.settings.name
        self.outcomes.append(CallStarted(name, call.linkedid, customer, call.did, call.direction, call.started))

    def gone(self, channel: Channel, at: float) -> None:
        """A channel hung up; the calls that end with it get their verdict."""
        self.rewire(channel, at, lambda: self.board.leave(channel))
        self.board.drop(channel)
        _remember(self._gone, channel.uniqueid, None)
        call = self.calls[channel.linkedid]
        call.channels.discard(channel.uniqueid)
        if not call.channels:
            self._end(call, at)
        elif (one := self.people.get(channel.uniqueid)) and one in call.absorbed:
            call.absorbed.remove(one)  # the other call may be an agent's who stays on the line all day
            self._judge_absorbed(one, at)

    def forget(self, linkedid: str, *, whole: bool = True) -> None:
        """Take a call for ended; what still arrives of it is ignored.

        Of a call that was not seen as a `whole`, channels may be up that were never told of: others may hear them.
        """
        _remember(self._ended, linkedid, whole)

    def has_ended(self, linkedid: str) -> bool:
        """Whether this call already has its verdict."""
        return linkedid in self._ended

    def person_is(self, call: LiveCall, channel: Channel) -> None:
        """This channel is the customer's leg of the call."""
        self.people.pop(call.person, None)
        call.person, call.person_name = channel.uniqueid, channel.name
        self.people[channel.uniqueid] = call

    def nobody_yet(self, call: LiveCall) -> None:
        """Whoever was taken for the customer of a call of ours is not: he is rung later."""
        self.people.pop(call.person, None)
        call.person, call.person_name, call.customer_up = "", "", False

    def place(self, call: LiveCall, channel: Channel) -> None:
        """The PBX itself placed this call; this is its first channel. The first phone that it rings is the caller."""
        if call.placed:
            return
        self.people.pop(call.person, None)
        call.placed, call.person, call.person_name = True, "", ""
        call.direction, call.caller, call.caller_name = Direction.INTERNAL, "", ""
        if channel.human and self.is_trunk(channel):
            self.lead_out(call, channel)
        elif channel.human:
            call.caller = self.agent(channel)

    def lead_out(self, call: LiveCall, channel: Channel) -> None:
        """A leg into the telephone network. In a call that did not come from there it is the customer's."""
        if call.direction is Direction.INTERNAL:
            call.direction = Direction.OUTBOUND
        person = self.board.channels.get(call.person)
        if call.direction is Direction.OUTBOUND and not (person and person.up and self.is_trunk(person)):
            self.person_is(call, channel)

    def _meet(self, event: Event, uniqueid: str, linkedid: str, at: float) -> Channel:
        channel = Channel(uniqueid, event["Channel"], linkedid)
        self.board.add(channel)
        call = self._call(linkedid, at)
        call.channels.add(uniqueid)
        call.legs += channel.human
        if uniqueid == linkedid and call.direction is not Direction.OURS:
            self._meet_caller(call, channel, event)
        return channel

    def _meet_caller(self, call: LiveCall, channel: Channel, event: Event) -> None:
        """Of a call that begins with a Local channel the PBX itself is the beginning."""
        if not channel.human:
            self.place(call, channel)
            return
        self.person_is(call, channel)
        call.caller = given(event.get("CallerIDNum", ""))
        call.caller_name = given(event.get("CallerIDName", ""))
        if self.is_trunk(channel):
            call.direction = Direction.INBOUND

    def _is_overdue(self, call: LiveCall) -> bool:
        too_old = self._age - call.born > self.settings.longest_call_s
        return too_old or len(self.board.channels) > MOST_CHANNELS or len(self.calls) > MOST_CHANNELS

    def _give_up(self, call: LiveCall) -> None:
        for one in (call, *call.absorbed):
            one.complete = False
        for uniqueid in list(call.channels):
            self.gone(self.board.channels[uniqueid], call.latest)

    def _is_over(self, linkedid: str) -> bool:
        return self._ended.get(linkedid, False)

    def _call(self, linkedid: str, at: float) -> LiveCall:
        call = self.calls.get(linkedid)
        if call is None:
            call = self.calls[linkedid] = LiveCall(linkedid, at, at, self._age, origin=linkedid)
            call.judged = call.announced = self.has_ended(linkedid)
            if linkedid.startswith(OWN_CALL_PREFIX):
                call.direction = Direction.OURS
        return call

    def _move(self, channel: Channel, linkedid: str, at: float) -> None:
        old, new = self.calls[channel.linkedid], self._call(linkedid, at)
        old.channels.discard(channel.uniqueid)
        new.channels.add(channel.uniqueid)
        channel.linkedid = linkedid
        if not old.channels:
            del self.calls[old.linkedid]
            new.absorbed += [old, *old.absorbed]
            self._absorbers |= {one.linkedid: linkedid for one in (old, *old.absorbed)}
            old.absorbed = []
            while len(new.absorbed) > MOST:
                self._judge_absorbed(new.absorbed.pop(0), at)

    def _hear(self, call: LiveCall, partner: Channel | None, at: float) -> None:
        name = self.agent(partner) if partner else ""
        call.hear(name, at)
        if partner and not self.is_trunk(partner):
            call.try_phone(name)

    def _partner(self, uniqueid: str, current: str) -> Channel | None:
        """The person this channel hears: the one it heard before if he is still there."""
        others = (self.board.channels[other] for other in self.board.connected(uniqueid) if other != uniqueid)
        heard = (channel for channel in others if channel.human and channel.up and not self._called(channel))
        people = {self.agent(channel): channel for channel in heard}
        if uniqueid not in self.board.channels or not self.board.channels[uniqueid].up:
            return None
        return people.get(current if current in people else max(people, default=""))

    def _called(self, channel: Channel) -> bool:
        """Whether this is the leg of a customer of another call: he, too, waits for somebody of the business."""
        call = self.people.get(channel.uniqueid)
        return call is not None and call.direction in (Direction.INBOUND, Direction.OURS)

    def _end(self, call: LiveCall, at: float) -> None:
        del self.calls[call.linkedid]
        for one in call.absorbed:
            self._judge_absorbed(one, at)
        self._forget_person(call)
        if (call.legs or call.direction is Direction.OURS) and not call.judged:
            self.outcomes.append(judge(call, self.settings, at))

    def _judge_absorbed(self, call: LiveCall, at: float) -> None:
        self._forget_person(call)
        if call.direction in (Direction.INBOUND, Direction.OURS) and not call.judged:
            self.outcomes.append(judge(call, self.settings, at))

    def _forget_person(self, call: LiveCall) -> None:
        self.people.pop(call.person, None)
        self._absorbers.pop(call.linkedid, None)
        self.forget(call.linkedid, whole=call.complete)


def _remember(memory: dict[str, T], key: str, value: T) -> None:
    memory.pop(key, None)
    memory[key] = value
    if len(memory) > REMEMBERED:
        del memory[next(iter(memory))]
