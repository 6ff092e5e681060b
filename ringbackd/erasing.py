"""Erases a customer: what Redis holds of him goes, the journal keeps its counts without him, his stops become a hash.

Every key of the installation is looked at, whatever it is for, so that nothing that is added later is forgotten here.
Left are: marks that a webhook or fact was applied (they run out within nine days), and facts and raw webhooks that
nobody has read yet, which other customers may share; `Erased.unread` counts those.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from ringback.journal import Entry
from ringback.line import Line
from ringback.record import Case
from ringbackd.person import Person
from ringbackd.store import Op, Store

PAGE = 500
KEPT = frozenset({"applied", "erased", "salt", "journal", "webhooks", "facts"})
OF_ONE = frozenset({"case", "message", "consent"})
"""Records of one customer, found by their names: another one may mention him, and stays whole."""
PERSONAL = frozenset(
    {"text", "caller", "dialled", "caller_name", "name", "wamid", "wa_id", "user_id", "proof", "old", "new"}
)
"""Data of the journal that say who he is or what he said."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was found of him: cases, keys and entries that went, journal entries that are anonymous now."""

    cases: int = 0
    removed: int = 0
    journal: int = 0
    unread: int = 0


async def erase(store: Store, lines: tuple[Line, ...], key: str) -> Erased:
    """Erase the customer with this match key. His stops are kept as a hash before anything else goes."""
    person = Person(key, lines)
    cases = await _cases(store, key)
    for case in cases:
        person.learn((case.id, case.user_id))
    await store.commit((), await store.ledger.forget(key))
    removed = await _sweep(store, person)
    return replace(
        Erased(cases=len(cases), removed=removed),
        journal=await _journal(store, person),
        unread=await _unread(store, person),
    )


async def _cases(store: Store, key: str) -> list[Case]:
    names = await _names(store, store.keys.of("case", "*"))
    found = [await store.case(name.rpartition(":")[2]) for name in names]
    return [case for case in found if case and case.key == key]


async def _names(store: Store, pattern: str) -> list[str]:
    # The braces of a hash tag mean nothing in a pattern; what is not ours is not of our concern anyhow.
    return sorted({name.decode() async for name in store.redis.scan_iter(match=pattern, count=PAGE)})


async def _sweep(store: Store, person: Person) -> int:
    removed, ours = 0, store.keys.of("")
    for name in await _names(store, store.keys.of("*")):
        part = name.removeprefix(ours)
        if part.partition(":")[0] in KEPT:
            continue
        if person.named_in(part):
            removed += int(await store.redis.delete(name))
        elif part.partition(":")[0] not in OF_ONE:
            removed += await _within(store, name, person)
    return removed


async def _within(store: Store, name: str, person: Person) -> int:
    """Take what names him out of a key that is not his alone."""
    finder = _FINDERS.get(_text(await store.redis.type(name)))
    writes = await finder(store, name, person) if finder else []
    await store.commit((), writes)
    return sum(write[0] != "XACK" for write in writes)


async def _value(store: Store, name: str, person: Person) -> list[Op]:
    return [("DEL", name)] if person.named_in(_text(await store.redis.get(name) or b"")) else []


async def _fields(store: Store, name: str, person: Person) -> list[Op]:
    found: Any = await store.redis.hgetall(name)
    fields = {_text(field): _text(value) for field, value in found.items()}
    return [("HDEL", name, field) for field, value in fields.items() if person.named_in(f"{field} {value}")]


async def _members(store: Store, name: str, person: Person) -> list[Op]:
    found: Any = await store.redis.smembers(name)
    return [("SREM", name, member) for member in map(_text, found) if person.named_in(member)]


async def _ranked(store: Store, name: str, person: Person) -> list[Op]:
    return [("ZREM", name, member) for member in await store.ranked(name) if person.named_in(member)]


async def _entries(store: Store, stream: str, person: Person) -> list[Op]:
    named = [entry for entry, text in await _read(store, stream) if person.named_in(text)]
    groups: Any = await store.redis.xinfo_groups(stream)
    gone: list[Op] = [("XACK", stream, _text(group["name"]), entry) for group in groups for entry in named]
    return [*gone, *(("XDEL", stream, entry) for entry in named)]


_FINDERS: dict[str, Callable[[Store, str, Person], Awaitable[list[Op]]]] = {
    "string": _value,
    "hash": _fields,
    "set": _members,
    "zset": _ranked,
    "stream": _entries,
}
"""By Redis's name of a key's type: the writes that take out what names him."""


async def _read(store: Store, stream: str) -> list[tuple[str, str]]:
    rows: Any = await store.redis.xrange(stream)
    return [(_text(entry), " ".join(map(_text, fields.values()))) for entry, fields in rows]


async def _journal(store: Store, person: Person) -> int:
    """Write his entries anew, without him, and take the old ones away; figures are folds, they come out the same."""
    count, journal = 0, store.keys.journal
    trace = f"erased:{(await store.ledger.trace(person.key))[:12]}"
    for entry, text in await _read(store, journal):
        if trace not in text and person.named_in(text):
            again = store.note(_without_him(Entry.model_validate_json(text), person, trace))
            await store.commit((), [again, ("XDEL", journal, entry)])
            count += 1
    return count


def _without_him(entry: Entry, person: Person, trace: str) -> Entry:
    his = entry.case in person.ids or person.named_in(entry.customer) or not entry.customer
    data = {
        name: "" if isinstance(value, str) and name in PERSONAL and (his or person.named_in(value)) else value
        for name, value in entry.data.items()
    }
    return entry.model_copy(update={"customer": trace if his and entry.customer else entry.customer, "data": data})


async def _unread(store: Store, person: Person) -> int:
    waiting = [text for stream in (store.keys.facts, store.keys.webhooks) for _, text in await _read(store, stream)]
    return sum(person.named_in(text) for text in waiting)


def _text(value: Any) -> str:
    return bytes(value).decode("utf-8", "replace")
