"""Reading a stream as one of a group: own unfinished entries first, then the dead's, then new ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

BLOCK_MS = 500
CLAIM_IDLE_MS = 10_000
CLAIM_EVERY_S = 5.0
BATCH = 50
PENDING = 1_000


class Consumer:
    """One member of a consumer group. Its `name` is the same after a restart, so it finds what it left unfinished.

    Works on Redis 6.0 too: XPENDING and XCLAIM instead of XAUTOCLAIM (6.2).
    """

    def __init__(self, redis: Redis, stream: str, group: str, name: str, batch: int = BATCH) -> None:
        self.redis, self.stream, self.group, self.name = redis, stream, group, name
        self.batch = batch
        self._next_claim = 0.0
        self._given: set[str] = set()

    async def entries(self, stop: asyncio.Event) -> AsyncIterator[tuple[str, bytes]]:
        """(entry id, the bytes of its `json` field) until `stop`. What is not acknowledged comes again next time."""
        await self._create()
        self._given.clear()
        for entry in await self._mine():
            yield self._give(entry)
        while not stop.is_set():
            for entry in [*await self._orphans(), *await self._new()]:
                yield self._give(entry)

    def _give(self, entry: tuple[str, bytes]) -> tuple[str, bytes]:
        self._given.add(entry[0])
        return entry

    async def _create(self) -> None:
        try:
            await self.redis.xgroup_create(self.stream, self.group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def _mine(self) -> list[tuple[str, bytes]]:
        found: list[tuple[str, bytes]] = []
        last = "0"
        while batch := await self._read(last, block=None):
            found += batch
            last = batch[-1][0]
        return found

    async def _new(self) -> list[tuple[str, bytes]]:
        return await self._read(">", block=BLOCK_MS)

    async def _read(self, after: str, block: int | None) -> list[tuple[str, bytes]]:
        answer: Any = await self.redis.xreadgroup(
            self.group, self.name, {self.stream: after}, count=self.batch, block=block
        )
        batches = answer.values() if isinstance(answer, dict) else [rows for _, rows in answer or []]
        return [entry for rows in batches for entry in _entries(rows)]

    async def _orphans(self) -> list[tuple[str, bytes]]:
        """What another member took and did not finish (it is dead, or will find its effect already there), and what was
        given to us in an answer that never arrived."""
        if time.monotonic() < self._next_claim:
            return []
        self._next_claim = time.monotonic() + CLAIM_EVERY_S
        pending: Any = await self.redis.xpending_range(self.stream, self.group, "-", "+", count=PENDING)
        self._given &= {row["message_id"].decode() for row in pending}
        old = [
            row["message_id"]
            for row in pending
            if row["message_id"].decode() not in self._given and row["time_since_delivered"] >= CLAIM_IDLE_MS
        ]
        if not old:
            return []
        rows: Any = await self.redis.xclaim(self.stream, self.group, self.name, CLAIM_IDLE_MS, old)
        return list(_entries(rows))


def _entries(rows: list[tuple[bytes, dict[bytes, bytes] | None]]) -> list[tuple[str, bytes]]:
    """Entries that were deleted while pending come without fields."""
    return [(entry.decode(), fields.get(b"json", b"")) for entry, fields in rows if fields]
