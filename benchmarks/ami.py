"""How fast AMI is read on one core: ours with full verdicts, beside panoramisk, cacofonisk and a mere parser.

All read the same bytes, a busy FreePBX with every class on, each in a process of its own and in turns, so that whatever
else the machine does meets them alike. Run it with `make bench`, or `python -m benchmarks.ami [FILE...]`: recordings
(gzipped or not) are read instead of our own stream. Exit code 1: a target is missed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.progress import track
from rich.table import Table

from ami_listener.recording import Recording
from ami_listener.wire import END
from benchmarks.readers import READERS, ringback
from benchmarks.stream import stream

PEERS = Path(__file__).parents[1] / ".venv-bench" / "bin" / "python"
CALLS, AT_ONCE, ROUNDS = 220, 40, 9
TARGETS = {"panoramisk": 8.0, "cacofonisk": 10.0, "minimal": 0.4}
"""How many times as fast as each of these we have to be."""

Seconds = Mapping[str, list[float]]


def once(name: str, path: Path) -> float:
    """CPU seconds that one reader takes for the file, in a new process."""
    python = sys.executable if name == ringback.__name__ else PEERS
    done = subprocess.run(
        [python, "-m", "benchmarks.readers", name, path], capture_output=True, check=True, cwd=Path(__file__).parents[1]
    )
    return float(json.loads(done.stdout)["seconds"])


def measure(path: Path, rounds: int) -> Seconds:
    """Each reader in turn, again and again."""
    seconds: dict[str, list[float]] = {name: [] for name in READERS}
    for _ in track(range(rounds), description="reading", transient=True):
        for name, values in seconds.items():
            values.append(once(name, path))
    return seconds


def show(console: Console, seconds: Seconds, events: int, size: int) -> bool:
    """The figures as a table; whether every target is met."""
    ours = median(seconds[ringback.__name__])
    table = Table("reader", "events/s", "us/event", "ringback is", "target", title=f"{events:,} events of {size} bytes")
    met = True
    for name, values in seconds.items():
        middle = median(values)
        ratio, target = middle / ours, TARGETS.get(name, 0.0)
        met = met and ratio >= target
        verdict = f">= {target:g} {'met' if ratio >= target else 'MISSED'}" if target else ""
        table.add_row(
            name, f"{events / middle:,.0f}", f"{1e6 * middle / events:.2f}", f"{ratio:.2f} times as fast", verdict
        )
    console.print(table)
    return met


def main() -> None:
    """Make the stream, read it, print."""
    console = Console()
    blocks = [block for name in sys.argv[1:] for block in Recording(name)]
    with tempfile.NamedTemporaryFile(suffix=".ami") as file:
        file.writelines(blocks or stream(0, CALLS, AT_ONCE))
        file.flush()
        data = Path(file.name).read_bytes()
        events = data.count(END + b"Event: ") + data.startswith(b"Event: ")
        met = show(console, measure(Path(file.name), ROUNDS), events, len(data) // events)
    sys.exit(not met)


if __name__ == "__main__":
    main()
