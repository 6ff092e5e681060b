"""Between the reader and whoever wants the calls: the reader never waits, the sink is told everything in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from ami_listener.backoff import Backoff
from ami_listener.settings import PbxSettings
from ami_listener.tracker import CallStarted, Outcome
from ringback.call import Call

log = logging.getLogger("ringback.ami")


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The PBX can be heard (again)."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The PBX cannot be heard, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Resynced:
    """After a connect everything missed has been made up for; these calls are in progress."""

    live: frozenset[str]


class Sink(Protocol):
    """Who wants to know. A method that raises is called again with the same thing until it does not."""

    async def call_started(self, started: CallStarted) -> None:
        """A call began. After a gap it may be told again."""

    async def call_ended(self, call: Call) -> None:
        """A call has its verdict. After a gap it may be told again: (pbx, linkedid) names it; the first time counts."""

    async def resynced(self, pbx: str, live_linkedids: frozenset[str]) -> None:
        """Exactly these calls are in progress; any other that was thought to be is over."""

    async def link_up(self) -> None:
        """The PBX can be heard."""

    async def link_down(self, reason: str) -> None:
        """The PBX cannot be heard; `reason` is one line for people."""


Item = Outcome | LinkUp | LinkDown | Resynced


class Delivery:
    """A bounded queue in front of a sink. When it is full what comes is counted, said once, and dropped."""

    def __init__(self, settings: PbxSettings, sink: Sink) -> None:
        self._name, self._sink = settings.name, sink
        self._queue: asyncio.Queue[Item] = asyncio.Queue(settings.queue_size)
        self._full = False
        self.dropped = 0

    def put(self, item: Item) -> None:
        """Hand something over without waiting."""
        try:
            self._queue.put_nowait(item)
        except asyncio.QueueFull:
            self.dropped += 1
            if not self._full:
                log.error("%s: calls come in faster than they are stored: from now on some are lost", self._name)
            self._full = True

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            item = await self._queue.get()
            await self._deliver(item)
            if self._full and self._queue.empty():
                log.warning("%s: calls are stored again; %d were lost so far", self._name, self.dropped)
                self._full = False

    async def _deliver(self, item: Item) -> None:
        backoff = Backoff(0.1, 10.0)
        failed = False
        while True:
            try:
                return await self._hand_over(item)
            except Exception as error:
                if not failed:
                    log.warning("%s: a call could not be stored (%s); trying until it can", self._name, error)
                failed = True
                await asyncio.sleep(backoff.next())

    def _hand_over(self, item: Item) -> Awaitable[None]:
        match item:
            case CallStarted():
                return self._sink.call_started(item)
            case Call():
                return self._sink.call_ended(item)
            case Resynced():
                return self._sink.resynced(self._name, item.live)
            case LinkUp():
                return self._sink.link_up()
            case LinkDown():
                return self._sink.link_down(item.reason)
