"""A recorded AMI stream through the tracker: its calls, judged as they would have been live."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain

from ami_listener.calls import LiveCall
from ami_listener.recording import Recording
from ami_listener.settings import PbxSettings
from ami_listener.sieve import Sieve
from ami_listener.tracker import EVENTS, Event, Outcome, Tracker
from ami_listener.wire import Framer
from ringback.call import Direction

TICK_S = 1.0
"""In a stream without times every event counts as so much later than the one before it: only the order is known."""

LATEST = 253_402_214_400.0
"""The last day of the year 9999, in seconds since the epoch: no clock says more."""

UNTIMED = {"short_s": 0.0, "answered_after_s": 0.0, "longest_call_s": math.inf}
"""The thresholds of a stream without times."""

EARLY = 10_000
"""Rows of a list that may come before the first event that shows whether the stream has times."""


class Stream:
    """The events of a recording that say something of a call, each with its time; to be iterated once.

    Asterisk writes a Timestamp into every event or into none (`timestampevents` in manager.conf; the rows of lists
    never have one), so the first event decides: `timed` is known with the first pair. The times of a stream without
    are invented and mean nothing but order. `events` counts those yielded.
    """

    def __init__(self, recording: Recording, settings: PbxSettings, start: float) -> None:
        self.recording = recording
        self.timed = False
        self.events = 0
        self.now = start
        self._framer = Framer(Sieve(EVENTS.__contains__, settings))

    @property
    def unread(self) -> int:
        """Messages that are no AMI."""
        return self._framer.unread

    @property
    def lost(self) -> int:
        """Bytes that belong to no whole message."""
        return self._framer.dropped_bytes + self._framer.pending

    def __iter__(self) -> Iterator[tuple[Event, float]]:
        events = self._events()
        early = list(_until_told(events))
        self.timed = bool(early) and _time(early[-1]) is not None
        for event in chain(early, events):
            self.now = self._at(event)
            yield {name: value for name, value in event.items() if name != "Timestamp"}, self.now

    def _events(self) -> Iterator[Event]:
        for block in self.recording:
            for message in self._framer.feed(block):
                if message.get("Event") in EVENTS:
                    self.events += 1
                    yield message

    def _at(self, event: Event) -> float:
        if not self.timed:
            return self.now + TICK_S
        own = _time(event)
        return self.now if own is None else own


def _until_told(events: Iterable[Event]) -> Iterator[Event]:
    """The first events, up to one that would have a time if the stream had any."""
    for number, event in enumerate(events):
        yield event
        if event["Event"] != "CoreShowChannel" or number >= EARLY:
            return


def _time(event: Event) -> float | None:
    try:
        at = float(event["Timestamp"])
    except (KeyError, ValueError):
        return None
    return at if 0.0 <= at <= LATEST else None


class Replay:
    """What a listener would have told of a recording: iterate it once for the outcomes, then ask what is left over.

    `start` is when a recording without times is supposed to have begun (seconds since the epoch).
    """

    def __init__(self, recording: Recording, settings: PbxSettings, start: float = 0.0) -> None:
        self.stream = Stream(recording, settings, start)
        self._settings = settings
        self.tracker = Tracker(settings)

    def steps(self) -> Iterator[tuple[Event, list[Outcome]]]:
        """Every event, and what followed from it.

        Without times no threshold can apply: nobody is "short", who heard somebody was answered, no call is overdue.
        """
        for number, (event, at) in enumerate(self.stream):
            if number == 0 and not self.stream.timed:
                self.tracker = Tracker(self._settings.model_copy(update=UNTIMED))
            yield event, self.tracker.feed(event, at)

    def __iter__(self) -> Iterator[Outcome]:
        for _, outcomes in self.steps():
            yield from outcomes

    def unfinished(self) -> list[LiveCall]:
        """The calls that have no verdict at the end of the recording, the oldest first."""
        calls = [call for linkedid in self.tracker.live() if (call := self.tracker.call(linkedid))]
        shown = [call for call in calls if call.legs or call.direction is Direction.OURS]
        return sorted(shown, key=lambda call: (call.started, call.linkedid))
