"""Whatever bytes arrive: no exception, no call that nobody told of, none judged twice. See tests/fuzz too."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ami_listener.sieve import Sieve
from ami_listener.tracker import EVENTS, Outcome, Tracker
from ami_listener.wire import END, Framer
from ringback.call import Call
from tests.listener.listenerkit import SETTINGS, TRANSCRIPTS, Script

MESSAGES = [message for path in TRANSCRIPTS.glob("*.ami") for message in path.read_bytes().split(END) if message]


def feed(tracker: Tracker, script: Script) -> list[Outcome]:
    events, script.events = script.events, []
    return [outcome for event in events for outcome in tracker.feed(event, 0.0)]


def ended(outcomes: list[Outcome]) -> list[str]:
    return [outcome.linkedid for outcome in outcomes if isinstance(outcome, Call)]


def test_a_channel_that_names_a_call_after_it_became_part_of_another_is_part_of_that() -> None:
    script, tracker = Script(), Tracker(SETTINGS)
    script.inbound("1.1")
    script.inbound("2.1")
    script.say("Newstate", "2.1", Linkedid="1.1")
    script.phone("3.1", "101", linked="2.1")
    script.hangup("3.1")
    script.say("Hangup", "2.1", Linkedid="1.1")
    script.hangup("1.1")
    assert sorted(ended(feed(tracker, script))) == ["1.1", "2.1"]
    assert tracker.live() == set()


def test_a_channel_does_not_move_into_a_call_that_is_over() -> None:
    script, tracker = Script(), Tracker(SETTINGS)
    script.inbound("1.1")
    script.hangup("1.1")
    script.inbound("2.1")
    script.say("Newstate", "2.1", Linkedid="1.1")
    outcomes = feed(tracker, script)
    assert tracker.live() == {"2.1"}
    script.hangup("2.1")
    assert ended([*outcomes, *feed(tracker, script)]) == ["1.1", "2.1"]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(MESSAGES) | st.binary(max_size=200), max_size=60), st.data())
def test_damaged_messages_in_disorder_invent_nobody(messages: list[bytes], data: st.DataObject) -> None:
    raw = bytearray(END.join([*messages, b""]))
    for _ in range(data.draw(st.integers(0, 5)) if raw else 0):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    framer, tracker = Framer(Sieve(EVENTS.__contains__, SETTINGS)), Tracker(SETTINGS)
    events = list(framer.feed(bytes(raw)))
    outcomes = [outcome for event in events for outcome in tracker.feed(event, 0.0)]
    found = ended([*outcomes, *tracker.close_missing(set(), 2e9)])
    assert set(found) <= {event.get(header) for event in events for header in ("Linkedid", "DestLinkedid", "ActionID")}
    assert len(set(found)) == len(found)
    assert tracker.live() == set()
