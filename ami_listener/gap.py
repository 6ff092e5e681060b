"""The time in which a PBX was not heard, and what Asterisk wrote meanwhile."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from ami_listener.coarse import Judge, gather
from ami_listener.registry import Event
from ami_listener.settings import PbxSettings
from ami_listener.sources.readers import CelReader, Place, RowsReader, cdr_reader, queue_log_reader
from ami_listener.sources.trouble import SourceError
from ringback.call import Call, Verdict

log = logging.getLogger("ringback.ami")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything the PBX said until `at` was heard and stored; the oldest call then in progress began at `since`."""

    at: float
    since: float


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which the PBX was not heard, and how many calls were made up for from what (for people)."""

    since: float
    until: float
    calls: int
    source: str


class Memory(Protocol):
    """What a listener remembers over its own death. Each method raises until it has done what is asked."""

    async def heard(self, mark: Mark) -> None:
        """Keep the mark."""

    async def last_heard(self) -> Mark | None:
        """The mark that was kept last."""

    async def gap(self, gap: Gap) -> None:
        """Write down a gap."""


class Forgetful:
    """A memory that ends with the process."""

    async def heard(self, mark: Mark) -> None:
        """Keep nothing."""

    async def last_heard(self) -> Mark | None:
        """There never was one."""
        return None

    async def gap(self, gap: Gap) -> None:
        """Write nothing down."""


class Filler:
    """Reads the sources of one PBX, the best first. What cannot be read is said once, and again when it is mended."""

    def __init__(self, settings: PbxSettings) -> None:
        self._settings = settings
        self._cel = [CelReader(one, settings) for one in settings.gap if one.read == "cel"]
        self._cdr = [cdr_reader(one, settings) for one in settings.gap if one.read == "cdr"]
        self._queue_log = [queue_log_reader(one, settings) for one in settings.gap if one.read == "queue_log"]
        self._broken: dict[str, str] = {}

    @property
    def coarse(self) -> str:
        """What there is beside CEL, for people; "" for nothing."""
        places = [reader.place for reader in self._cdr] + [reader.place for reader in self._queue_log]
        return ", ".join(place.name for place in places)

    def probe(self) -> list[tuple[str, str]]:
        """Every source by its name with what is wrong with it, "" where it can be read. Blocks."""
        now = time.time()
        cel = [(reader.place.name, _trouble(reader.newest)) for reader in self._cel]
        cdr = [(reader.place.name, _trouble(partial(_first_page, reader, now))) for reader in self._cdr]
        queue_log = [(reader.place.name, _trouble(partial(_first_page, reader, now))) for reader in self._queue_log]
        return [*cel, *cdr, *queue_log]

    async def written_cel(self, hung_up: float) -> CelReader | None:
        """The first CEL that holds a hang-up of that moment, so that what it does not tell did not happen."""
        for reader in self._cel:
            try:
                newest = await asyncio.to_thread(reader.newest)
                if newest is not None and newest >= hung_up:
                    self._mended(reader.place)
                    return reader
                raise SourceError("Asterisk does not write it: see docs/gap.md")
            except SourceError as error:
                self._say(reader.place, error)
        return None

    async def events(self, reader: CelReader, since: float) -> AsyncIterator[Event]:
        """What the CEL has from `since` on."""
        try:
            async for page in _in_thread(reader.pages(since)):
                for event in page:
                    yield event
        except SourceError as error:
            self._say(reader.place, error)

    async def calls(self, since: float) -> dict[str, Call]:
        """By Linkedid, the calls that ended at or after `since`, as CDR and queue_log tell them."""
        rows = await self._first(self._cdr, since)
        entries = await self._first(self._queue_log, since)
        judge = Judge(self._settings, rows)
        ended = (one for one in gather(rows, entries).values() if one.ended >= since)
        calls = [call for evidence in ended if (call := judge.call(evidence))]
        return {call.linkedid: call for call in sorted(calls, key=lambda call: call.ended)}

    async def better(self, doubtful: Iterable[Call]) -> list[Call]:
        """The same calls; those of unknown verdict as CDR and queue_log tell them, where these know more."""
        calls = list(doubtful)
        unknown = [call for call in calls if call.verdict is Verdict.UNKNOWN]
        if not unknown or not self.coarse:
            return calls
        told = await self.calls(min(call.started for call in unknown) - 1.0)
        return [_better(call, told.get(call.linkedid)) for call in calls]

    async def _first(self, readers: Iterable[RowsReader[T]], since: float) -> list[T]:
        for reader in readers:
            rows: list[T] = []
            try:
                async for page in _in_thread(reader.pages(since)):
                    rows += page
            except SourceError as error:
                self._say(reader.place, error)
                continue
            self._mended(reader.place)
            return rows
        return []

    def _say(self, place: Place, error: SourceError) -> None:
        if self._broken.get(place.name) != str(error):
            log.warning("%s: %s is no source of the gap: %s", self._settings.name, place.name, error)
        self._broken[place.name] = str(error)

    def _mended(self, place: Place) -> None:
        if self._broken.pop(place.name, None):
            log.warning("%s: %s is a source of the gap again", self._settings.name, place.name)


def _trouble(read: Callable[[], object]) -> str:
    try:
        read()
    except SourceError as error:
        return str(error)
    return ""


def _first_page(reader: RowsReader[T], since: float) -> None:
    next(reader.pages(since), None)


def _better(call: Call, told: Call | None) -> Call:
    """What CDR and queue_log know better. Of a call in which somebody was heard they may miss how it went on."""
    if told is None or told.verdict is Verdict.UNKNOWN or (call.talk and told.verdict is Verdict.ANSWERED):
        return call
    return told


async def _in_thread(pages: Iterator[list[T]]) -> AsyncIterator[list[T]]:
    """The pages of a source that blocks."""
    while (page := await asyncio.to_thread(next, pages, None)) is not None:
        yield page
