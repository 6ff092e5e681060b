"""Call backs under load, the second half: how late they are dialled, when agents are free.

An hour's call backs, played in ten minutes (or two arguments: so many in so many seconds); each is promised for a
moment of its own by chance. Everything is real but the PBX (benchmarks/switchboard.py): Redis with its append-only
file, the process `ringback run` with listener, desk and scheduler, each dial with its last look, its limits and its
commits. Lateness is from the promised moment to the Originate.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.switchboard import Switchboard
from ringback.callback import Callback, attempt_id
from ringback.fact import Timer
from ringback.record import Case, Outcome, State
from ringbackd.opening import open_store
from ringbackd.sandbox.kit import ensure
from ringbackd.sandbox.process import Process
from ringbackd.sandbox.redisserver import RedisServer
from ringbackd.settings import RedisSettings
from ringbackd.store import Op, Store
from ringbackd.writes import case_writes

ROOT = Path(__file__).parents[1]
CALLS, AGENTS, PLAYED_S = 10_000, 600, 600.0
LATE_S, GROWTH = 1.0, 1.15
"""How late 99 of 100 may be at most, and how much larger the process may be at the end than after a fifth of them."""
BEGINS_S, LOOK_S, PATIENCE_S, AT_ONCE, SEED = 5.0, 0.5, 60.0, 500, 6
SETTINGS = """
[pbx]
port = {port}
secret = "unused"
answered_after_s = 0.1
spill_folder = "{folder}"
[redis]
url = "{redis}"
[whatsapp]
phone_number_id = "1"
token = "token"
app_secrets = ["unused"]
verify_token = "unused"
[guard]
block_hour = 10000
hour = 1000000
day = 10000000
[[line]]
name = "ventas"
brand = "Sol"
region = "PE"
timezone = "America/Lima"
dids = ["5550100"]
callback = {{exten = "ventas", channel = "Local/{{number}}@ringback-outbound", recovered_s = 0.5}}
survey = {{ask = false}}
"""


@dataclass
class Run:
    """What was measured: seconds of lateness, and kB of the process."""

    late: list[float]
    early_kb: int
    end_kb: int
    talked: int

    @property
    def p99(self) -> float:
        """The lateness that one of a hundred exceeds."""
        return quantiles(self.late, n=100)[98] if len(self.late) > 1 else float("inf")

    @property
    def grown(self) -> float:
        """How many times as large it is at the end."""
        return self.end_kb / self.early_kb


def resident_kb(pid: int) -> int:
    """The memory of a process."""
    return int((Path("/proc") / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


async def promise(store: Store, dues: list[float]) -> None:
    """A case for each moment, with the timer that wakes it."""
    for first in range(0, len(dues), AT_ONCE):
        writes: list[Op] = []
        for number, due in enumerate(dues[first : first + AT_ONCE], first):
            phone = f"9{number:08}"
            case = Case(
                id=f"c{number}", line="ventas", customer=f"+51{phone}", key=f"51{phone}", dial=phone,
                state=State.PROMISED, opened=due, last_miss=due, callback=Callback(due=due),
            )  # fmt: skip
            timer: Op = ("ZADD", store.keys.timers, f"{due:.3f}", store.timer(case.id, Timer.DUE))
            writes += [*case_writes(store.keys, case), timer]
        await store.commit((), writes)


async def watch(board: Switchboard, pid: int, calls: int, ends: float, console: Console) -> tuple[int, int]:
    """Until all are dialled and over, or it takes too long; the process after a fifth of them, and at the end."""
    early = 0
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("call backs", total=calls)
        while (len(board.asked) < calls or board.up) and time.time() < ends + PATIENCE_S:
            await asyncio.sleep(LOOK_S)
            progress.update(task, completed=len(board.asked))
            early = early or (resident_kb(pid) if len(board.asked) >= calls // 5 else 0)
    return early or 1, resident_kb(pid)


async def known(store: Store, calls: int) -> int:
    """How many cases say that he and an agent talked, as soon as all do or it takes too long."""
    talked, ends = 0, time.time() + PATIENCE_S
    while talked < calls and time.time() < ends:
        await asyncio.sleep(LOOK_S)
        found = [await store.case(f"c{number}") for number in range(calls)]
        talked = sum(bool(case and case.outcome is Outcome.CALLBACK) for case in found)
    return talked


async def played(calls: int, seconds: float, console: Console) -> Run:
    """Let so many be due in so many seconds."""
    dice = random.Random(SEED)  # noqa: S311  # moments, not secrets
    kit = await ensure(("22",), console=Console(stderr=True))
    with tempfile.TemporaryDirectory(prefix="ringback-bench-") as name:
        folder = Path(name)
        async with (
            RedisServer(kit.redis_server, folder / "redis") as redis,
            Switchboard(AGENTS) as board,
            open_store(RedisSettings(url=redis.url)) as store,
        ):
            path = folder / "ringback.toml"
            path.write_text(SETTINGS.format(port=board.port, folder=folder, redis=redis.url), encoding="utf-8")
            begins = time.time() + BEGINS_S + calls / 2000
            dues = [begins + dice.uniform(0, seconds) for _ in range(calls)]
            await promise(store, dues)
            argv = [sys.executable, "-m", "ringbackd.cli", "run", "-c", str(path), "--only", "listener,desk,scheduler"]
            service = await Process.start(argv, log=folder / "log", cwd=ROOT)
            try:
                early, end = await watch(board, service.pid, calls, begins + seconds, console)
                talked = await known(store, calls)
            finally:
                await service.stop()
            if talked < calls:
                console.print(service.tail(), markup=False)
        asked = ((board.asked.get(attempt_id(f"c{number}", 1)), due) for number, due in enumerate(dues))
        return Run([at - due for at, due in asked if at], early, end, talked)


async def main(calls: int = CALLS, seconds: float = PLAYED_S) -> int:
    """Play it and judge; 1 if a target is missed."""
    console = Console()
    run = await played(calls, seconds, console)
    wrong = {
        "dialled": (len(run.late), calls, len(run.late) < calls),
        "he and an agent talked": (run.talked, calls, run.talked < calls),
        "lateness p50": (f"{sorted(run.late)[len(run.late) // 2]:.3f} s", "", False),
        "lateness p99": (f"{run.p99:.3f} s", f"{LATE_S:g} s", run.p99 >= LATE_S),
        "lateness max": (f"{max(run.late):.3f} s", "", False),
        "memory, after a fifth and at the end": (
            f"{run.early_kb} kB, {run.end_kb} kB", f"x {GROWTH}", run.grown > GROWTH,
        ),
    }  # fmt: skip
    table = Table("dialling", "value", "target", title=f"{calls} call backs of an hour, played in {seconds:.0f} s")
    for what, (value, target, missed) in wrong.items():
        table.add_row(what, f"[red]{value}[/]" if missed else f"[green]{value}[/]", str(target))
    console.print(table)
    return int(any(missed for _, _, missed in wrong.values()))


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*(int(one) for one in sys.argv[1:3]))))
