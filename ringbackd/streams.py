"""Reading streams as one of a group: own unfinished entries first, then the dead's, then new ones.

An entry is named by its stream and its id in it, parted by a space.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from ringbackd.pauses import set_within

BLOCK_MS = 500
CLAIM_IDLE_MS = 10_000
CLAIM_EVERY_S = 5.0
"""What a dead member left is taken over by another one after ten to fifteen seconds."""
KEEP_EVERY_S = 3.0
"""How often a living member says that it still works on what it took, however long that lasts."""
BATCH = 50
PENDING = 1_000


class Consumer:
    """One member of a consumer group. Its `name` is the same after a restart, so it finds what it left unfinished.

    Of several streams the first come first, and each gives a part of every batch, so that none starves. `room` says how
    many entries may be taken now; it waits until there is one. Works on Redis 6.0 too: XPENDING and XCLAIM instead of
    XAUTOCLAIM (6.2).
    """

    def __init__(
        self,
        redis: Redis,
        streams: Sequence[str],
        group: str,
        name: str,
        batch: int = BATCH,
        room: Callable[[], Awaitable[int]] | None = None,
    ) -> None:
        self.redis, self.streams, self.group, self.name = redis, list(streams), group, name
        self.batch, self.room = batch, room
        self._next_claim = 0.0
        self._given: set[str] = set()

    async def entries(self, stop: asyncio.Event) -> AsyncIterator[tuple[str, bytes]]:
        """(entry, the bytes of its `json` field) until `stop`. What is not acknowledged comes again next time."""
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

    def let_go(self, entry: str) -> None:
        """We do not work on it any more. If it is pending all the same, it is read again: what took it off its stream
        was written to a primary that is none any more."""
        self._given.discard(entry)

    async def keep(self, done: asyncio.Event) -> None:
        """Until `done`: let nobody take over what was given to us and was not let go yet."""
        while not await set_within(done, KEEP_EVERY_S):
            await self.touch()

    async def touch(self) -> None:
        """What we work on counts as taken just now, unless somebody took it over meanwhile."""
        least = int(KEEP_EVERY_S * 500)  # in ms: half a turn; whoever took it over has it for less
        for stream in self.streams if self._given else []:
            rows = await self._pending(stream, self.name)
            old = [row["message_id"] for row in rows if row["time_since_delivered"] >= least]
            mine = [entry for entry in old if _name(stream, entry) in self._given]
            if mine:
                await self.redis.xclaim(stream, self.group, self.name, least, mine, justid=True)

    async def _create(self) -> None:
        for stream in self.streams:
            try:
                await self.redis.xgroup_create(stream, self.group, id="0", mkstream=True)
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise

    async def _mine(self) -> list[tuple[str, bytes]]:
        found: list[tuple[str, bytes]] = []
        for stream in self.streams:
            last = "0"
            while batch := await self._read({stream: last}, self.batch, block=None):
                found += batch
                last = batch[-1][0].partition(" ")[2]
        return found

    async def _new(self) -> list[tuple[str, bytes]]:
        room = await self.room() if self.room else self.batch
        count = max(1, room // len(self.streams))
        return await self._read(dict.fromkeys(self.streams, ">"), count, block=BLOCK_MS)

    async def _read(self, after: Mapping[str, str], count: int, block: int | None) -> list[tuple[str, bytes]]:
        wanted: dict[Any, Any] = {**after}
        answer: Any = await self.redis.xreadgroup(self.group, self.name, wanted, count=count, block=block)
        batches = answer.items() if isinstance(answer, dict) else answer or []
        return [entry for stream, rows in batches for entry in _entries(stream, rows)]

    async def _orphans(self) -> list[tuple[str, bytes]]:
        """What another member took and did not finish (it is dead, or will find its effect already there), and what was
        given to us in an answer that never arrived."""
        if time.monotonic() < self._next_claim:
            return []
        self._next_claim = time.monotonic() + CLAIM_EVERY_S
        pending = [(stream, row) for stream in self.streams for row in await self._pending(stream)]
        found: list[tuple[str, bytes]] = []
        for stream in self.streams:
            old = [row["message_id"] for its, row in pending if its == stream and self._is_orphan(stream, row)]
            rows: Any = await self.redis.xclaim(stream, self.group, self.name, CLAIM_IDLE_MS, old) if old else []
            found += _entries(stream, rows)
        return found

    async def _pending(self, stream: str, name: str | None = None) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await self.redis.xpending_range(stream, self.group, "-", "+", PENDING, name)
        return rows

    def _is_orphan(self, stream: str, row: dict[str, Any]) -> bool:
        given = _name(stream, row["message_id"]) in self._given
        return not given and bool(row["time_since_delivered"] >= CLAIM_IDLE_MS)


def _name(stream: str | bytes, entry: bytes) -> str:
    return f"{stream if isinstance(stream, str) else stream.decode()} {entry.decode()}"


def _entries(stream: str | bytes, rows: list[tuple[bytes, dict[bytes, bytes] | None]]) -> list[tuple[str, bytes]]:
    """Entries that were deleted while pending come without fields."""
    return [(_name(stream, entry), fields.get(b"json", b"")) for entry, fields in rows if fields]
