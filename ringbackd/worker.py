"""Runs a handler over a stream until told to stop; what cannot be processed is kept in the dead letters."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable

from redis.exceptions import RedisError

from ringbackd.outbox import taken_off
from ringbackd.store import Store
from ringbackd.streams import Consumer

log = logging.getLogger("ringback")
Handler = Callable[[bytes, str], Awaitable[None]]
"""Deals with (the entry's JSON, its name) and takes it off its stream in the same commit."""


class Worker:
    """Up to `width` entries of a consumer's streams at a time."""

    def __init__(self, store: Store, consumer: Consumer, handle: Handler, width: int = 1) -> None:
        self.store, self.consumer = store, consumer
        self.handle, self.width = handle, width

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what is in hand. Raises RedisError when Redis goes away."""
        done = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.consumer.keep(done))
            try:
                await self._work(stop)
            finally:
                done.set()

    async def _work(self, stop: asyncio.Event) -> None:
        room = asyncio.Semaphore(self.width)
        async with asyncio.TaskGroup() as group:
            async for entry, raw in self.consumer.entries(stop):
                await room.acquire()
                group.create_task(self._one(entry, raw, room))

    async def _one(self, entry: str, raw: bytes, room: asyncio.Semaphore) -> None:
        try:
            await self.handle(raw, entry)
        except RedisError:
            raise
        except Exception as error:
            log.exception("%s %s cannot be processed; it is kept in the dead letters", self.consumer.group, entry)
            await self._bury(entry, raw, error)
        finally:
            self.consumer.let_go(entry)
            room.release()

    async def _bury(self, entry: str, raw: bytes, error: Exception) -> None:
        text = raw.decode("utf-8", "replace")
        stream = entry.partition(" ")[0]
        body = json.dumps({"stream": stream, "why": f"{type(error).__name__}: {error}", "json": text})
        dead = ("XADD", self.store.keys.of("dead"), "*", "json", body)
        await self.store.commit((), [dead, *taken_off(self.consumer.group, entry)])
