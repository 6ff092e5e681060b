"""Whatever bytes arrive: no exception, no call that nobody told of, none judged twice. See tests/fuzz too."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ami_listener import listener as listener_module
from ami_listener.listener import Listener
from ami_listener.sieve import Sieve
from ami_listener.tracker import EVENTS, Outcome, Tracker
from ami_listener.wire import END, Framer
from ringback.call import Call
from tests.listener.hostile import hostile
from tests.listener.listenerkit import SETTINGS, TRANSCRIPTS, Script
from tests.listener.test_real_pbx import Book

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


@settings(max_examples=200)
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


def test_events_that_name_no_channel_are_counted() -> None:
    tracker = Tracker(SETTINGS)
    for event in ({"Event": "Hangup", "Uniqueid": "1.1"}, {"Event": "Newchannel"}, {"Event": "MessageWaiting"}):
        assert tracker.feed(event, 0.0) == []
    assert tracker.unread == 2
    assert tracker.live() == set()


def told(book: Book, words: str) -> bool:
    return any(words in trouble for trouble in book.troubles)


async def test_what_could_not_be_read_is_counted_over_connections_and_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listener_module, "UNREAD_EVERY_S", 0.01)
    book = Book()
    async with hostile() as server:
        task = asyncio.create_task(Listener(server.settings(), book).run())
        for times, said in ((1, "2 messages"), (2, "4 messages")):
            await server.got("CoreShowChannels", times)
            server.send(b"<html>\r\n\r\nEvent: Hangup\r\n\r\n")
            await book.when(partial(told, book, said))
            server.cut()
        task.cancel()
        await asyncio.wait({task})
    assert "4 messages on the AMI link could not be read" in caplog.text
