"""What the journal tells of a period, gathered entry by entry: no more is kept than the figures of the period need."""

from __future__ import annotations

from dataclasses import dataclass, field

from ringback.call import Source
from ringback.journal import Entry, Event
from ringback.letter import Letter, follow
from ringback.offered import TAKEN
from ringback.story import Story

MISSES = frozenset({Event.OPENED, Event.MISSED_AGAIN, Event.SUPPRESSED})
LINKS = frozenset({Event.LINK_DOWN, Event.LINK_UP})
SLACK_S = 24 * 3600
"""What is told of a case is told after its call, but the clock of the PBX may be another one."""


@dataclass
class Period:
    """[since, until) in epoch seconds. `misses` are the times at which calls of each customer were missed, from `since`
    on, whether that was followed up or not; `links` are all entries about links."""

    since: float
    until: float
    missed: int = 0
    filled: int = 0
    lost: int = 0
    suppressed: dict[str, int] = field(default_factory=dict)
    misses: dict[str, list[float]] = field(default_factory=dict)
    links: list[Entry] = field(default_factory=list)
    offers: dict[str, Entry] = field(default_factory=dict)
    """By Linkedid: of several offers in one call the one that was taken counts, else the last."""
    _stories: dict[str, Story] = field(default_factory=dict)
    _letters: dict[str, Letter] = field(default_factory=dict)

    def tell(self, entry: Entry) -> None:
        """Take in an entry of the journal: all of them, later ones tell how the cases of the period ended."""
        if entry.event in LINKS:
            self.links.append(entry)
        if entry.at < self.since - SLACK_S:
            return
        if entry.case:
            self._stories.setdefault(entry.case, Story()).tell(entry)
        follow(self._letters, entry)
        if entry.at >= self.since and _missed(entry):
            self.misses.setdefault(entry.customer, []).append(entry.at)
        if self.since <= entry.at < self.until:
            self._count(entry)

    def _count(self, entry: Entry) -> None:
        self.missed += _missed(entry)
        self.filled += entry.event is Event.CALL_ENDED and entry.data.get("source", Source.LIVE) != Source.LIVE
        if entry.event is Event.LOST:
            self.lost += int(entry.data["count"])
        if entry.event is Event.OFFERED:
            self._offered(entry)
        if entry.event is Event.SUPPRESSED:
            why = str(entry.data["why"])
            self.suppressed[why] = self.suppressed.get(why, 0) + 1

    def _offered(self, entry: Entry) -> None:
        linkedid = str(entry.data["linkedid"])
        if linkedid not in self.offers or self.offers[linkedid].data["choice"] not in TAKEN:
            self.offers[linkedid] = entry

    @property
    def cases(self) -> list[Story]:
        """The cases whose missed call ended in the period."""
        return [story for story in self._stories.values() if self.since <= story.missed_at < self.until]

    @property
    def letters(self) -> list[Letter]:
        """The messages that were put into the outbox in the period."""
        return [letter for letter in self._letters.values() if self.since <= letter.queued < self.until]


def _missed(entry: Entry) -> bool:
    by_call = entry.event is not Event.OPENED or entry.data["origin"] == "missed_call"
    return entry.event in MISSES and by_call
