"""A coverage-guided fuzzer of everything between the socket and the verdict, with Google's atheris (not in our locks).

    python3.11 -m venv /tmp/fuzz && /tmp/fuzz/bin/pip install atheris -r requirements.lock
    /tmp/fuzz/bin/python -m tests.fuzz.ami SEEDS -max_total_time=600 -max_len=16384

Run it from the checkout. SEEDS is a folder for the corpus, which begins with our transcripts. A crash is written to a
file crash-...; make a test of it in tests/listener/test_bad_input.py. What long runs found stands in docs/fuzzing.md.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ami_listener", "ringback"]):
    from ami_listener.settings import PbxSettings
    from ami_listener.sieve import Sieve
    from ami_listener.tracker import EVENTS, Tracker
    from ami_listener.wire import END, Framer
    from ringback.call import Call

TRANSCRIPTS = Path(__file__).parents[1] / "listener" / "transcripts"
SETTINGS = PbxSettings.model_validate({"secret": "unused", "short_s": 0})
AT = 1.8e9


def seeds(folder: Path) -> None:
    """Each transcript without the messages that decide nothing, whole and as a beginning in the middle."""
    for path in TRANSCRIPTS.glob("*.ami"):
        messages = list(Sieve(EVENTS.__contains__, SETTINGS)(path.read_bytes().split(END)))
        (folder / path.stem).write_bytes(END.join(messages))
        (folder / f"{path.stem}_middle").write_bytes(END.join(messages[len(messages) // 2 :]))


def judge(data: bytes) -> None:
    """All bytes, in two reads; whatever is said must be said of a call that was told of, and make sense."""
    framer, tracker = Framer(Sieve(EVENTS.__contains__, SETTINGS)), Tracker(SETTINGS)
    told, ended = set(), []
    for block in (data[: len(data) // 3], data[len(data) // 3 :]):
        for event in framer.feed(block):
            told |= {event.get("Linkedid"), event.get("DestLinkedid"), event.get("ActionID")}
            ended += [one for one in tracker.feed(event, AT) if isinstance(one, Call)]
    tracker.doubt()
    ended += tracker.close_missing(set(), AT)
    for call in ended:
        if call.linkedid not in told:
            raise AssertionError(f"call {call.linkedid!r} was invented")
        if not (0 <= call.wait < math.inf and 0 <= call.talk < math.inf and math.isfinite(call.ended)):
            raise AssertionError(f"times that make no sense: {call!r}")
    if len({call.linkedid for call in ended}) != len(ended):
        raise AssertionError("a call was judged twice")
    if tracker.live():
        raise AssertionError("a call outlives its channels")


def main() -> None:
    """Fuzz until told to stop."""
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    seeds(folder)
    atheris.Setup(sys.argv, judge)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
