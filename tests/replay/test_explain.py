"""The story of a call: what decided, in order."""

from pathlib import Path

import pytest

from ami_listener.explain import Explanation
from ami_listener.meanings import MEANINGS, VERDICTS, Known
from ringback.call import Verdict
from tests.replay.recordings import TRANSCRIPTS, calls, raw, replayed


def story(path: Path, linkedid: str) -> tuple[Explanation, list[str]]:
    explanation = Explanation(replayed(path), linkedid)
    return explanation, [word for step in explanation for word in step.meant]


def test_a_call_that_was_lost_after_a_transfer_is_told_in_its_order() -> None:
    path = TRANSCRIPTS[0].with_name("lost_in_transfer.ami")
    explanation, words = story(path, calls(path)[0].linkedid)
    assert words == [
        "inbound call from 987654311 to 5550101",
        "rings 102",
        "phones ring for the caller",
        "ringing ended: ANSWER",
        "the caller and 102 hear each other",
        "the caller and 102 do not hear each other any more",
        "transferred or parked: from here on the caller has to reach a person again",
        "the caller is in a queue",
        "waits in queue ventas",
        "rings 101",
        "the caller hung up",
        "out of queue ventas",
        "the last channel of the call is gone: now it is judged",
    ]
    assert explanation.call
    assert explanation.call.verdict is Verdict.LOST_IN_TRANSFER


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_every_call_has_a_story_that_ends_with_its_verdict(path: Path) -> None:
    (call,) = calls(path)
    explanation, words = story(path, call.linkedid)
    assert (explanation.call, explanation.found) == (call, True)
    assert words


def test_of_a_call_that_goes_on_the_story_has_no_end(tmp_path: Path) -> None:
    (tmp_path / "early").write_bytes(raw("queue_abandoned")[:20_000])
    explanation, words = story(tmp_path / "early", "1795374950.0")
    assert (explanation.call, explanation.found) == (None, True)
    assert words[0] == "inbound call from 987654301 to 5550100"


def test_a_call_that_is_not_there_has_none() -> None:
    explanation, words = story(TRANSCRIPTS[0], "1.1")
    assert (explanation.call, explanation.found, words) == (None, False, [])


def test_every_field_and_every_verdict_has_words() -> None:
    assert set(VERDICTS) == set(Verdict)
    assert set(MEANINGS) | {"queue"} == set(Known.__dataclass_fields__)
