"""A Cloud API that costs next to nothing, so that it is never what limits a sender: takes anything, answers "accepted".

It runs in a process of its own (`python -m benchmarks.sink`) and prints its port. `GET /` tells how many messages it
took, when (seconds of the monotonic clock, first and last), and how many came twice; `GET /new` begins anew.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time

LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
OURS = re.compile(rb'"biz_opaque_callback_data": ?"([^"]*)"')
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
ANSWER = b'{"messaging_product":"whatsapp","contacts":[{"input":"+0","wa_id":"0"}],"messages":[{"id":"wamid.%x"}]}'


class Tally:
    """What was taken since it began anew."""

    def __init__(self) -> None:
        self.total = 0
        self.begin()

    def begin(self) -> None:
        """Count from nothing; ids go on, so that none is given twice."""
        self.first = self.last = 0.0
        self.seen: set[bytes] = set()
        self.count = 0

    def take(self, request: bytes) -> bytes:
        """Count one message; the answer."""
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.count, self.total = self.count + 1, self.total + 1
        self.seen.update(OURS.findall(request))
        return ANSWER % self.total

    def told(self) -> bytes:
        """The figures so far as JSON."""
        twice = self.count - len(self.seen)
        return json.dumps({"count": self.count, "twice": twice, "first": self.first, "last": self.last}).encode()


class Sink(asyncio.Protocol):
    """One connection."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where answers go."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self.rest += data
        while (end := self.rest.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self.rest, 0, end)
            end += 4 + (int(length[1]) if length else 0)
            if len(self.rest) < end:
                return
            request, self.rest = self.rest[:end], self.rest[end:]
            if request.startswith(b"GET /new"):
                self.tally.begin()
            answer = self.tally.told() if request.startswith(b"GET") else self.tally.take(request)
            if isinstance(self.transport, asyncio.WriteTransport):
                self.transport.write(HEAD % (len(answer), answer))


async def main() -> None:
    """Serve until killed."""
    tally = Tally()
    server = await asyncio.get_running_loop().create_server(lambda: Sink(tally), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1])
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
