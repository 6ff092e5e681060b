"""The offer, heard from Asterisk's side: how long until the first prompt, and how many dialogues in a second.

Both ways in are real: the FastAGI server in a process of its own (beside it runs nothing else of the daemon), the
script as Asterisk starts it. Asterisk is played by a lean client that answers each command at once, so that what is
measured is ours; the caller's channel is up, as it is in queues and menus. The delay is from the moment Asterisk
connects, or starts the process, to the first STREAM FILE. A dialogue is a whole one: the greeting, key 1, the number
confirmed, the fact kept on disk, goodbye.
Exit code 1: a target is missed.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import cast

from rich.console import Console
from rich.table import Table

from agi.fastagi import FastAgi
from agi.menu import FILE, LineMenu, Menu, Numbers, dump
from agi.offer import House, run
from agi.spool import Spool

ROUNDS, BURSTS, SCRIPTS = 200, 20, 1
AT_ONCE = 50
DIALOGUES = 2000
P99_MS, PER_SECOND = 50.0, 300.0
GREETING = (
    "agi_network: yes\nagi_network_script: offer\nagi_request: agi://127.0.0.1/offer\nagi_channel: PJSIP/trunk-1\n"
    "agi_language: es\n"
    "agi_type: PJSIP\nagi_uniqueid: {id}\nagi_version: 22.6.0\nagi_callerid: 987654321\nagi_calleridname: unknown\n"
    "agi_callingpres: 0\nagi_callingani2: 0\nagi_callington: 0\nagi_callingtns: 0\nagi_dnid: 5550100\n"
    "agi_rdnis: unknown\nagi_context: ringback-offer\nagi_extension: s\nagi_priority: 3\nagi_enhanced: 0.0\n"
    "agi_accountcode: \nagi_threadid: 1\n\n"
)
NUMBERS = count(1)
Call = Callable[[bool], Awaitable[float]]
"""Makes one call, to its end or to the first prompt only; says after how many seconds that came."""


def menu() -> Menu:
    """One line that is always open."""
    always = ((0.0, 9e9),)
    line = LineMenu("ventas", "es", "America/Lima", "PE", ("5550100",), ("ventas",), always, always)
    numbers = Numbers(prefixes=("", "0", "51", "0051"), mobile=r"9\d{8}", any=r"(?:9\d{8})|(?:1\d{7})")
    return Menu(pbx="pbx", lines=(replace(line, numbers=numbers, texts={"whatsapp": "marque uno"}),), salt="salt")


class Asterisk:
    """One call: Asterisk, and a caller who presses 1 twice; `heard` is when the first prompt came, `whole` whether he
    hears the rest."""

    def __init__(self, whole: bool) -> None:
        self.whole, self.heard = whole, 0.0
        self.name = f"1763860000.{next(NUMBERS)}"
        self.greeting = GREETING.format(id=self.name).encode()

    def answer(self, line: bytes) -> bytes:
        """What it says to a command."""
        if line.startswith(b"STREAM"):
            self.heard = self.heard or time.perf_counter()
            key = 49 if b"/offer-whatsapp" in line or b"/confirm-number" in line else 0
            return b"200 result=%d endpos=4000\n" % key if self.whole else b"200 result=-1 endpos=800\n"
        return f"200 result=1 ({self.name}|Up|||||60)\n".encode() if line.startswith(b"GET FULL") else b"200 result=0\n"

    @property
    def over(self) -> bool:
        """Whether it hangs up now."""
        return bool(self.heard) and not self.whole


class Wire(asyncio.Protocol):
    """Its connection to the FastAGI server; `done` when that is over."""

    def __init__(self, asterisk: Asterisk) -> None:
        self.asterisk, self.rest = asterisk, b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self.asterisk.greeting)

    def data_received(self, data: bytes) -> None:
        """Answer each command."""
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.transport.write(self.asterisk.answer(line))
            if self.asterisk.over:
                self.transport.close()
                return

    def connection_lost(self, _: Exception | None) -> None:
        """Over."""
        self.done.set_result(None)


async def by_fastagi(port: int, whole: bool) -> float:
    """One call by FastAGI."""
    began, asterisk = time.perf_counter(), Asterisk(whole)
    _, wire = await asyncio.get_running_loop().create_connection(lambda: Wire(asterisk), "127.0.0.1", port)
    await wire.done
    return asterisk.heard - began


async def by_script(folder: Path, whole: bool) -> float:
    """One call by the script."""
    began = time.perf_counter()
    pipe = asyncio.subprocess.PIPE
    argv = (sys.executable, "-m", "agi.script", str(folder))
    process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe)
    if process.stdout is None or process.stdin is None:
        raise RuntimeError("no pipes")
    asterisk = Asterisk(whole)
    process.stdin.write(asterisk.greeting)
    while not asterisk.over and (line := await process.stdout.readline()):
        process.stdin.write(asterisk.answer(line))
    process.stdin.close()
    await process.wait()
    return asterisk.heard - began


async def delays(call: Call, at_once: int, rounds: int) -> list[float]:
    """Milliseconds to the first prompt, of so many calls at the same moment, so many times."""
    found: list[float] = []
    for _ in range(rounds):
        found += await asyncio.gather(*(call(False) for _ in range(at_once)))
    return [1000 * one for one in found]


async def rate(call: Call) -> float:
    """Whole dialogues in a second, 50 at a time."""
    left = iter(range(DIALOGUES))

    async def caller() -> None:
        for _ in left:
            await call(True)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(AT_ONCE)))
    return DIALOGUES / (time.perf_counter() - began)


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """A server in a process of its own; its port."""
    argv = [sys.executable, "-m", "benchmarks.offer", "--serve", str(folder)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("no pipe")
        yield int(process.stdout.readline())
        process.terminate()


def serve(folder: Path) -> None:
    """Answer until the one who started us is gone."""
    house = House(menu(), Spool(folder))
    door = FastAgi("127.0.0.1", 0, {"offer": lambda session: run(session, house)})
    door.start()
    print(door.port, flush=True)
    sys.stdin.read()


async def measure(console: Console, folder: Path, port: int) -> bool:
    """Both ways; whether every target is met."""
    ways: dict[str, tuple[Call, int, int]] = {
        "FastAGI": (lambda whole: by_fastagi(port, whole), ROUNDS, BURSTS),
        "script": (lambda whole: by_script(folder, whole), 10 * SCRIPTS, SCRIPTS),
    }
    await delays(ways["FastAGI"][0], AT_ONCE, 1)
    table = Table("way", "at once", "calls", "p50 ms", "p99 ms", "target", title="to the first prompt")
    good = True
    for way, (call, alone, bursts) in ways.items():
        for at_once, rounds in ((1, alone), (AT_ONCE, bursts)):
            found = await delays(call, at_once, rounds)
            p99 = quantiles(found, n=100, method="inclusive")[98]
            asked = way == "FastAGI"
            good = good and not (asked and p99 >= P99_MS)
            shown = f"p99 < {P99_MS:g} {'✔' if p99 < P99_MS else '✘'}" if asked else ""
            table.add_row(way, f"{at_once}", f"{len(found)}", f"{median(found):.1f}", f"{p99:.1f}", shown)
    console.print(table)
    per_second = await rate(ways["FastAGI"][0])
    kept = await asyncio.to_thread(lambda: len(list(folder.glob("*.fact"))))
    enough = per_second >= PER_SECOND and kept == DIALOGUES
    console.print(
        f"{'✔' if enough else '✘'} whole dialogues by FastAGI: {per_second:.0f} per second, {kept} facts of {DIALOGUES}"
        f" kept (at least {PER_SECOND:g} per second, every fact)"
    )
    return good and enough


def main() -> int:
    """The benchmark, or with --serve FOLDER its server."""
    if sys.argv[1:2] == ["--serve"]:
        serve(Path(sys.argv[2]))
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / FILE).write_text(dump(menu()))
        with served(folder) as port:
            return 0 if asyncio.run(measure(Console(), folder, port)) else 1


if __name__ == "__main__":
    sys.exit(main())
