"""From AMI events to calls and their verdicts: pure, fed one event at a time, in order of arrival."""

from __future__ import annotations

from collections.abc import Collection

from ami_listener.beginnings import look
from ami_listener.calls import LiveCall
from ami_listener.handlers import CALL_HANDLERS, HANDLERS, OURS, VARIABLES
from ami_listener.registry import CallStarted, Event, Outcome, Registry
from ami_listener.settings import PbxSettings
from ringback.call import Call

EVENTS = frozenset(HANDLERS) | frozenset(CALL_HANDLERS)
"""The names of the events the tracker uses; a reader may drop all others unread."""

IDS = ("Channel", "Uniqueid", "Linkedid")
"""What every event of a channel carries. MessageWaiting may also be of a mailbox alone."""

__all__ = ["EVENTS", "CallStarted", "Event", "Outcome", "Tracker"]


class Tracker:
    """Follows every call of one PBX. It decides only when the last channel of a Linkedid has hung up.

    Feeding an event twice changes nothing, and events of a call that has its verdict are ignored, so what the CEL
    and the live link both tell may overlap. What it does not understand it skips; `unread` counts the events of a
    channel that do not say of which.
    """

    def __init__(self, settings: PbxSettings) -> None:
        self._registry = Registry(settings)
        self.unread = 0

    def feed(self, event: Event, at: float) -> list[Outcome]:
        """Take one event; `at` is its arrival (seconds since the epoch), used where it carries no Timestamp.

        A dial that no channel asked for (an Originate, the recall of a transfer) speaks of its destination alone.
        """
        name = event.get("Event", "")
        if name not in EVENTS or (name == "VarSet" and event.get("Variable") not in VARIABLES):
            return []
        if name == "UserEvent" and event.get("UserEvent") not in OURS:
            return []  # other people's may name channels that never were
        at = _time(event, at)
        self._registry.tick(at)
        if "Channel" not in event and "DestChannel" in event:
            event = {header.removeprefix("Dest"): value for header, value in event.items()}
        if name in CALL_HANDLERS:
            CALL_HANDLERS[name](self._registry, event, at)
        else:
            self._channel_event(name, event, at)
        return self._take()

    def live(self) -> set[str]:
        """The Linkedids of every call that is in progress."""
        return self._registry.live()

    def call(self, linkedid: str) -> LiveCall | None:
        """What is known of a call in progress; it is not to be changed."""
        calls = self._registry.calls
        if linkedid in calls:
            return calls[linkedid]
        absorbed = (one for call in calls.values() for one in call.absorbed)
        return next((one for one in absorbed if one.linkedid == linkedid), None)

    def shift(self, seconds: float) -> None:
        """The clock was set by so many seconds: the calls in progress keep their durations."""
        for call in self._registry.calls.values():
            for one in (call, *call.absorbed):
                one.shift(seconds)

    def oldest(self) -> float | None:
        """When the oldest call in progress began."""
        calls = self._registry.calls.values()
        return min((one.started for call in calls for one in (call, *call.absorbed)), default=None)

    def has_ended(self, linkedid: str) -> bool:
        """Whether this call already has its verdict."""
        return self._registry.has_ended(linkedid)

    def forget(self, linkedid: str) -> None:
        """Take a call for ended, for its verdict came from elsewhere; what still arrives of it is ignored."""
        self._registry.forget(linkedid)

    def missing(self, live_uniqueids: Collection[str]) -> set[str]:
        """Linkedids of the calls in progress none of whose channels Asterisk still has."""
        gone = (call for call in self._registry.calls.values() if call.channels.isdisjoint(live_uniqueids))
        return {call.linkedid for call in gone}

    def doubt(self) -> None:
        """Something may have happened unseen: of the calls in progress, only what was witnessed will be said."""
        for call in self._registry.calls.values():
            for one in (call, *call.absorbed):
                one.complete = False

    def close_missing(self, live_uniqueids: Collection[str], at: float, *, booted: float = 0.0) -> list[Call]:
        """Hang up every tracked channel that Asterisk no longer has, and judge the calls that end by it.

        A call that ended so is answered if that was witnessed, else unknown: its end was not seen. `booted` is when
        Asterisk started (0 if that says nothing): calls last seen before died with it, and get their usual verdict.
        """
        registry = self._registry
        for linkedid in self.missing(live_uniqueids):
            call = registry.calls[linkedid]
            for one in (call, *call.absorbed):
                one.complete = one.complete and call.latest < booted
        for channel in list(registry.board.channels.values()):
            if channel.uniqueid not in live_uniqueids:
                latest = registry.calls[channel.linkedid].latest
                registry.gone(channel, booted if latest < booted else at)
        return [one for one in self._take() if isinstance(one, Call)]

    def _channel_event(self, name: str, event: Event, at: float) -> None:
        channel = self._registry.touch(event, at)
        if channel is not None:
            look(self._registry, event, channel, at)
            if handler := HANDLERS[name]:
                handler(self._registry, event, channel, at)
        elif name != "MessageWaiting" and not all(event.get(header) for header in IDS):
            self.unread += 1

    def _take(self) -> list[Outcome]:
        outcomes, self._registry.outcomes = self._registry.outcomes, []
        return outcomes


def _time(event: Event, arrival: float) -> float:
    """The event's own time (`timestampevents=yes` in manager.conf), else its arrival."""
    try:
        return float(event["Timestamp"])
    except (KeyError, ValueError):
        return arrival
