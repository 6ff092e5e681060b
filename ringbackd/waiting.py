"""The messages that wait in the timers: each is tried again at its time, or sooner when somebody says so."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from ringback.message import Message
from ringbackd.store import Op, Store


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits: why, until when (epoch seconds), and whether it may have been sent already."""

    message: Message
    why: str
    at: float
    in_doubt: bool


def again(message: str) -> str:
    """The timer that brings a message back to the sender."""
    return "2|" + json.dumps({"message": message}, separators=(",", ":"))


async def waiting(store: Store) -> list[Waiting]:
    """Every message that waits, the next first."""
    timers = await store.scores(store.keys.timers)
    due = [(json.loads(member[2:])["message"], at) for member, at in timers.items() if member.startswith("2|")]
    found = [await _read(store, name, at) for name, at in due]
    return [one for one in found if one]


async def held(store: Store, name: str, now: float) -> Waiting | None:
    """A message that was not sent yet, by its id: `now` is its turn if no timer says otherwise."""
    at = await store.redis.zscore(store.keys.timers, again(name))
    return await _read(store, name, at or now)


async def _read(store: Store, name: str, at: float) -> Waiting | None:
    body, why, state = await store.fields(store.keys.of("message", name), "json", "why", "state")
    if state not in {b"queued", b"doubt"}:
        return None
    return Waiting(Message.model_validate_json(body), why.decode(), at, state == b"doubt")


async def queued(store: Store) -> int:
    """How many messages are with the sender now: it has not taken them up, or not finished with them."""
    keys = store.keys
    firsts = [keys.first(line) for line in await store.members(keys.of("outboxes"))]
    return sum([await store.redis.xlen(stream) for stream in (keys.answers, keys.outbox, *firsts)])


def hurried(store: Store, some: Iterable[Waiting], now: float) -> list[Op]:
    """The writes by which these are tried now. What is in doubt stays: it waits for word from WhatsApp."""
    timers, of = store.keys.timers, store.keys.of
    names = [one.message.id for one in some if not one.in_doubt]
    return [("IF", of("message", name), "state", "queued", "ZADD", timers, f"{now:.3f}", again(name)) for name in names]
