"""What is dropped undecoded decides nothing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_listener import sieve
from ami_listener.recording import Recording
from ami_listener.sieve import Sieve
from ami_listener.tracker import EVENTS, Event, Tracker
from ami_listener.wire import END, Framer
from benchmarks.stream import stream
from ringback.call import Call
from tests.listener.listenerkit import SETTINGS, TRANSCRIPTS

RECORDINGS = sorted([*TRANSCRIPTS.glob("*.ami"), *TRANSCRIPTS.glob("*.ami.gz")])


def new() -> Sieve:
    return Sieve(EVENTS.__contains__, SETTINGS)


def events(blocks: Recording | list[bytes], sieved: bool) -> list[Event]:
    framer = Framer(new()) if sieved else Framer()
    return [event for block in blocks for event in framer.feed(block)]


def calls(found: list[Event]) -> list[Call]:
    tracker = Tracker(SETTINGS)
    outcomes = [outcome for event in found for outcome in tracker.feed(event, 0.0)]
    return [*(one for one in outcomes if isinstance(one, Call)), *tracker.close_missing(set(), 2e9)]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name.split(".")[0])
def test_what_is_dropped_changes_no_call(path: Path) -> None:
    recording = Recording(str(path))
    assert calls(events(recording, sieved=True)) == calls(events(recording, sieved=False))


def test_a_freepbx_is_read_without_decoding_most_of_it() -> None:
    blocks = list(stream(0, 22, 5))
    every, few = events(blocks, sieved=False), events(blocks, sieved=True)
    assert len(few) < len(every) / 10
    assert calls(few) == calls(every)


def message(event: str, **headers: str) -> bytes:
    return "\r\n".join([f"Event: {event}", *(f"{name}: {value}" for name, value in headers.items())]).encode()


STEP = {"Exten": "s", "Priority": "1", "Uniqueid": "1.1", "Linkedid": "1.1", "Extension": "s"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (message("VarSet", Uniqueid="1.1", Variable="QUEUESTATUS", Value="FULL"), True),
        (message("VarSet", Uniqueid="1.1", Variable="ARGC", Value="1"), False),
        (message("VarSet", Uniqueid="1.1", Value="1", Variable="QUEUESTATUS"), True),
        (message("VarSet"), True),
        (message("Newexten", Channel="a", Context="macro-dial", **STEP, Application="Set", AppData="a=b"), False),
        (message("Newexten", Channel="a", Context="ivr-1", **STEP, Application="Set", AppData="a=b"), True),
        (message("Newexten", Channel="a", Context="macro-dial", **STEP, Application="QUEUE", AppData="ventas"), True),
        (message("Newexten", **STEP, Application="Set", AppData="a=b", Context="ivr-1"), True),
        (message("Newexten", Channel="a", Context="ivr-1", **STEP, Application="Set", AppData="a\r\nb"), True),
        (message("Newexten"), True),
        (message("Hangup", Uniqueid="1.1"), True),
        (message("MusicOnHoldStart", Uniqueid="1.1"), False),
        (b"Response: Success", True),
        (b"\xff\xfe", True),
        (b"", True),
    ],
)
def test_what_is_odd_passes(text: bytes, wanted: bool) -> None:
    once = new()
    assert list(once([text, text])) == [text, text] * wanted


def test_lines_without_end_are_not_remembered_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieve, "KNOWN", 10)
    once = new()
    for number in range(100):
        assert not list(
            once([message("VarSet", Uniqueid="1.1", Variable=f"V{number}", Value=""), message(f"Odd{number}")])
        )
    assert all(len(memory) <= 10 for memory in vars(once).values() if isinstance(memory, set | dict))


PIECES = [piece for path in RECORDINGS for block in Recording(str(path)) for piece in block.split(END)]


@given(st.sampled_from(PIECES), st.data())
def test_damaged_bytes_raise_nothing(piece: bytes, data: st.DataObject) -> None:
    damaged = bytearray(piece)
    for _ in range(data.draw(st.integers(0, 3)) if piece else 0):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    list(new()([bytes(damaged)]))
