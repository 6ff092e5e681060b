"""The sender role of `ringback run --only sender`, but posting with httpx: `python -m benchmarks.drain CONFIG`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from ringback.message import Message
from ringbackd.compose import House
from ringbackd.flowfiles import read_flows
from ringbackd.opening import open_store
from ringbackd.settings import load
from whatsapp.answer import decide
from whatsapp.outcome import Outcome
from whatsapp.sender import Client
from whatsapp.settings import CloudSettings
from whatsapp.wire import payload


class HttpxClient:
    """What `whatsapp.client` does, on httpx."""

    def __init__(self, settings: CloudSettings, session: httpx.AsyncClient) -> None:
        self.settings, self.session = settings, session

    async def send(self, message: Message, attempt: int = 0) -> Outcome:
        """Post once."""
        answer = await self.session.post(self.settings.messages_url, json=payload(message), headers=self.settings.auth)
        return decide(answer.status_code, answer.content, attempt)


class HttpxHouse(House):
    """A house with another client."""

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """Posts with httpx."""
        async with httpx.AsyncClient() as session:
            yield HttpxClient(self.settings.whatsapp, session)


async def main(config: Path) -> None:
    """Send until killed."""
    settings = load(config)
    async with open_store(settings.redis) as store:
        await HttpxHouse(settings, read_flows(settings), store, ("sender",)).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
