"""Recorded streams, whole and broken, through the tracker."""

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ami_listener.recording import Recording
from ami_listener.replay import Replay
from ringback.call import Call, Direction, Verdict
from tests.listener.listenerkit import Script, only, transcript
from tests.replay.recordings import CAPTURES, SETTINGS, TRANSCRIPTS, calls, ended, raw, replayed, untimed


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_replay_gives_the_call_that_was_told_live(path: Path) -> None:
    replay = replayed(path)
    assert ended(replay) == [only(transcript(path.stem))]
    assert (replay.stream.timed, replay.stream.unread, replay.stream.lost) == (True, 0, 0)


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_without_times_the_verdict_is_the_same_but_for_its_thresholds(path: Path, tmp_path: Path) -> None:
    (tmp_path / "untimed").write_bytes(untimed(path.read_bytes()))
    (timed,), (call,) = calls(path), calls(tmp_path / "untimed")
    right = Verdict(timed.reason) if timed.verdict is Verdict.SHORT else timed.verdict
    assert (call.verdict, call.agent, call.queues, call.phones) == (right, timed.agent, timed.queues, timed.phones)
    assert not replayed(tmp_path / "untimed").stream.timed


def stream(script: Script) -> Replay:
    """The events of a script as a recording without times."""
    messages = ("\r\n".join(f"{name}: {value}" for name, value in event.items()) for event in script.events)
    return Replay(Bytes(untimed(("\r\n\r\n".join(messages) + "\r\n\r\n").encode())), SETTINGS)


def test_without_times_nobody_is_short() -> None:
    script = Script()
    script.inbound()
    script.say("HangupRequest", "1.1")
    script.hangup("1.1")
    assert [call.verdict for call in ended(stream(script))] == [Verdict.NO_ANSWER]


def test_without_times_a_word_is_an_answer() -> None:
    script = Script()
    script.inbound()
    script.phone("1.2", "101")
    script.up("1.1")
    script.up("1.2")
    script.enter("1.1", "b")
    script.enter("1.2", "b")
    script.hangup("1.2", "1.1")
    assert [call.verdict for call in ended(stream(script))] == [Verdict.ANSWERED]


def test_without_times_the_same_queue_again_is_another_stay() -> None:
    script = Script()
    script.inbound()
    script.say("QueueCallerJoin", "1.1", Queue="ventas")
    script.say("QueueCallerLeave", "1.1", Queue="ventas")
    script.say("VarSet", "1.1", Variable="QUEUESTATUS", Value="TIMEOUT")
    script.say("QueueCallerJoin", "1.1", Queue="ventas")
    script.say("HangupRequest", "1.1")
    script.hangup("1.1")
    assert [call.verdict for call in ended(stream(script))] == [Verdict.ABANDONED_QUEUE]


@pytest.mark.skipif(not CAPTURES, reason="the recordings of a real FreePBX are not beside this checkout")
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.split(".")[0])
def test_the_verdict_is_what_happened_on_a_real_freepbx(path: Path) -> None:
    truth = json.loads(path.with_name(path.name.replace(".ami.gz", ".json")).read_text())
    replay = replayed(path)
    (call,) = ended(replay)
    assert not replay.stream.timed
    if truth["expected"] == "ignored":
        assert call.direction in {Direction.OUTBOUND, Direction.INTERNAL}
        return
    finer = {"out_of_hours": Verdict.CLOSED}
    if call.verdict is not Verdict.QUEUE_TIMEOUT:  # finer than "no_answer" of the recorded truth
        assert call.verdict == finer.get(truth["expected"], truth["expected"])
    assert call.missed is (truth["expected"] != "answered")
    assert (call.caller, call.did, call.agent) == (truth["caller"], truth["did"], truth["agent"] or "")


def test_a_gzipped_recording_is_known_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "any name").write_bytes(gzip.compress(raw("queue_abandoned")))
    assert [call.verdict for call in calls(tmp_path / "any name")] == [Verdict.ABANDONED_QUEUE]


def test_a_torn_gzip_is_read_as_far_as_it_is_whole(tmp_path: Path) -> None:
    whole = gzip.compress(raw("queue_abandoned") + raw("blind_transfer"))
    (tmp_path / "torn.gz").write_bytes(whole[:-40])
    replay = replayed(tmp_path / "torn.gz")
    assert ended(replay)[0].verdict is Verdict.ABANDONED_QUEUE
    assert "torn" in replay.stream.recording.trouble


