"""Who is promised which slot, in Redis. A promise is booked in the commit of its case, or not at all.

One sorted set for each line: the ids of the cases, each with the moment at which its slot begins. So a case has one
promise at most, and moving it frees what it had. `booked` says what a commit must hold for it: the slot has room.
"""

from __future__ import annotations

from typing import Any

from ringback.line import Line
from ringback.record import Case
from ringback.slots import Slot, Taken, next_slots, slot_at
from ringbackd.keys import Keys
from ringbackd.store import ConflictError, Op, Store

FEW_S = 3 * 3600
"""Slots that began this long ago, or less, may still count: none is longer."""


async def taken(store: Store, line: str, now: float) -> Taken:
    """What is promised on a line from about `now` (epoch seconds) on."""
    text: Any = await store.taken(keys=[_promises(store.keys, line)], args=[f"{now - FEW_S:.3f}"])
    moments, counts = text.split()[::2], text.split()[1::2]
    return Taken({float(moment): int(count) for moment, count in zip(moments, counts, strict=True)})


async def offered(store: Store, line: Line, now: float, count: int) -> list[Slot]:
    """The next `count` slots of a line that can be promised now (epoch seconds): for a menu, a list, or keys.

    Nothing is booked by it: until one is chosen, others may be quicker. Raises redis.RedisError.
    """
    return next_slots(line, await taken(store, line.name, now), now, count)


def has_room(keys: Keys, line: Line, before: Case | None, after: Case) -> list[Op]:
    """The check that the slot which a change of a case books has room; none where it books nothing new."""
    if not after.booked or (before is not None and before.booked == after.booked):
        return []
    slot = slot_at(line, Taken(), after.booked)
    begins, ends, most = (slot.begins, slot.ends, slot.capacity) if slot else (after.booked, after.booked, 0)
    return [("ROOM", _promises(keys, line.name), repr(begins), f"({ends!r}", str(most), "yes")]


def booked(keys: Keys, before: Case | None, after: Case) -> list[Op]:
    """The writes by which what a case has booked becomes what it is to have."""
    if (before.booked if before else 0.0) == after.booked:
        return []
    promises = _promises(keys, after.line)
    return [("ZADD", promises, repr(after.booked), after.id) if after.booked else ("ZREM", promises, after.id)]


async def reconcile(store: Store, lines: tuple[Line, ...]) -> int:
    """Make the promises of the lines what their cases say, one commit each; says how many were not. Nothing but a
    Redis that lost something makes them differ."""
    cases = {case.id: case for case in await store.active_cases()}
    wrong = 0
    for line in lines:
        kept = await store.scores(_promises(store.keys, line.name))
        meant = {case.id: case.booked for case in cases.values() if case.line == line.name and case.booked}
        for case in {case for case, _ in kept.items() ^ meant.items()}:
            wrong += await _mend(store, line, case)
    return wrong


async def _mend(store: Store, line: Line, name: str) -> bool:
    """False when the case has just changed: then its own commit has put it right."""
    case = await store.case(name)
    begins = case.booked if case else 0.0
    promises = _promises(store.keys, line.name)
    write: Op = ("ZADD", promises, repr(begins), name) if begins else ("ZREM", promises, name)
    version: Op = ("HGET", store.keys.of("case", name), "version", str(case.version) if case else "")
    try:
        await store.commit([version], [write])
    except ConflictError:
        return False
    return True


def _promises(keys: Keys, line: str) -> str:
    return keys.of("promised", line)
