"""A desk on a real Redis with a clock of its own, and the streams it reads and writes."""

from __future__ import annotations

import json
from typing import Any

from ringback.fact import FACT, CallEnded, Fact
from ringback.journal import Event
from ringback.message import Message
from ringbackd.desk import Desk
from ringbackd.outbox import RedisOutbox
from ringbackd.pacing import Pacing
from ringbackd.store import Store
from tests.core.worlds import FLOW, NOON, SECRET, call, line


async def entries(store: Store) -> list[tuple[str, str]]:
    """What waits for the sender: each entry's name and its message, in the order in which it is read."""
    keys = store.keys
    streams = [
        keys.answers,
        keys.outbox,
        *(keys.first(line) for line in sorted(await store.members(keys.of("outboxes")))),
    ]
    found = []
    for stream in streams:
        rows: Any = await store.redis.xrange(stream)
        found += [(f"{stream} {entry.decode()}", json.loads(fields[b"json"])["message"]) for entry, fields in rows]
    return found


class Office:
    """A desk; `now` is the time for it and for the outbox."""

    def __init__(self, store: Store, **changes: Any) -> None:
        self.store, self.now = store, NOON
        lines = (line(**({"quiet_s": 0, "contact_gap_h": 0} | changes)),)
        self.desk = Desk(store, lines, {"general": FLOW}, SECRET, lambda: self.now)
        self.outbox = RedisOutbox(store, doubt_s=60, limits=Pacing(), clock=lambda: self.now)

    async def missed(self, **changes: Any) -> None:
        await self.desk.process(CallEnded(call=call(at=self.now, **changes)))

    async def stream(self, name: str) -> list[dict[str, Any]]:
        rows: Any = await self.store.redis.xrange(self.store.keys.of(name))
        return [json.loads(fields[b"json"]) for _, fields in rows]

    async def facts(self) -> list[Fact]:
        return [FACT.validate_python(fact) for fact in await self.stream("facts")]

    async def settle(self) -> None:
        """Apply every fact that waits, as the worker would."""
        rows: Any = await self.store.redis.xrange(self.store.keys.facts)
        for entry, fields in rows:
            await self.desk.handle(fields[b"json"], (("XDEL", self.store.keys.facts, entry.decode()),))

    async def queued(self) -> list[str]:
        return [message for _, message in await entries(self.store)]

    async def message(self, name: str) -> tuple[str, Message]:
        state, body = await self.store.fields(self.store.keys.of("message", name), "state", "json")
        return state.decode(), Message.model_validate_json(body)

    async def events(self) -> list[Event]:
        return [entry.event for entry in await self.store.journal()]
