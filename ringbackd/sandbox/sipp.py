"""One running sipp: its scenario, the lines that it reports, and the orders that it takes.

An order is a datagram to sipp's own SIP port that looks like a request, with a method of ours (HANGUP, ANSWER, ...) and
the Call-ID of the call it is for. sipp gives it to that call, whose scenario waits for it beside the real SIP. So one
process plays many calls and each is commanded alone; signals, the alternative, end all its calls and answer no phone.
"""

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from itertools import count
from pathlib import Path

from .errors import KitError
from .process import Process, free_udp_port, until

PACKETS_PER_S = 50
HUM = bytes((0x10, 0x90)) * 80
"""20 ms of loud sound in G.711 u-law: what answers the question whether somebody speaks. One packet."""

OnReport = Callable[[list[str]], None]
"""Told the words of one line: what happened, the Call-ID, and more."""


class Sipp:
    """A sipp process on one port of loopback."""

    def __init__(self, port: int, on_report: OnReport) -> None:
        self.port = port
        self._on_report = on_report
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        self._orders, self._media = self._sockets
        self._numbers = count(2)
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None

    async def start(
        self, sipp: Sequence[str], folder: Path, scenario: str, marks: Mapping[str, str], *words: str
    ) -> None:
        """Run the named scenario in `folder`, its @MARKS@ filled in, with more words of sipp's command line."""
        # Asterisk sends sound to this socket; nobody reads it, and the kernel drops what does not fit.
        self._media.bind(("127.0.0.1", 0))
        path = folder / f"{scenario}-{self.port}.xml"
        path.write_text(_scenario(scenario, marks))
        receiver, sender = os.pipe()
        self._reader = asyncio.create_task(self._read(receiver))
        argv = [*sipp, "-sf", str(path), *self._options(sender), *words]
        try:
            self._process = await Process.start(argv, log=path.with_suffix(".log"), cwd=folder, keep=[sender])
        finally:
            os.close(sender)

    async def listening(self) -> None:
        """Return when sipp has its port. Raises KitError when it ended instead."""
        await until(self._listens, seconds=10, otherwise=lambda: f"sipp did not start: {self._tail()}")

    def order(self, what: str, call_id: str, headers: Mapping[str, str]) -> None:
        """Send an order to the call; one for a call that has ended is lost, as it should be."""
        number = next(self._numbers)
        lines = [
            f"{what} sip:127.0.0.1 SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-order-{number}",
            "From: <sip:ringback@127.0.0.1>;tag=order",
            "To: <sip:sipp@127.0.0.1>",
            f"Call-ID: {call_id}",
            f"CSeq: {number} {what}",
            f"Order: {number}",
            *(f"{name}: {value}" for name, value in headers.items()),
            "Content-Length: 0",
        ]
        with contextlib.suppress(OSError):
            self._orders.sendto("\r\n".join([*lines, "", ""]).encode(), ("127.0.0.1", self.port))

    async def say(self, sound: bytes, port: int | None) -> None:
        """Say something (G.711 u-law, by RTP) to the PBX's `port`; when None to whoever last sent sound here, as is
        right for a sipp with one call. What a busy machine is late with follows at once: the whole takes as long as it
        should.

        Raises KitError when no sound comes within 5 seconds: then there is nobody to speak to.
        """
        listener = ("127.0.0.1", port) if port else await self._heard()
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number, at in enumerate(range(0, len(sound), len(HUM))):
            packet = struct.pack("!BBHII", 0x80, 0, number & 0xFFFF, at, 1) + sound[at : at + len(HUM)]
            self._media.sendto(packet, listener)
            await asyncio.sleep(max(0.0, began + (number + 1) / PACKETS_PER_S - loop.time()))

    async def _heard(self) -> tuple[str, int]:
        self._media.setblocking(False)
        hearing = asyncio.get_running_loop().sock_recvfrom(self._media, 2048)
        try:
            _, (host, port) = await asyncio.wait_for(hearing, 5)
        except TimeoutError:
            raise KitError("the PBX sends no sound, so it cannot be told where to send some") from None
        return host, port

    async def ended(self) -> None:
        """Wait until sipp has ended and everything that it reported was told."""
        if self._reader:
            await asyncio.shield(self._reader)

    async def stop(self) -> None:
        """End sipp at once; calls that are up are left to the other side."""
        for opened in self._sockets:
            opened.close()
        if self._process:
            await self._process.stop(grace=0.5)
        await self.ended()

    def _options(self, report: int) -> list[str]:
        return [
            *("-i", "127.0.0.1", "-p", str(self.port), "-ci", "127.0.0.1", "-cp", str(free_udp_port())),
            *("-trace_logs", "-log_file", f"/dev/fd/{report}", "-key", "media", str(self._media.getsockname()[1])),
            *("-nostdin", "-skip_rlimit", "-default_behaviors", "none"),
        ]

    async def _read(self, report: int) -> None:
        """Tell every line that sipp reports, until it ends."""
        lines = asyncio.StreamReader()
        pipe = os.fdopen(report, "rb")
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), pipe)
        while line := await lines.readline():
            if words := line.decode(errors="replace").split():
                self._on_report(words)
        transport.close()

    def _listens(self) -> bool:
        """Ask the kernel whether sipp has its port; trying to bind it ourselves could take it away from sipp."""
        if self._process is None or not self._process.running:
            raise KitError(f"sipp did not start: {self._tail()}")
        return f"0100007F:{self.port:04X} " in Path("/proc/net/udp").read_text()

    def _tail(self) -> str:
        return self._process.tail() if self._process else "it never ran"


def _scenario(name: str, marks: Mapping[str, str]) -> str:
    text = files("ringbackd.sandbox").joinpath(f"scenarios/{name}.xml").read_text()
    for mark, value in marks.items():
        text = text.replace(f"@{mark}@", value)
    return text
