"""What must hold for every recorded call, however its events come: mixed, torn, late, twice, or not from the beginning.

Asterisk keeps the order of one channel's events only. Events of different channels less than NEAR_S apart may change
places, as they do on a busy machine. What changes places over seconds tells another story, and is judged as that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ami_listener.recording import Recording
from ami_listener.tracker import Event, Tracker
from ami_listener.wire import END, Framer
from benchmarks.stream import copy
from ringback.call import Call, Verdict
from tests.listener.listenerkit import SETTINGS, TRANSCRIPTS

NEAR_S = 0.1
PATHS = {path.name.split(".")[0]: path for path in sorted(TRANSCRIPTS.glob("*.ami*"))}
BYTES = {name: b"".join(Recording(str(path))) for name, path in PATHS.items()}
COARSER = {"ours_busy": Verdict.FAILED}
"""Cut just before OriginateResponse, that event alone is left: it says only that nobody was reached."""


def events(*blocks: bytes) -> list[Event]:
    framer = Framer()
    return [event for block in blocks for event in framer.feed(block) if "Event" in event]


def feed(tracker: Tracker, told: Iterable[Event]) -> list[Call]:
    return [outcome for event in told for outcome in tracker.feed(event, 0.0) if isinstance(outcome, Call)]


def calls(told: Iterable[Event]) -> list[Call]:
    tracker = Tracker(SETTINGS)
    ended = feed(tracker, told)
    assert tracker.live() == set()
    return sorted(ended, key=lambda call: call.linkedid)


EVENTS = {name: events(raw) for name, raw in BYTES.items()}
ALONE = {name: calls(told) for name, told in EVENTS.items()}
names = st.sampled_from(sorted(EVENTS))
chances = st.randoms(use_true_random=False)


def mixed(stories: Sequence[Sequence[Event]], chance: Random) -> list[Event]:
    """All the stories at once, each in its own order."""
    turns = [number for number, story in enumerate(stories) for _ in story]
    chance.shuffle(turns)
    parts = [iter(story) for story in stories]
    return [next(parts[turn]) for turn in turns]


@settings(max_examples=60)
@given(st.lists(names, min_size=2, max_size=5, unique=True), chances)
def test_independent_calls_are_judged_as_if_each_were_alone(chosen: list[str], chance: Random) -> None:
    stories = [
        events(*copy(BYTES[name].split(END)[:-1], number)) if not name.startswith("ours") else EVENTS[name]
        for number, name in enumerate(chosen)
    ]
    expected = [call for story in stories for call in calls(story)]
    assert calls(mixed(stories, chance)) == sorted(expected, key=lambda call: call.linkedid)


@settings(max_examples=60)
@given(names, st.data())
def test_any_reads_bring_the_same_events(name: str, data: st.DataObject) -> None:
    raw = BYTES[name]
    cuts = sorted({0, len(raw), *data.draw(st.lists(st.integers(0, len(raw)), max_size=30))})
    assert events(*(raw[begin:end] for begin, end in pairwise(cuts))) == EVENTS[name]


@settings(max_examples=60)
@given(names, chances)
def test_events_told_twice_change_nothing(name: str, chance: Random) -> None:
    assert calls(event for event in EVENTS[name] for _ in range(chance.randint(1, 3))) == ALONE[name]


@settings(max_examples=60)
@given(names, chances)
def test_events_of_channels_that_hung_up_change_nothing(name: str, chance: Random) -> None:
    told: list[Event] = []
    over: set[str] = set()
    for event in EVENTS[name]:
        told.append(event)
        over |= {event["Uniqueid"]} if event["Event"] == "Hangup" else set()
        late = [old for old in told if old.get("Uniqueid") in over and old["Event"] != "OriginateResponse"]
        told += chance.sample(late, min(len(late), 2))
    assert [(call.linkedid, call.verdict, call.agent) for call in calls(told)] == [
        (call.linkedid, call.verdict, call.agent) for call in ALONE[name]
    ]


def channels(event: Event) -> set[str]:
    """The channels an event speaks of."""
    return {value for header, value in event.items() if header.endswith("Uniqueid") and "Bridge" not in header}


def may_change_places(one: Event, other: Event) -> bool:
    near = abs(float(one.get("Timestamp", 0)) - float(other.get("Timestamp", 0))) < NEAR_S
    return near and not channels(one) & channels(other)


@settings(max_examples=150)
@given(names, chances)
def test_events_of_different_channels_may_change_places(name: str, chance: Random) -> None:
    told = list(EVENTS[name])
    for _ in range(len(told)):
        at = chance.randrange(len(told) - 1)
        if may_change_places(told[at], told[at + 1]):
            told[at], told[at + 1] = told[at + 1], told[at]
    assert [(call.verdict, call.agent, call.queues) for call in calls(told)] == [
        (call.verdict, call.agent, call.queues) for call in ALONE[name]
    ]


def snapshot(told: Iterable[Event]) -> list[Event]:
    """What CoreShowChannels would list after these events."""
    up: dict[str, dict[str, str]] = {}
    for event in told:
        uniqueid = event.get("Uniqueid", "")
        if event["Event"] == "Newchannel":
            up[uniqueid] = {"BridgeId": ""}
        if uniqueid in up:
            row = up[uniqueid]
            row |= {
                header: value for header, value in event.items() if header not in ("Event", "Timestamp", "Privilege")
            }
            row |= {"Channel": event["Newname"]} if event["Event"] == "Rename" else {}
            row |= {"BridgeId": event["BridgeUniqueid"]} if event["Event"] == "BridgeEnter" else {}
            row |= {"BridgeId": ""} if event["Event"] == "BridgeLeave" else {}
        if event["Event"] == "Hangup":
            up.pop(uniqueid, None)
    return [{"Event": "CoreShowChannel", **row} for row in up.values()]


@pytest.mark.parametrize("asked", [False, True], ids=["nothing is known", "the channels are asked for"])
@pytest.mark.parametrize("name", sorted(EVENTS))
def test_who_comes_in_the_middle_says_what_is_so_or_that_he_does_not_know(name: str, asked: bool) -> None:
    told, right = EVENTS[name], {call.linkedid: call.verdict for call in ALONE[name]}
    end = max(call.ended for call in ALONE[name]) + 60
    for cut in range(1, len(told)):
        tracker = Tracker(SETTINGS)
        found = feed(tracker, snapshot(told[:cut]) if asked else [])
        found += feed(tracker, told[cut:])
        for call in [*found, *tracker.close_missing(set(), end)]:
            assert call.verdict in {right.get(call.linkedid), Verdict.UNKNOWN, COARSER.get(name)}, cut
            assert not call.missed or call.verdict is right[call.linkedid], cut
