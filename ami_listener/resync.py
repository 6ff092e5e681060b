"""After a connect: what was missed is made up for, and what is in progress is known again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from ami_listener.breath import breathe
from ami_listener.certainty import Certainty
from ami_listener.gap import Filler
from ami_listener.link import Link
from ami_listener.settings import PbxSettings
from ami_listener.sources.readers import CelReader
from ami_listener.tracker import CallStarted, Event, Outcome, Tracker
from ringback.call import Call, Source, Verdict

POLL_S = 0.1
"""How often the CEL is read again while calls that are gone have not ended in it."""

OVERLAP_S = 5.0
"""How far before the last live event sources are read again: clocks and buffers are not exact."""


class Resync:
    """One resynchronisation of a tracker with its PBX, while live events are kept back.

    The CEL goes through the tracker; CDR and queue_log tell of calls that it does not know, and of those it cannot
    judge. `told` counts the calls made up for, `source` says from what, for people.
    """

    def __init__(
        self,
        settings: PbxSettings,
        tracker: Tracker,
        filler: Filler,
        deliver: Callable[[Outcome], None],
        clock: Callable[[], float],
    ) -> None:
        self._settings, self._tracker, self._filler = settings, tracker, filler
        self._deliver, self._clock = deliver, clock
        self._certainty = Certainty()
        self._started: list[CallStarted] = []
        self._doubtful: dict[str, Call] = {}
        self.told = 0
        self.source = ""

    async def run(self, link: Link, since: float, hung_up: float, booted: float) -> None:
        """Make up for what happened since `since`. `hung_up`: the CEL has to be at least as new; `booted`: see Tracker.

        Raises LinkDownError, TimeoutError and PermissionError as the link does; what was told by then stays told.
        """
        try:
            await self._run(link, since, hung_up, booted)
        finally:
            self._tell_rest()

    async def _run(self, link: Link, since: float, hung_up: float, booted: float) -> None:
        reader = await self._filler.written_cel(hung_up)
        if reader is None:
            self._tracker.doubt()
        else:
            self.source = reader.place.name
            await self._read(reader, since, None)
        rows = await link.ask_list({"Action": "CoreShowChannels"})
        for number, row in enumerate(rows, 1):
            self._feed(row, Source.LIVE)
            await breathe(number)
        live = {row.get("Uniqueid", "") for row in rows}
        if reader is not None:
            await self._read_late_ends(reader, since, live)
        for call in self._tracker.close_missing(live, self._clock(), booted=booted if reader else 0.0):
            self._take(call, Source.CEL if reader else Source.LIVE)
        await self._read_coarse(since, {row.get("Linkedid", "") for row in rows})

    async def _read(self, reader: CelReader, since: float, only: Collection[str] | None) -> None:
        number = 0
        async for event in self._filler.events(reader, since):
            if only is None or event["Linkedid"] in only:
                self._certainty.see(event)
                self._feed(event, Source.CEL)
            await breathe(number := number + 1)

    def _feed(self, event: Event, source: Source) -> None:
        for outcome in self._tracker.feed(event, self._clock()):
            if isinstance(outcome, Call):
                self._take(self._certainty.settle(outcome) if source is Source.CEL else outcome, source)
            else:
                self._started.append(outcome)

    def _take(self, call: Call, source: Source) -> None:
        call = call.model_copy(update={"source": source})
        if call.verdict is Verdict.UNKNOWN:
            self._doubtful[call.linkedid] = call
        else:
            self._tell(call)

    def _tell(self, call: Call) -> None:
        self.told += call.source is not Source.LIVE
        self._deliver(call)

    async def _read_late_ends(self, reader: CelReader, since: float, live: Collection[str]) -> None:
        """Give the CEL time to tell how those calls ended that Asterisk has no more."""
        patience = self._clock() + self._settings.gap_patience_s
        while (gone := self._tracker.missing(live)) and self._clock() < patience:
            await asyncio.sleep(POLL_S)
            await self._read(reader, since, gone)
            since = self._clock() - OVERLAP_S

    async def _read_coarse(self, since: float, live: Collection[str]) -> None:
        """What CDR and queue_log tell of calls that are over and of which nothing else is known."""
        told = await self._filler.calls(since) if self._filler.coarse else {}
        self.source = ", ".join(filter(None, (self.source, self._filler.coarse)))
        for linkedid, call in told.items():
            if self._tracker.has_ended(linkedid) or linkedid in live:
                continue
            self._tracker.forget(linkedid)
            self._tell(call)

    def _tell_rest(self) -> None:
        """What nobody knows better, and which calls are in progress: told even where the link broke meanwhile."""
        for call in self._doubtful.values():
            self._tell(call)
        in_progress = self._tracker.live()
        for one in self._started:
            if one.linkedid in in_progress:
                self._deliver(one)
