"""A plain reader of AMI: every event in order, and a wait for one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Self

from ringbackd.sandbox.asterisk import Pbx

Event = dict[str, str]


class Ami:
    """One connection with all rights; `events` is what was told since it was opened."""

    def __init__(self, pbx: Pbx) -> None:
        self.pbx = pbx
        self.events: list[Event] = []
        self._told = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.pbx.ami_port)
        self._reading = asyncio.create_task(self._read())
        self.act(Action="Login", Username="watcher", Secret=self.pbx.ami_secret)
        await self.told(lambda event: event.get("Message") == "Authentication accepted")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        self._writer.close()
        await asyncio.wait({self._reading})

    def act(self, **headers: str) -> None:
        """Send an action; a name with an underscore stands for none (`Variable_` may come twice)."""
        self._writer.write("".join([*(f"{name}: {value}\r\n" for name, value in headers.items()), "\r\n"]).encode())

    async def told(self, wanted: Callable[[Event], bool], *, since: int = 0, seconds: float = 20) -> Event:
        """Wait for the first event from index `since` on that is wanted."""
        async with asyncio.timeout(seconds), self._told:
            while not (found := [event for event in self.events[since:] if wanted(event)]):
                await self._told.wait()
            return found[0]

    async def _read(self) -> None:
        await self._reader.readline()
        while block := await self._reader.readuntil(b"\r\n\r\n"):
            lines = block.decode(errors="replace").split("\r\n")
            event = dict(line.split(": ", 1) for line in lines if ": " in line)
            async with self._told:
                self.events.append(event)
                self._told.notify_all()
