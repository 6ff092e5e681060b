"""Between the reader and whoever wants the calls: the reader never waits, the sink is told everything in order.

While the sink takes things they pass through memory. When it does not, they wait on disk, and until the last of those
is taken every new one goes behind them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import islice

from ami_listener.backoff import Backoff
from ami_listener.registry import CallStarted
from ami_listener.settings import PbxSettings
from ami_listener.sink import Item, LinkDown, LinkUp, Lost, Resynced, Sink, Trouble
from ami_listener.spill import Spill, SpillError
from ringback.call import Call

log = logging.getLogger("ringback.ami")

SLOW_S = 1.0
"""How long the sink may take before what waits in memory is written to disk."""

SHELVE_EVERY_S = 0.1
"""How often that is done from then on: so much, at most, is lost by a kill."""

STOP_S = 2.0
"""How long the sink may still take things when we stop; the rest is written to disk."""

BATCH = 200
"""Things read from the disk, or written to it, at a time."""


class Delivery:
    """A bounded queue in front of a sink, with a file behind it. What fits in neither is counted, said and dropped."""

    def __init__(self, settings: PbxSettings, sink: Sink, clock: Callable[[], float] = time.time) -> None:
        self._name, self._sink, self._clock = settings.name, sink, clock
        self._room = settings.queue_size
        self._queue: deque[Item] = deque()
        self._hand: deque[Item] = deque()
        self._arrived = asyncio.Event()
        self._spill = Spill(settings.spill_file, settings.spill_bytes)
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="spill")
        self._hand_kept = self._spilling = self._troubled = False
        self._untold = 0
        self.lost = 0

    @property
    def idle(self) -> bool:
        """Whether all that was put is with the sink, or on disk."""
        return not self._queue and not self._hand

    def put(self, item: Item) -> None:
        """Hand something over without waiting."""
        if len(self._queue) < self._room:
            self._queue.append(item)
            self._arrived.set()
            return
        if not self._untold:
            log.error("%s: calls can be neither stored nor kept: from now on some are lost", self._name)
        self._untold += 1
        self.lost += 1

    async def run(self) -> None:
        """Deliver until cancelled; then what is left is delivered or written to disk, within a few seconds."""
        try:
            await self._look_back()
            while True:
                await self._round()
        finally:
            await self._finish()

    async def _look_back(self) -> None:
        await self._on_disk(self._spill.open)
        self._spilling = self._spill.waiting > 0
        if self._spilling:
            log.warning("%s: what waits in %s since the last run comes first", self._name, self._spill.path)

    async def _round(self) -> None:
        if self._spill.waiting:
            await self._shelve()
            await self._from_disk()
        else:
            await self._from_memory()
        if self._untold and not self._queue:
            log.warning("%s: calls are kept again; %d were lost so far", self._name, self.lost)
            self._untold, untold = 0, self._untold
            self.put(Lost(self._clock(), untold))

    async def _from_memory(self) -> None:
        while not self._queue:
            self._arrived.clear()
            await self._arrived.wait()
        self._hand_kept = False
        self._hand.append(self._queue.popleft())
        await self._hand_over(self._hand[0])
        if self._hand_kept:
            await self._taken(1)

    async def _from_disk(self) -> None:
        items: list[Item | None] = []
        if not await self._on_disk(lambda: items.extend(self._spill.first(BATCH))):
            await (self._from_memory() if self._queue else asyncio.sleep(SLOW_S))
            return
        for item in items:
            if item is None:
                self.lost += 1
                log.error("%s: something in %s cannot be read; it was skipped", self._name, self._spill.path)
            else:
                await self._hand_over(item)
        await self._taken(len(items))

    async def _taken(self, count: int) -> None:
        await self._on_disk(lambda: self._spill.drop(count))
        if not self._spill.waiting:
            log.warning("%s: all that waited in %s is stored", self._name, self._spill.path)
            self._spilling = self._troubled = False

    async def _hand_over(self, item: Item) -> None:
        """Until it is taken; what arrives meanwhile is written to disk now and then."""
        task, patience = asyncio.create_task(self._take(item)), SLOW_S
        try:
            while not (await asyncio.wait({task}, timeout=patience))[0]:
                await self._shelve()
                patience = SHELVE_EVERY_S
        finally:
            task.cancel()
            await asyncio.wait({task}, timeout=SLOW_S)

    async def _take(self, item: Item) -> None:
        await self._deliver(item)
        self._hand.clear()

    async def _shelve(self) -> None:
        """Write what is in memory to the end of the file, as far as that is possible."""
        if self._hand:
            self._hand_kept = await self._on_disk(partial(self._spill.append, list(self._hand)))
            if not self._hand_kept:
                return
            self._hand.clear()
        while self._queue:
            batch = list(islice(self._queue, BATCH))
            if not await self._on_disk(partial(self._spill.append, batch)):
                return
            for _ in batch:
                self._queue.popleft()
        if self._spill.waiting and not self._spilling:
            log.warning("%s: calls are not taken now; they wait in %s", self._name, self._spill.path)
            self._spilling = True

    async def _on_disk(self, work: Callable[[], None]) -> bool:
        """Do something with the file, away from the loop; what is wrong with it is said once."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._disk, work)
        except SpillError as error:
            if not self._troubled:
                log.error("%s: %s: until that is mended, few calls are kept while Redis is away", self._name, error)
            self._troubled = True
            return False
        return True

    async def _finish(self) -> None:
        """Nothing that was read is lost: what the sink does not take at once goes to disk."""
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                while not self._spill.waiting and (part := self._hand or self._queue):
                    await self._deliver(part[0])
                    part.popleft()
        await self._shelve()
        if left := len(self._hand) + len(self._queue):
            log.error("%s: %d calls could be neither stored nor kept, and are lost", self._name, left)
        await self._on_disk(self._spill.close)
        self._disk.shutdown(wait=False)

    async def _deliver(self, item: Item) -> None:
        backoff = Backoff(0.1, 10.0)
        failed = False
        while True:
            try:
                return await self._tell(item)
            except Exception as error:
                if not failed:
                    log.warning("%s: a call could not be stored (%s); trying until it can", self._name, error)
                failed = True
                await asyncio.sleep(backoff.next())

    def _tell(self, item: Item) -> Awaitable[None]:
        match item:
            case CallStarted():
                return self._sink.call_started(item)
            case Call():
                return self._sink.call_ended(item)
            case Resynced():
                return self._sink.resynced(self._name, item.live)
            case LinkUp():
                return self._sink.link_up(item.at)
            case LinkDown():
                return self._sink.link_down(item.at, item.reason)
            case Lost():
                return self._sink.lost(item.at, item.count)
            case Trouble():
                return self._sink.trouble(item.text)
