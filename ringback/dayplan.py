"""The plan of one day: which calls are promised in each slot, which were made, and which slots passed without one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from ringback.callback import Ended
from ringback.hours import days
from ringback.journal import Entry, Event
from ringback.line import Line
from ringback.record import Outcome
from ringback.slots import slots_of


@dataclass
class Place:
    """One slot of the plan: from when to when (epoch seconds), how many calls fit, and what became of them. `missed`
    are those whose slot is over without a conversation."""

    begins: float
    ends: float
    capacity: int
    promised: int = 0
    done: int = 0
    missed: int = 0


_OVER = {Outcome.CALLBACK: "done", Outcome.LOST: "missed", Outcome.EXPIRED: "missed"}
"""How a case ended that takes a place in the plan; the others did not need their call any more."""


def day_plan(line: Line, journal: Iterable[Entry], now: float) -> list[Place]:
    """The plan of a line for the day of `now` (epoch seconds); empty when it is closed. A call that was promised
    outside the slots, as soon as possible, stands in the one that had begun, or else in the first."""
    today = next(days(now, line.timezone, 1))
    places = [Place(slot.begins, slot.ends, slot.capacity) for slot in slots_of(line, today)]
    for at, fate in _promises(line, journal):
        if places and next(days(at, line.timezone, 1)) == today:
            _put(places[max(0, bisect_right(places, at, key=_begins) - 1)], fate, now)
    return places


def _begins(place: Place) -> float:
    return place.begins


def _put(place: Place, fate: str, now: float) -> None:
    place.done += fate == "done"
    place.missed += fate == "missed" or (fate == "promised" and place.ends <= now)
    place.promised += fate == "promised" and place.ends > now


def _promises(line: Line, journal: Iterable[Entry]) -> Iterable[tuple[float, str]]:
    """For each case that was promised a call: for when (epoch seconds), and promised, done or missed."""
    found: dict[str, tuple[float, str]] = {}
    for entry in journal:
        if entry.line != line.name:
            continue
        if entry.event is Event.PROMISED and "slot" in entry.data:
            found[entry.case] = (float(entry.data["slot"]) or float(entry.data["due"]), "promised")
        elif entry.case in found and _talked(entry):
            found[entry.case] = (found[entry.case][0], "done")
        elif entry.case in found and entry.event is Event.CLOSED:
            fate = _OVER.get(Outcome(str(entry.data["outcome"])), "")
            found[entry.case] = (found[entry.case][0], fate)
    return [each for each in found.values() if each[1]]


def _talked(entry: Entry) -> bool:
    return entry.event is Event.ATTEMPT_ENDED and entry.data["outcome"] == Ended.TALKED
