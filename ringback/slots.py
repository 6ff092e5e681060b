"""The slots in which a customer can be promised a call back: when a line rings, and how many calls its people manage.

A slot is known by the moment at which it begins. What is `taken` already comes from outside (`ringbackd.booking`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from itertools import accumulate, chain, islice
from zoneinfo import ZoneInfo

from ringback.hours import DAYS, days, instants
from ringback.line import Line


class Taken:
    """How many calls are promised, by the moment (epoch seconds) for which each was promised."""

    def __init__(self, promised: Mapping[float, int] | None = None) -> None:
        self._promised = promised or {}
        self._moments = sorted(self._promised)
        self._sums = [0, *accumulate(self._promised[moment] for moment in self._moments)]

    def without(self, moment: float) -> Taken:
        """The same without one call that is promised for a moment: who may move must not stand in his own way."""
        if moment not in self._promised:
            return self
        return Taken({**self._promised, moment: self._promised[moment] - 1})

    def between(self, begins: float, ends: float) -> int:
        """How many from `begins` on and before `ends`."""
        return self._sums[bisect_left(self._moments, ends)] - self._sums[bisect_left(self._moments, begins)]


NOTHING_TAKEN = Taken()


@dataclass(frozen=True, slots=True)
class Slot:
    """From when to when (epoch seconds), how many calls fit in it, and how many of them are promised."""

    begins: float
    ends: float
    capacity: int
    taken: int = 0

    @property
    def left(self) -> int:
        """How many more calls may be promised; never below 0, also where people were taken off a shift since."""
        return max(0, self.capacity - self.taken)


def slots_of(line: Line, day: date, taken: Taken = NOTHING_TAKEN) -> Iterator[Slot]:
    """Every whole slot of a day, full ones too. An hour that the clock shows twice is there once: the first time."""
    return (replace(slot, taken=taken.between(slot.begins, slot.ends)) for slot in _grid(line, day))


@lru_cache(maxsize=1024)
def _grid(line: Line, day: date) -> tuple[Slot, ...]:
    """The slots of a day with nothing taken: they are the same for every customer of the line."""
    return tuple(_cut(line, day))


def _cut(line: Line, day: date) -> Iterator[Slot]:
    span = None if line.closed_on(day) else line.hours.on(day, line.timezone)
    zone, length = ZoneInfo(line.timezone), line.callback.slot_min * 60
    begins, closes = span or (0.0, 0.0)
    while begins + length <= closes:
        if not datetime.fromtimestamp(begins, zone).fold:
            yield Slot(begins, begins + length, capacity(line, day, begins))
        begins += length


def capacity(line: Line, day: date, begins: float) -> int:
    """How many calls fit into the slot of a day that begins at a moment (epoch seconds)."""
    plan = line.callback
    for shift in plan.shifts:
        opens, closes = instants(shift.span, day, line.timezone)
        if DAYS[day.weekday()] in shift.days and opens <= begins < closes:
            return plan.capacity(shift.people)
    return plan.capacity(plan.people)


def next_slots(line: Line, taken: Taken, now: float, count: int) -> list[Slot]:
    """The next `count` slots with room that can be offered at `now` (epoch seconds), or as many as there are."""
    earliest = now + line.callback.notice_min * 60
    return list(islice((slot for slot in _free(line, taken, now) if slot.begins >= earliest), count))


def free_from(line: Line, taken: Taken, at: float) -> Slot | None:
    """The first slot with room that begins at `at` (epoch seconds) or later; None if there is none for long."""
    return next((slot for slot in _free(line, taken, at) if slot.begins >= at), None)


def _free(line: Line, taken: Taken, since: float) -> Iterator[Slot]:
    """Those of the day of a moment (epoch seconds), and of the next ones up to the line's horizon."""
    ahead = days(since, line.timezone, line.callback.horizon_days)
    for slot in chain.from_iterable(_grid(line, day) for day in ahead):
        if (count := taken.between(slot.begins, slot.ends)) < slot.capacity:
            yield replace(slot, taken=count)


def slot_at(line: Line, taken: Taken, begins: float) -> Slot | None:
    """The slot that begins at a moment (epoch seconds), None if none does."""
    day = next(days(begins, line.timezone, 1))
    slot = next((slot for slot in _grid(line, day) if slot.begins == begins), None)
    return replace(slot, taken=taken.between(begins, slot.ends)) if slot else None
