"""The raw bytes of one AMI connection, from its banner on, handed to whoever keeps them."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from ami_listener.answers import NotConnectedError
from ami_listener.link import LoginRefusedError
from ami_listener.settings import PbxSettings
from ami_listener.sieve import Sieve
from ami_listener.tracker import EVENTS, Tracker
from ami_listener.wire import Framer, encode
from ringback.call import Call

BLOCK = 1 << 16


class Recorder:
    """One connection, never repaired: a recording with a gap in it would prove nothing.

    `bytes`, `events` (that say something of calls), `calls` (that ended) and `timed` (whether events carry times) tell
    how far it is.
    """

    def __init__(self, settings: PbxSettings, write: Callable[[bytes], object]) -> None:
        self._settings, self._write = settings, write
        self._framer = Framer(Sieve(EVENTS.__contains__, settings))
        self._tracker = Tracker(settings)
        self._logged_in = asyncio.Event()
        self.bytes = self.events = self.calls = 0
        self.timed = False

    async def run(self, stop: asyncio.Event) -> bool:
        """Record until `stop` is set (True) or the connection is gone (False).

        Raises LoginRefusedError, NotConnectedError when there is nobody or no answer, and what `write` raises.
        """
        reader, writer = await self._connect()
        # After the login nothing is ever sent, so only the kernel can find out that the other side is gone.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        stopping, reading = asyncio.create_task(stop.wait()), asyncio.create_task(self._read(reader))
        try:
            await self._login(writer, reading)
            await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
            return stop.is_set()
        finally:
            for task in (stopping, reading):
                task.cancel()
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            async with asyncio.timeout(self._settings.connect_timeout_s):
                return await asyncio.open_connection(self._settings.host, self._settings.port)
        except OSError as error:  # TimeoutError is one
            raise NotConnectedError(error.strerror or "no answer in time") from error

    async def _login(self, writer: asyncio.StreamWriter, reading: asyncio.Task[None]) -> None:
        settings = self._settings
        action = {"Action": "Login", "Username": settings.user, "Secret": settings.secret.get_secret_value()}
        writer.write(encode({**action, "Events": settings.event_classes}))
        answered = asyncio.create_task(self._logged_in.wait())
        await asyncio.wait({answered, reading}, timeout=settings.connect_timeout_s, return_when=asyncio.FIRST_COMPLETED)
        answered.cancel()
        if reading.done():
            reading.result()
        if not self._logged_in.is_set():
            raise NotConnectedError("no answer to the login")

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(BLOCK):
                self._write(data)
                self.bytes += len(data)
                for message in self._framer.feed(data):
                    self._see(message)

    def _see(self, message: dict[str, str]) -> None:
        if "Event" not in message:
            self._take_answer(message)
            return
        self.events += 1
        self.timed = self.timed or "Timestamp" in message
        self.calls += sum(isinstance(one, Call) for one in self._tracker.feed(message, time.time()))

    def _take_answer(self, message: dict[str, str]) -> None:
        if message.get("Response") == "Error" and not self._logged_in.is_set():
            raise LoginRefusedError(message.get("Message", "no reason given"))
        if "Response" in message:
            self._logged_in.set()
