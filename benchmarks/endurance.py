"""What a million calls leave behind in one tracker: nothing. `python -m benchmarks.endurance [CALLS]` takes minutes.

Recorded calls, 40 at a time, each with ids and times of its own; the table shows the memory of the process. Exit code
1: calls are left over, or the second half took more memory than the first.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count, cycle, islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ami_listener.settings import PbxSettings
from ami_listener.sieve import Sieve
from ami_listener.tracker import EVENTS, Tracker
from ami_listener.wire import END, Framer
from benchmarks.stream import recorded
from ringback.call import Call

CALLS, AT_ONCE, REPORTS = 1_000_000, 40, 10
EVERY_S = 0.5
IDS = frozenset({"Uniqueid", "Linkedid", "DestUniqueid", "DestLinkedid", "BridgeUniqueid", "TransfererLinkedid"})
IDS |= {"TransfereeLinkedid", "Channel", "DestChannel"}
SLACK_MB = 2.0
Events = list[dict[str, str]]


def originals(settings: PbxSettings) -> list[Events]:
    """What the tracker is told of each recorded call."""
    framer = Framer(Sieve(EVENTS.__contains__, settings))
    return [list(framer.feed(END.join([*messages, b""]))) for messages in recorded()]


def renamed(events: Events, number: int) -> Iterator[Mapping[str, str]]:
    """The same call once more."""
    for event in events:
        ids = {name: f"{value}{number:07d}" for name, value in event.items() if name in IDS}
        yield {**event, **ids, "Timestamp": str(float(event["Timestamp"]) + EVERY_S * number)}


def feed(tracker: Tracker, copies: Iterator[Iterator[Mapping[str, str]]]) -> Counter[str]:
    """An event of each call that is up in turn; the verdicts."""
    verdicts: Counter[str] = Counter()
    up = list(islice(copies, AT_ONCE))
    while up:
        for call in list(up):
            event = next(call, None)
            if event is None:
                up.remove(call)
                up += islice(copies, 1)
            else:
                verdicts.update(one.verdict for one in tracker.feed(event, 0.0) if isinstance(one, Call))
    return verdicts


def megabytes() -> float:
    """The resident memory of this process."""
    return int(Path("/proc/self/status").read_text(encoding="ascii").split("VmRSS:")[1].split()[0]) / 1024


def main() -> None:
    """Feed, and print on the way."""
    calls = int(sys.argv[1]) if sys.argv[1:] else CALLS
    settings = PbxSettings.model_validate({"secret": "unused"})
    tracker, console = Tracker(settings), Console()
    kinds, numbers = cycle(originals(settings)), count()
    table = Table("calls", "seconds", "MB", "in progress")
    begun, memory, verdicts = time.process_time(), [megabytes()], Counter[str]()
    for _ in range(REPORTS):
        part = islice(((renamed(next(kinds), number)) for number in numbers), calls // REPORTS)
        verdicts += feed(tracker, part)
        memory.append(megabytes())
        table.add_row(
            f"{verdicts.total():,}", f"{time.process_time() - begun:.0f}", f"{memory[-1]:.1f}", f"{len(tracker.live())}"
        )
    console.print(table, dict(verdicts))
    sys.exit(bool(tracker.live()) or memory[-1] - memory[REPORTS // 2] > SLACK_MB)


if __name__ == "__main__":
    main()
