"""An AMI server that misbehaves on request: on loopback, scripted per action."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from ami_listener.settings import PbxSettings

Reply = Callable[[dict[str, str]], Iterable[str | bytes]]

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def success(action: dict[str, str]) -> list[str]:
    return [f"Response: Success\r\nActionID: {action['ActionID']}\r\n\r\n"]


def silence(action: dict[str, str]) -> list[str]:
    return []


def refusal(action: dict[str, str]) -> list[str]:
    return [f"Response: Error\r\nActionID: {action['ActionID']}\r\nMessage: Authentication failed\r\n\r\n"]


class Hostile:
    """Remembers every action it got; answers each as `replies` says, Success where it says nothing.

    `greets` false: it takes connections and never says a word. `slams`: it closes each connection at once.
    """

    def __init__(self) -> None:
        self.greets, self.slams = True, False
        self.replies: dict[str, Reply] = {}
        self.actions: list[dict[str, str]] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.changed = asyncio.Condition()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        if self.slams:
            writer.transport.abort()
            return
        if self.greets:
            writer.write(BANNER)
        try:
            while True:
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in block.split("\r\n") if line)
                for text in self.replies.get(action["Action"], success)(action) if self.greets else ():
                    writer.write(text if isinstance(text, bytes) else text.encode())
                self.actions.append(action)
                async with self.changed:
                    self.changed.notify_all()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def got(self, name: str, times: int = 1) -> None:
        async with self.changed, asyncio.timeout(5):
            await self.changed.wait_for(lambda: self.count(name) >= times)

    def count(self, name: str) -> int:
        return sum(action["Action"] == name for action in self.actions)

    def send(self, raw: bytes) -> None:
        self.writers[-1].write(raw)

    def cut(self) -> None:
        self.writers[-1].transport.abort()

    def settings(self, **values: object) -> PbxSettings:
        quick = {"reconnect_first_s": 0.01, "refused_first_s": 0.01, "settle_s": 0.0, "gap_patience_s": 0.3}
        return PbxSettings.model_validate(
            {"name": "lima", "port": self.port, "user": "ringback", "secret": "s3cret", **quick, **values}
        )


@asynccontextmanager
async def hostile(port: int = 0) -> AsyncIterator[Hostile]:
    server = Hostile()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", port)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for writer in server.writers:
            writer.transport.abort()
        await asyncio.sleep(0)
