"""panoramisk's protocol with its reading replaced: bytes are kept until a message is whole, then handed on.

Asterisk throws out who does not empty his socket for `writetimeout` (100 ms by default). So emptying it comes first:
each turn of the loop takes a whole read from the kernel, and works on a part of what was taken.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from panoramisk.ami_protocol import AMIProtocol

from ami_listener.wire import Framer

Message = dict[str, str]


PART = 1 << 13
"""Bytes worked on in one turn of the loop, less than a millisecond; a read brings up to 32 times as much."""

MOST_WAITING = 64 << 20
"""Bytes taken and not worked on yet, above which nothing more is taken: some 150,000 events."""


class Protocol(AMIProtocol):  # type: ignore[misc]  # panoramisk carries no types
    """One AMI connection; `lost` is resolved with the reason when it ends."""

    def __init__(self, sift: Callable[[list[bytes]], Iterable[bytes]], on_message: Callable[[Message], None]) -> None:
        self._framer = Framer(sift)
        self._on_message = on_message
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._end = ""
        self.lost: asyncio.Future[str] = self._loop.create_future()

    @property
    def unread(self) -> int:
        """Messages that were neither event nor response."""
        return self._framer.unread

    def connection_made(self, transport: asyncio.Transport) -> None:
        """The TCP connection stands."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """One read: any number of messages, the last one perhaps torn."""
        if not self._waiting:
            self._loop.call_soon(self._work)
        self._waiting.extend(data[start : start + PART] for start in range(0, len(data), PART))
        self._size += len(data)
        if self._size > MOST_WAITING:
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone; what was taken before is worked on first."""
        self._end = str(exc) if exc else "closed by Asterisk"
        if not self._waiting:
            self._tell_end()

    def _work(self) -> None:
        if not self._waiting:
            return
        try:
            self._work_on_one()
        finally:
            if self._waiting:
                self._loop.call_soon(self._work)
            elif self._end:
                self._tell_end()

    def _work_on_one(self) -> None:
        part = self._waiting.popleft()
        self._size -= len(part)
        if self._size <= MOST_WAITING and not self._end:
            self.transport.resume_reading()
        for message in self._framer.feed(part):
            self._on_message(message)

    def _tell_end(self) -> None:
        if not self.lost.done():
            self.lost.set_result(self._end)

    def write(self, data: bytes) -> None:
        """Send an action."""
        self.transport.write(data)

    def close(self) -> None:
        """End the connection at once, when all that was taken is worked on; nothing unsent is worth waiting for."""
        while self._waiting:
            self._work_on_one()
        self.transport.abort()
