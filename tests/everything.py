"""Every test: four runs side by side, each with ports of its own, and then the tests that must be alone.

Most tests wait for telephones, so that one run after another would take an hour; but a telephone that is late on a busy
machine makes another call of the one that was written down. What failed is tried once more, in the quiet: a test that
fails twice is red, and one that did not is named.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

TESTS = Path(__file__).parent
GROUPS = {
    "calls": ("pbx", "gap", "kit"),
    "talks": ("offer", "callbacks", "voice"),
    "houses": ("e2e", "service", "browser", "agi"),
}
"""Folders of tests; whatever is in none of them is the group `rest`."""
LOOK_S, TELL_S = 0.2, 30.0
A_FEW = 8
"""More tests of a run than this do not fail because the machine is busy."""
NO_TESTS = 5
"""What pytest says when there was none to run."""


@dataclass
class Run:
    """One pytest process. `marks` is its -m, `nice` how much it stands back when the processors are wanted."""

    name: str
    folder: Path
    paths: Sequence[str]
    ports: int
    marks: str = "not alone"
    nice: int = 0

    @property
    def log(self) -> Path:
        """What it said."""
        return self.folder / f"{self.name}.log"

    def start(self, *options: str) -> None:
        """Let it run."""
        cache = f"cache_dir={self.folder / self.name}"
        argv = ["nice", "-n", str(self.nice), sys.executable, "-m", "pytest", "-m", self.marks, "-o", cache]
        environment = os.environ | {"RINGBACK_PORTS": str(self.ports)}
        with self.log.open("a") as log:
            self._process = subprocess.Popen([*argv, *options, *self.paths], stdout=log, stderr=log, env=environment)

    def over(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    @property
    def red(self) -> bool:
        """Whether it ended badly."""
        return self._process.returncode not in {0, NO_TESTS}

    @property
    def percent(self) -> str:
        """How far it is, as pytest writes it."""
        told: list[str] = re.findall(r"\[ *(\d+%)\]", self.log.read_text(errors="replace"))
        return told[-1] if told else "0%"

    def failed(self) -> Mapping[str, bool]:
        """The tests that failed, by name; none when pytest itself did."""
        path = self.folder / self.name / "v/cache/lastfailed"
        found: Mapping[str, bool] = json.loads(path.read_text()) if path.exists() else {}
        return found


def groups(folder: Path) -> Iterator[Run]:
    """The runs that go side by side."""
    named = {each for some in GROUPS.values() for each in some}
    rest = sorted(path.name for path in TESTS.iterdir() if any(path.glob("test_*.py")) and path.name not in named)
    for ports, (name, folders) in enumerate({**GROUPS, "rest": rest}.items()):
        paths = [str((TESTS / each).relative_to(Path.cwd())) for each in folders]
        # The rest has no telephones to be in time for.
        yield Run(name, folder, paths, ports, nice=5 if name == "rest" else 0)


def wait(runs: Sequence[Run], console: Console) -> None:
    """Until all are over; now and then it is said how far they are."""
    told = time.monotonic()
    while not all(run.over() for run in runs):
        time.sleep(LOOK_S)
        if time.monotonic() - told >= TELL_S:
            told = time.monotonic()
            console.print("  ".join(f"{run.name} {run.percent}" for run in runs), highlight=False)


def show(run: Run, console: Console) -> None:
    """What it said."""
    console.rule(run.name)
    console.out(run.log.read_text(errors="replace"), highlight=False)


def second_try(run: Run, console: Console) -> bool:
    """Whether what failed fails again, with nothing beside it."""
    names = run.failed()
    if not 0 < len(names) <= A_FEW:
        return True
    run.log.write_text("")
    run.start("--last-failed", "--last-failed-no-failures=none")
    wait([run], console)
    show(run, console)
    for name in names if not run.red else ():
        console.print(f"passed at the second try only: {name}", style="yellow", markup=False, highlight=False)
    return run.red


def play(runs: Sequence[Run], console: Console) -> bool:
    """Let these run side by side; whether one is red."""
    for run in runs:
        run.start()
    wait(runs, console)
    for run in runs:
        show(run, console)
    still_red = [second_try(run, console) for run in runs if run.red]
    return any(still_red)


def main() -> int:
    """The exit code: 1 when a test failed."""
    console = Console()
    with TemporaryDirectory(prefix="ringback-tests-") as folder:
        at_once = list(groups(Path(folder)))
        alone = Run("alone", Path(folder), [str(TESTS.relative_to(Path.cwd()))], 0, marks="alone")
        red = [play(at_once, console), play([alone], console)]
    console.print("red" if any(red) else "green", style="bold red" if any(red) else "bold green")
    return int(any(red))


if __name__ == "__main__":
    sys.exit(main())
