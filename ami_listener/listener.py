"""One PBX, listened to: live events, and after every gap what the CEL says happened in it, become calls."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress

from ami_listener.answers import LinkDownError, Message
from ami_listener.cel import Tail
from ami_listener.delivery import Delivery
from ami_listener.link import Link
from ami_listener.rights import Rights
from ami_listener.settings import PbxSettings
from ami_listener.sink import LinkDown, LinkUp, Resynced, Sink, Trouble
from ami_listener.tracker import EVENTS, CallStarted, Event, Tracker
from ringback.call import Call

log = logging.getLogger("ringback.ami")

POLL_S = 0.1
"""How often the CEL is read again while calls that are gone have not ended in it."""

OVERLAP_S = 5.0
"""How far before the last live event the CEL is read again: clocks and buffers are not exact."""

BREATH = 200
"""Events fed at a stretch, of whatever was waiting, before the link is read again: some milliseconds."""


class Listener:
    """Turns what one Asterisk says into calls for a sink. With a CEL every call that ends comes out at least once.

    After every connect live events are kept back while the gap is filled: the CEL is read from before the gap on,
    Asterisk is asked for its channels, calls it no longer has are closed, then the kept events follow. The CEL is read
    `settle_s` after the login, so whatever is older than the login is in it; all that is younger is among the kept.
    """

    def __init__(self, settings: PbxSettings, sink: Sink, *, clock: Callable[[], float] = time.time) -> None:
        self._settings, self._clock = settings, clock
        self._tracker = Tracker(settings)
        self._delivery = Delivery(settings, sink, clock)
        self._kept: deque[tuple[Event, float]] | None = deque()
        self._gap_since = clock() - settings.lookback_s
        self._heard_until = self._last_hangup = 0.0
        self._booted = 0.0
        self._connected = asyncio.Event()
        self._link = Link(settings, events=settings.event_classes, on_up=self._link_up, on_down=self._link_down)
        for name in EVENTS:
            self._link.register_event(name, self._event)
        self._link.register_event("FullyBooted", self._fully_booted)
        self._rights = Rights(settings, self._link)
        self._unasked = asyncio.Event()
        self._trouble = ""

    async def run(self) -> None:
        """Listen until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._link.run())
            tasks.create_task(self._delivery.run())
            tasks.create_task(self._resync_when_connected())
            tasks.create_task(self._ask_rights_when_connected())

    def _event(self, link: Link, event: Message) -> None:
        self._heard_until = at = self._clock()
        self._rights.see(event)
        if event["Event"] == "Hangup":
            self._last_hangup = at
        if self._kept is not None:
            self._kept.append((event, at))
        else:
            self._feed(event, at)

    def _feed(self, event: Event, at: float) -> None:
        for outcome in self._tracker.feed(event, at):
            self._delivery.put(outcome)
            if isinstance(outcome, Call) and (trouble := self._rights.ended(outcome)):
                self._tell(trouble)

    def _tell(self, trouble: str) -> None:
        """Say what an admin has to mend, once; "" when it is."""
        if trouble and trouble != self._trouble:
            log.warning("%s: %s", self._settings.name, trouble)
        self._trouble = trouble
        self._delivery.put(Trouble(trouble))

    def _fully_booted(self, link: Link, event: Message) -> None:
        uptime = event.get("Uptime", "")
        self._booted = self._clock() - int(uptime) if uptime.isdecimal() else 0.0

    def _link_up(self) -> None:
        self._kept = deque() if self._kept is None else self._kept
        self._delivery.put(LinkUp(self._clock()))
        self._connected.set()
        self._unasked.set()

    def _link_down(self, reason: str) -> None:
        self._rights.forget()
        if self._kept is None:
            self._gap_since = self._heard_until - OVERLAP_S
        self._delivery.put(LinkDown(self._clock(), reason))

    async def _resync_when_connected(self) -> None:
        while True:
            await self._connected.wait()
            self._connected.clear()
            self._kept = deque() if self._kept is None else self._kept
            try:
                await self._resync()
            except LinkDownError:
                continue
            except (TimeoutError, PermissionError) as error:
                self._complain(error)
            await self._go_live()

    async def _ask_rights_when_connected(self) -> None:
        while True:
            await self._unasked.wait()
            self._unasked.clear()
            with suppress(LinkDownError, TimeoutError):
                self._tell(await self._rights.ask())

    async def _resync(self) -> None:
        await asyncio.sleep(self._settings.settle_s)
        covered = self._cel_is_written()
        if not covered:
            self._tracker.doubt()
        started = await self._read_cel(self._gap_since, None) if covered else []
        rows = await self._link.ask_list({"Action": "CoreShowChannels"})
        for number, row in enumerate(rows, 1):
            self._feed(row, self._clock())
            await _breathe(number)
        live = {row.get("Uniqueid", "") for row in rows}
        if covered:
            await self._read_late_ends(live)
        booted = self._booted if covered else 0.0
        for call in self._tracker.close_missing(live, self._clock(), booted=booted):
            self._delivery.put(call)
        in_progress = self._tracker.live()
        for one in started:
            if one.linkedid in in_progress:
                self._delivery.put(one)

    async def _go_live(self) -> None:
        """Feed what was kept, and what comes meanwhile behind it."""
        kept = self._kept = deque(self._kept or ())
        fed = 0
        while kept:
            self._feed(*kept.popleft())
            fed += 1
            await _breathe(fed)
        self._kept = None
        self._heard_until = self._clock()
        self._delivery.put(Resynced(frozenset(self._tracker.live())))

    async def _read_cel(self, since: float, only: Collection[str] | None) -> list[CallStarted]:
        """Feed the tracker what the CEL has (of these Linkedids only); calls go out, beginnings are returned."""
        if self._settings.cel_file is None:
            return []
        tail = Tail(self._settings.cel_file, since)
        started: list[CallStarted] = []
        for number, event in enumerate(tail, 1):
            if only is None or event["Linkedid"] in only:
                started += self._replay(event)
            await _breathe(number)
        if tail.skipped:
            log.warning(
                "%s: %d lines of %s are no CEL rows", self._settings.name, tail.skipped, self._settings.cel_file
            )
        return started

    def _replay(self, event: Event) -> Iterable[CallStarted]:
        for outcome in self._tracker.feed(event, self._clock()):
            if isinstance(outcome, Call):
                self._delivery.put(outcome)
            else:
                yield outcome

    async def _read_late_ends(self, live: Collection[str]) -> None:
        """Give the CEL time to tell how those calls ended that Asterisk has no more."""
        patience = self._clock() + self._settings.gap_patience_s
        since = self._gap_since
        while (gone := self._tracker.missing(live)) and self._clock() < patience:
            await asyncio.sleep(POLL_S)
            await self._read_cel(since, gone)
            since = self._clock() - OVERLAP_S

    def _cel_is_written(self) -> bool:
        """Whether the CEL exists and holds the last live hang-up, so that what it does not tell did not happen."""
        path = self._settings.cel_file
        if path is None:
            return False
        try:
            with path.open("rb") as file:
                written = os.fstat(file.fileno()).st_mtime
        except FileNotFoundError:
            written = 0.0
        except OSError as error:
            log.warning("%s: cel_file %s cannot be read: %s", self._settings.name, path, error.strerror)
            return False
        fresh = written >= self._last_hangup - OVERLAP_S
        if not fresh:
            log.warning(
                "%s: Asterisk does not write cel_file %s: calls that end while the link is down stay unknown;"
                " see dialplan/cel_ringback.conf and dialplan/cel_custom_ringback.conf",
                self._settings.name,
                path,
            )
        return fresh

    def _complain(self, error: TimeoutError | PermissionError) -> None:
        why = str(error) or "no answer in time"
        log.warning("%s: the calls in progress are not known: CoreShowChannels failed (%s)", self._settings.name, why)


async def _breathe(number: int) -> None:
    """Let the link be read after every so many events."""
    if number % BREATH == 0:
        await asyncio.sleep(0)
