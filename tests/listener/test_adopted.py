"""Calls that people sent us, each with what really became of it, and the way they come in."""

import json
from pathlib import Path

import pytest

from ami_listener.recording import Recording
from ringback.call import Verdict
from tests.listener.adopt import TRANSCRIPTS, adopt, judged

ADOPTED = sorted(TRANSCRIPTS.glob("*.json"))


@pytest.mark.parametrize("path", ADOPTED, ids=lambda path: path.stem)
def test_an_adopted_call_has_the_verdict_that_it_deserves(path: Path) -> None:
    truth = json.loads(path.read_text(encoding="utf-8"))
    assert judged(path.with_suffix(".ami.gz"), truth["settings"]) == truth["calls"]


def test_a_recording_becomes_a_test_without_its_numbers(tmp_path: Path) -> None:
    recording = Recording(str(TRANSCRIPTS / "queue_abandoned.ami"))
    path = adopt(recording, tmp_path, "new", None, {"short_s": 60})
    truth = json.loads((tmp_path / "new.json").read_text(encoding="utf-8"))
    assert truth["settings"] == {"short_s": 60}
    (call,) = truth["calls"]
    assert (call["verdict"], call["linkedid"], len(call["caller"])) == ("short", "1795374950.0", 9)
    assert call["caller"] != "987654301"
    assert judged(path, truth["settings"]) == truth["calls"]
    with pytest.raises(FileExistsError):
        adopt(recording, tmp_path, "new", None, {})


def test_the_truth_may_be_another_one_than_the_trackers(tmp_path: Path) -> None:
    recording = Recording(str(TRANSCRIPTS / "queue_abandoned.ami"))
    path = adopt(recording, tmp_path, "new", Verdict.VOICEMAIL, {})
    truth = json.loads((tmp_path / "new.json").read_text(encoding="utf-8"))
    assert truth["calls"][0]["verdict"] == "voicemail"
    assert judged(path, {}) != truth["calls"]


def test_a_verdict_needs_one_call_to_speak_of(tmp_path: Path) -> None:
    both = tmp_path / "both"
    both.write_bytes(b"".join((TRANSCRIPTS / f"{name}.ami").read_bytes() for name in ("closed", "queue_abandoned")))
    with pytest.raises(ValueError, match="has 2 calls"):
        adopt(Recording(str(both)), tmp_path, "new", Verdict.BUSY, {})
    assert [path.name for path in tmp_path.iterdir()] == ["both"]
