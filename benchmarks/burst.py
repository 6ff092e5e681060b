"""What the listener holds and how it bears a burst: the memory of 2,000 calls that are up, then 50,000 events at once.

This process plays Asterisk on loopback: it writes event by event, as Asterisk does, and gives each write the 100 ms of
`writetimeout` in manager.conf before it takes the reader for dead. The listener has a process of its own.
Run it with `make bench`, or `python -m benchmarks.burst`. Exit code 1: a target is missed.
"""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ami_listener.listener import Listener
from ami_listener.registry import CallStarted
from ami_listener.settings import PbxSettings
from benchmarks.stream import stream
from ringback.call import Call

CALLS, PART, MOST_MB = 2_000, 0.6, 60
EVENTS, AT_ONCE, WRITETIMEOUT_S = 50_000, 40, 0.1
READY = "resynced"


class Printer:
    """A sink that says each thing on standard output."""

    async def call_started(self, started: CallStarted) -> None:
        """Not of interest."""

    async def call_ended(self, call: Call) -> None:
        """A call is over."""
        print(call.linkedid, flush=True)

    async def resynced(self, pbx: str, live_linkedids: frozenset[str]) -> None:
        """What comes from now on is fed at once."""
        print(READY, flush=True)

    async def link_up(self, at: float) -> None:
        """Not of interest."""

    async def link_down(self, at: float, reason: str) -> None:
        """The burst was too much."""
        print(f"link down: {reason}", flush=True)

    async def trouble(self, text: str) -> None:
        """Not of interest: the Asterisk here has no rights to give."""

    async def lost(self, at: float, count: int) -> None:
        """Not kept."""
        print(f"{count} lost", flush=True)


def listen(port: int, folder: str) -> None:
    """The process that is measured."""
    settings = {"secret": "secret", "port": port, "settle_s": 0.0, "keepalive_s": 600, "spill_folder": folder}
    asyncio.run(Listener(PbxSettings.model_validate(settings), Printer()).run())


class Asterisk:
    """One AMI connection, from its other end, and the process that listens there."""

    def __init__(self, folder: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            command = [sys.executable, "-m", "benchmarks.burst", str(server.getsockname()[1]), folder]
            self.listener = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            self.socket, _ = server.accept()
        self.longest = 0.0
        self._answer()
        self.wait_for(READY)

    def _answer(self) -> None:
        """What a listener asks when it comes: to log in, for its rights, for the channels that are up."""
        asked = b""
        while not all(action in asked for action in (b"Login", b"ListCommands", b"CoreShowChannels")):
            news = self.socket.recv(4096)
            asked += news
            for action_id in re.findall(r"ActionID: [^\r]*", news.decode()):
                end = (
                    f"Event: CoreShowChannelsComplete\r\nEventList: Complete\r\n{action_id}\r\n\r\n"
                    if b"Login" not in news
                    else ""
                )
                self.socket.sendall(f"Response: Success\r\n{action_id}\r\n\r\n{end}".encode())
        self.socket.sendall(b"Event: FullyBooted\r\n\r\n")

    def write(self, events: Iterable[bytes]) -> float:
        """Write event by event; how many seconds it took. TimeoutError: Asterisk would have hung up."""
        self.socket.settimeout(WRITETIMEOUT_S)
        begun = time.monotonic()
        for event in events:
            before = time.monotonic()
            self.socket.sendall(event)
            self.longest = max(self.longest, time.monotonic() - before)
        return time.monotonic() - begun

    def call(self, linkedid: str) -> None:
        """A last call: when the listener tells of its end, it has read everything before."""
        ids = f"Uniqueid: {linkedid}\r\nLinkedid: {linkedid}\r\n\r\n"
        channel = f"Channel: PJSIP/carrier-f\r\nContext: from-trunk\r\n{ids}"
        self.socket.sendall(f"Event: Newchannel\r\n{channel}Event: Hangup\r\n{channel}".encode())
        self.wait_for(linkedid)

    def wait_for(self, line: str) -> None:
        """Read what the listener prints until it prints this. ConnectionError: it lost the link, or died."""
        while self.listener.stdout and (said := self.listener.stdout.readline().strip()) != line:
            if not said or said.startswith("link down"):
                raise ConnectionError(said or "the listener is gone")

    def megabytes(self) -> float:
        """The resident memory of the listener."""
        status = Path(f"/proc/{self.listener.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


def measure(asterisk: Asterisk) -> tuple[float, float, float, float]:
    """Megabytes with nothing and with all calls up; seconds to write the burst and until all of it is judged."""
    empty = asterisk.megabytes()
    asterisk.write(stream(0, CALLS, CALLS, PART))
    asterisk.call("1.1")
    full = asterisk.megabytes()
    burst = list(islice(stream(CALLS, EVENTS, AT_ONCE), EVENTS))
    begun, asterisk.longest = time.monotonic(), 0.0
    written = asterisk.write(burst)
    asterisk.call("2.2")
    return empty, full, written, time.monotonic() - begun


def main() -> None:
    """Measure and print."""
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        asterisk = Asterisk(folder)
        try:
            empty, full, written, drained = measure(asterisk)
        except (TimeoutError, ConnectionError) as error:
            console.print(f"MISSED: the listener was too slow for writetimeout={1000 * WRITETIMEOUT_S:.0f}: {error}")
            sys.exit(1)
        finally:
            asterisk.listener.terminate()
            asterisk.listener.wait()
    met = full < MOST_MB
    table = Table("listener", "measured", "target")
    table.add_row("memory without calls", f"{empty:.1f} MB", "")
    table.add_row(f"memory with {CALLS:,} calls up", f"{full:.1f} MB", f"< {MOST_MB} MB {'met' if met else 'MISSED'}")
    table.add_row(f"a burst of {EVENTS:,} events", f"written in {written:.2f} s, judged after {drained:.2f} s", "")
    table.add_row(
        "longest wait of one write", f"{1000 * asterisk.longest:.1f} ms", f"< {1000 * WRITETIMEOUT_S:.0f} ms met"
    )
    console.print(table)
    sys.exit(not met)


if __name__ == "__main__":
    if sys.argv[1:]:
        listen(int(sys.argv[1]), sys.argv[2])
    else:
        main()