def test_line_ends_that_an_editor_changed_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "edited").write_bytes(raw("queue_answered").replace(b"\r\n", b"\n"))
    assert calls(tmp_path / "edited") == calls(TRANSCRIPTS[0].with_name("queue_answered.ami"))


def test_a_bare_line_feed_inside_a_value_begins_no_header(tmp_path: Path) -> None:
    name = b"CallerIDName: x\nEvent: Hangup"
    (tmp_path / "hostile").write_bytes(raw("queue_abandoned").replace("CallerIDName: João Ñandú".encode(), name))
    assert [call.caller_name for call in calls(tmp_path / "hostile")] == ["x\nEvent: Hangup"]


@pytest.mark.parametrize("name", ["queue_abandoned", "blind_transfer", "closed"])
@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.8])
def test_a_recording_that_begins_in_the_middle_never_says_what_is_not_so(
    tmp_path: Path, name: str, part: float
) -> None:
    data = raw(name)
    (tmp_path / "late").write_bytes(data[int(len(data) * part) :])
    right = only(transcript(name)).verdict
    assert {call.verdict for call in calls(tmp_path / "late")} <= {right, Verdict.UNKNOWN}


def test_a_call_that_has_not_ended_has_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "early").write_bytes(raw("queue_abandoned")[:20_000])
    replay = replayed(tmp_path / "early")
    assert ended(replay) == []
    assert [(live.caller, live.did) for live in replay.unfinished()] == [("987654301", "5550100")]
    assert replay.stream.lost > 0


def test_what_is_no_ami_is_counted(tmp_path: Path) -> None:
    (tmp_path / "mixed").write_bytes(b"<html>\r\n\r\n\x00\xff\r\n\r\n" + raw("closed") + b"half of")
    replay = replayed(tmp_path / "mixed")
    assert [call.verdict for call in ended(replay)] == [Verdict.CLOSED]
    assert (replay.stream.unread, replay.stream.lost) == (2, len(b"half of"))


def test_a_time_that_no_clock_tells_is_passed_over(tmp_path: Path) -> None:
    wild = (
        raw("queue_abandoned")
        .replace(b"Timestamp: 1795374950.55", b"Timestamp: 1e300")
        .replace(b"Timestamp: 1795374950.56", b"Timestamp: nan")
    )
    (tmp_path / "wild").write_bytes(wild)
    (call,) = calls(tmp_path / "wild")
    assert call.verdict is Verdict.ABANDONED_QUEUE
    assert 0 <= call.started <= call.ended < 2e9


def test_a_large_recording_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    noise = raw("queue_abandoned")
    with (tmp_path / "large").open("wb") as file:
        file.writelines(noise for _ in range(250))
    size = (tmp_path / "large").stat().st_size
    tracemalloc.start()
    try:
        assert sum(1 for _ in replayed(tmp_path / "large").steps()) == 250 * 15
        assert tracemalloc.get_traced_memory()[1] < size / 5
    finally:
        tracemalloc.stop()


class Bytes(Recording):
    """A recording that is not in a file."""

    def __init__(self, *blocks: bytes) -> None:
        super().__init__("bytes")
        self.blocks = blocks

    def raw(self) -> Iterator[bytes]:
        yield from self.blocks


MESSAGES = [message for path in TRANSCRIPTS for message in path.read_bytes().split(b"\r\n\r\n") if message]
LINES = sorted({line for message in MESSAGES for line in message.split(b"\r\n")})


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_arbitrary_bytes_are_no_calls(blocks: list[bytes]) -> None:
    replay = Replay(Bytes(*blocks), SETTINGS)
    assert list(replay) == []
    assert replay.unfinished() == []


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(MESSAGES) | st.lists(st.sampled_from(LINES), max_size=12).map(b"\r\n".join), max_size=60),
    st.data(),
)
def test_real_events_in_any_disorder_raise_nothing_and_invent_nobody(
    messages: list[bytes], data: st.DataObject
) -> None:
    stream = bytearray(b"\r\n\r\n".join([*messages, b""]))
    for _ in range(data.draw(st.integers(0, 3)) if stream else 0):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    replay = Replay(Bytes(bytes(stream)), SETTINGS)
    for call in ended(replay):
        assert isinstance(call, Call)
        assert call.linkedid.encode("utf-8", "replace") in stream or not call.linkedid.isascii()
        assert call.wait >= 0
        assert call.talk >= 0
    replay.unfinished()
