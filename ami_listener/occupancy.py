"""Who of a queue could talk now, and which of our calls are under way: read from what Asterisk lists. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ringback.call import OWN_CALL_PREFIX

IDLE = frozenset({"0", "1", "6"})
"""Device states unknown, not in use and ringing: for whom a phone rings, he is free (app_queue's own view of 0)."""

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Occupancy:
    """A queue at one moment: how many agents are free for calls of ours when those who wait have been served, and how
    long (seconds) the caller who waits longest has waited."""

    free: int
    longest_wait_s: float


@dataclass(frozen=True, slots=True)
class Attempts:
    """Our calls that Asterisk has: all of them, and those in which two people have picked up."""

    live: frozenset[str]
    talking: frozenset[str]


def occupancy(rows: Iterable[Row], now: float) -> Occupancy | None:
    """Read the rows of QueueStatus for one queue; None where there is no such queue."""
    by_event: dict[str, list[Row]] = {}
    for row in rows:
        by_event.setdefault(row.get("Event", ""), []).append(row)
    if "QueueParams" not in by_event:
        return None
    free = sum(_is_free(row, now) for row in by_event.get("QueueMember", ()))
    others = [row for row in by_event.get("QueueEntry", ()) if not row.get("Uniqueid", "").startswith(OWN_CALL_PREFIX)]
    return Occupancy(max(0, free - len(others)), max((_number(row, "Wait") for row in others), default=0.0))


def attempts(rows: Iterable[Row]) -> Attempts:
    """Read the rows of CoreShowChannels."""
    people: Counter[str] = Counter()
    live = set()
    for row in rows:
        linkedid = row.get("Linkedid", "")
        if linkedid.startswith(OWN_CALL_PREFIX):
            live.add(linkedid)
            people[linkedid] += row.get("ChannelStateDesc") == "Up" and not row.get("Channel", "").startswith("Local/")
    return Attempts(frozenset(live), frozenset(one for one in live if people[one] > 1))


def _is_free(row: Row, now: float) -> bool:
    resting = now - _number(row, "LastCall") < _number(row, "Wrapuptime")
    return row.get("Status") in IDLE and row.get("Paused") == "0" and row.get("InCall", "0") == "0" and not resting


def _number(row: Row, header: str) -> float:
    value = row.get(header, "")
    return float(value) if value.isdecimal() and len(value) < 12 else 0.0
