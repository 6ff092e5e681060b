"""panoramisk's protocol with its reading replaced: bytes are kept until a message is whole, then handed on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from panoramisk.ami_protocol import AMIProtocol

from ami_listener.wire import Framer

Message = dict[str, str]


class Protocol(AMIProtocol):  # type: ignore[misc]  # panoramisk carries no types
    """One AMI connection; `lost` is resolved with the reason when it ends."""

    def __init__(self, wanted: Callable[[bytes], bool], on_message: Callable[[Message], None]) -> None:
        self._framer = Framer(wanted)
        self._on_message = on_message
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:
        """The TCP connection stands."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """One read: any number of messages, the last one perhaps torn."""
        for message in self._framer.feed(data):
            self._on_message(message)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        if not self.lost.done():
            self.lost.set_result(str(exc) if exc else "closed by Asterisk")

    def write(self, data: bytes) -> None:
        """Send an action."""
        self.transport.write(data)

    def close(self) -> None:
        """End the connection at once; nothing unsent is worth waiting for."""
        self.transport.abort()
