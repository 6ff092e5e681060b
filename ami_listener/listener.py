"""One PBX, listened to: live events, and after every gap what Asterisk wrote in it, become calls."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from ami_listener.answers import LinkDownError, Message
from ami_listener.breath import breathe
from ami_listener.delivery import Delivery
from ami_listener.gap import Filler, Forgetful, Gap, Mark, Memory
from ami_listener.link import Link
from ami_listener.moments import Moments
from ami_listener.resync import OVERLAP_S, Resync
from ami_listener.rights import Rights
from ami_listener.settings import PbxSettings
from ami_listener.sink import LinkDown, LinkUp, Resynced, Sink, Trouble
from ami_listener.tracker import EVENTS, Event, Outcome, Tracker
from ringback.call import Call, Verdict

log = logging.getLogger("ringback.ami")

MARK_S = 5.0
"""How often it is kept until when the PBX was heard."""

LONGEST_GAP_S = 7 * 86_400.0
"""What is older is not read: the desk remembers for nine days which calls it has seen."""

GAPS = 100
"""Gaps that wait to be written down while that is not possible."""

UNREAD_EVERY_S = 600.0
"""How often is said what could not be read, if there is more of it."""

UNREAD = (
    "{} messages on the AMI link could not be read since Ringback started: is something else than Asterisk on that"
    " port, or between? `ringback record` keeps what comes"
)


class Listener:
    """Turns what one Asterisk says into calls for a sink. With a CEL every call that ends comes out at least once.

    After every connect live events are kept back while the gap is filled: the sources are read from before the gap on,
    Asterisk is asked for its channels, calls it no longer has are closed, then the kept events follow. The sources are
    read `settle_s` after the login, so what is older than the login is in them; all that is younger is among the kept.
    """

    def __init__(
        self,
        settings: PbxSettings,
        sink: Sink,
        *,
        memory: Memory | None = None,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._clock = settings, clock
        self._memory = memory or Forgetful()
        self._moments = Moments(clock, steady)
        self._tracker = Tracker(settings)
        self._filler = Filler(settings)
        self._delivery = Delivery(settings, sink, clock)
        self._kept: deque[tuple[Event, float]] | None = deque()
        self._heard_until = self._moments.now()
        self._hung_up = self._moments.never()
        self._read_from = clock() - settings.lookback_s
        self._unheard_since = clock()
        self._gaps: deque[Gap] = deque(maxlen=GAPS)
        self._doubtful: list[Call] = []
        self._in_doubt = asyncio.Event()
        self._booted = 0.0
        self._connected = asyncio.Event()
        self._link = Link(settings, events=settings.event_classes, on_up=self._link_up, on_down=self._link_down)
        for name in EVENTS:
            self._link.register_event(name, self._event)
        self._link.register_event("FullyBooted", self._fully_booted)
        self._rights = Rights(settings, self._link)
        self._unasked = asyncio.Event()
        self._troubles: dict[str, str] = {}

    async def run(self) -> None:
        """Listen until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._link.run())
            tasks.create_task(self._delivery.run())
            tasks.create_task(self._resync_when_connected())
            tasks.create_task(self._resolve_doubts())
            tasks.create_task(self._remember())
            tasks.create_task(self._ask_rights_when_connected())
            tasks.create_task(self._count_unread())

    def _event(self, link: Link, event: Message) -> None:
        if step := self._moments.step():
            self._tracker.shift(step)
        at = self._clock()
        self._heard_until = self._moments.now()
        self._rights.see(event)
        if event["Event"] == "Hangup":
            self._hung_up = self._heard_until
        if self._kept is not None:
            self._kept.append((event, at))
        else:
            self._feed(event, at)

    def _feed(self, event: Event, at: float) -> None:
        for outcome in self._tracker.feed(event, at):
            self._deliver(outcome)
            if isinstance(outcome, Call) and (trouble := self._rights.ended(outcome)):
                self._tell("rights", trouble)

    def _deliver(self, outcome: Outcome) -> None:
        """Hand an outcome on; a call that nobody can judge by its events is asked of the other sources first."""
        if isinstance(outcome, Call) and outcome.verdict is Verdict.UNKNOWN and self._filler.coarse:
            self._doubtful.append(outcome)
            self._in_doubt.set()
        else:
            self._delivery.put(outcome)

    def _tell(self, about: str, trouble: str) -> None:
        """Say what an admin has to mend, once; "" when it is."""
        if trouble and trouble != self._troubles.get(about):
            log.warning("%s: %s", self._settings.name, trouble)
        self._troubles[about] = trouble
        self._delivery.put(Trouble("; ".join(filter(None, self._troubles.values()))))

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
        at = self._clock()
        if self._kept is None:
            earliest = self._moments.earliest(self._heard_until)
            self._read_from = min(earliest, self._tracker.oldest() or earliest) - OVERLAP_S
            self._unheard_since = at = max(earliest, at - 2 * self._settings.keepalive_s)
        self._delivery.put(LinkDown(at, reason))

    async def _resync_when_connected(self) -> None:
        while True:
            await self._connected.wait()
            self._connected.clear()
            self._kept = deque() if self._kept is None else self._kept
            await asyncio.sleep(self._settings.settle_s)
            resync = Resync(self._settings, self._tracker, self._filler, self._deliver, self._clock)
            hung_up = self._moments.earliest(self._hung_up) - OVERLAP_S
            try:
                await resync.run(self._link, self._read_from, hung_up, self._booted)
            except LinkDownError:
                continue
            except (TimeoutError, PermissionError) as error:
                self._complain(error)
            self._gaps.append(Gap(self._unheard_since, self._clock(), resync.told, resync.source))
            await self._go_live()

    async def _ask_rights_when_connected(self) -> None:
        while True:
            await self._unasked.wait()
            self._unasked.clear()
            with suppress(LinkDownError, TimeoutError):
                self._tell("rights", await self._rights.ask())

    async def _count_unread(self) -> None:
        told = 0
        while True:
            await asyncio.sleep(UNREAD_EVERY_S)
            if (unread := self._link.unread + self._tracker.unread) > told:
                told = unread
                self._tell("unread", UNREAD.format(unread))

    async def _go_live(self) -> None:
        """Feed what was kept, and what comes meanwhile behind it."""
        kept = self._kept = deque(self._kept or ())
        fed = 0
        while kept:
            self._feed(*kept.popleft())
            fed += 1
            await breathe(fed)
        self._kept = None
        self._heard_until = self._moments.now()
        self._delivery.put(Resynced(frozenset(self._tracker.live())))

    async def _resolve_doubts(self) -> None:
        """Asterisk writes a call's CDR when it ends: soon after that it is asked of the calls of unknown verdict."""
        while True:
            await self._in_doubt.wait()
            await asyncio.sleep(self._settings.settle_s)
            self._in_doubt.clear()
            asked = list(self._doubtful)
            for call in await self._filler.better(asked):
                self._delivery.put(call)
            del self._doubtful[: len(asked)]

    async def _remember(self) -> None:
        """Keep until when the PBX was heard, and write gaps down; at the start, go further back if needed."""
        mark = await self._memory.last_heard()
        if mark is not None:
            self._unheard_since = min(self._unheard_since, mark.at)
            self._read_further(mark.since)
        while True:
            while self._gaps:
                await self._memory.gap(self._gaps[0])
                self._gaps.popleft()
            if self._kept is None and self._link.ready.is_set() and self._delivery.idle and not self._doubtful:
                now = self._clock()
                await self._memory.heard(Mark(now, min(now, self._tracker.oldest() or now)))
            await asyncio.sleep(MARK_S)

    def _read_further(self, since: float) -> None:
        since = max(since - OVERLAP_S, self._clock() - LONGEST_GAP_S)
        if since < self._read_from:
            self._read_from = since
            if self._link.ready.is_set():
                self._connected.set()

    def _complain(self, error: TimeoutError | PermissionError) -> None:
        why = str(error) or "no answer in time"
        log.warning("%s: the calls in progress are not known: CoreShowChannels failed (%s)", self._settings.name, why)
