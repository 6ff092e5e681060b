"""How long a hang-up takes to become a WhatsApp message: 200 real calls, quiet time 0, everything on this machine.

Asterisk's share: from the order to hang up (sipp sends the BYE) to the last Hangup event of the call on an AMI
connection of our own. Ours: from that event to the POST at the Cloud API, through verdict, Redis, case and sender.
Run it with `make bench`, or `python -m benchmarks.latency [CALLS]`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from statistics import quantiles

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ringbackd.sandbox.scene import Scene, e164
from ringbackd.sandbox.stage import Stage

CALLS = 200
STAY_S = 1.2
EVERY_S = 0.25
QUEUE = "5550100"


class Witness:
    """Reads AMI on its own connection and notes when the last Hangup of every caller's call was on the wire."""

    def __init__(self) -> None:
        self.callers: dict[str, str] = {}
        self.hung_up: dict[str, float] = {}

    async def watch(self, port: int, user: str, secret: str) -> None:
        """Read until cancelled."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"Action: Login\r\nUsername: {user}\r\nSecret: {secret}\r\nEvents: call\r\n\r\n".encode())
        await reader.readline()
        while True:
            raw = await reader.readuntil(b"\r\n\r\n")
            at = time.time()
            event = dict(line.split(": ", 1) for line in raw.decode().split("\r\n") if ": " in line)
            if event.get("Event") == "Newchannel" and event["Uniqueid"] == event["Linkedid"]:
                self.callers[event["Linkedid"]] = event["CallerIDNum"]
            elif event.get("Event") == "Hangup" and event["Linkedid"] in self.callers:
                self.hung_up[self.callers[event["Linkedid"]]] = at


async def call(stage: Stage, number: str, byes: dict[str, float]) -> None:
    """One customer waits a moment in the queue and hangs up."""
    placed = await stage.people.dial(number, QUEUE)
    await placed.established()
    await asyncio.sleep(STAY_S)
    byes[number] = time.time()
    await placed.hang_up()


async def measure(console: Console, calls: int) -> tuple[list[float], list[float]]:
    """Milliseconds of Asterisk and of Ringback, a value per call."""
    witness, byes = Witness(), dict[str, float]()
    numbers = [f"98{index:07d}" for index in range(calls)]
    async with Stage(console, Scene(quiet_s=0, short_s=1)) as stage:
        pbx = stage.pbx
        watching = asyncio.create_task(witness.watch(pbx.ami_port, pbx.ami_user, pbx.ami_secret))
        with Progress(console=console) as progress:
            async with asyncio.TaskGroup() as group:
                for number in progress.track(numbers, description="calling and hanging up"):
                    group.create_task(call(stage, number, byes))
                    await asyncio.sleep(EVERY_S)
        await stage.wait("every message", lambda: _all_posted(stage, calls), 20)
        watching.cancel()
        posted = {message.to: message.at for message in stage.cloud.accepted}
    hung_up = witness.hung_up
    asterisk = [1000 * (hung_up[number] - byes[number]) for number in numbers]
    return asterisk, [1000 * (posted[e164(number)] - hung_up[number]) for number in numbers]


async def _all_posted(stage: Stage, calls: int) -> bool:
    return len(stage.cloud.accepted) >= calls


def row(name: str, values: Sequence[float]) -> tuple[str, ...]:
    """A line of the table: p50, p90, p99 and the worst."""
    cuts = quantiles(values, n=100, method="inclusive")
    return name, *(f"{value:.1f}" for value in (cuts[49], cuts[89], cuts[98], max(values)))


def main() -> None:
    """Measure and print."""
    console = Console()
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    asterisk, ours = asyncio.run(measure(console, calls))
    table = Table("milliseconds", "p50", "p90", "p99", "max", title=f"{calls} real calls, one run")
    table.add_row(*row("Asterisk: BYE to the last Hangup event", asterisk))
    table.add_row(*row("Ringback: that event to the POST", ours))
    table.add_row(*row("both", [a + b for a, b in zip(asterisk, ours, strict=True)]))
    console.print(table)


if __name__ == "__main__":
    main()
