"""Webhook bodies are kept as they came, then become facts; the update that we cannot read is kept whole and counted."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from itertools import islice

from redis.exceptions import RedisError

from ringback.fact import Fact
from ringbackd.outbox import taken_off
from ringbackd.store import Op, Store
from ringbackd.updates import fact_of
from whatsapp.events import MAX_RAW, Echo, Event, Inbound, Other
from whatsapp.inbound import BadPayloadError, updates

log = logging.getLogger("ringback.webhook")
GROUP = "intake"
AT_ONCE = 50
"""Updates that are read at a stretch: between two stretches others have their turn, the next webhook first of all."""
BODIES = 1
"""Bodies that are taken off the stream at a time: each may have 3 MB, and reading the answer is done at a stretch."""
KEPT = 1000
"""Updates that nobody could read, kept whole."""


class Intake:
    """Keeps raw bodies, and reads them into facts. `number` is our phone_number_id; `clock` gives epoch seconds."""

    def __init__(self, store: Store, number: str, clock: Callable[[], float] = time.time) -> None:
        self.store, self.number, self.clock = store, number, clock

    async def persist(self, raw: bytes) -> None:
        """Keep a body. Raises OSError when Redis is away."""
        try:
            await self.store.sure(lambda to: to.xadd(self.store.keys.webhooks, {"json": raw}))
        except RedisError as error:
            raise OSError(str(error)) from error

    async def handle(self, kept: bytes, entry: str) -> None:
        """Read one body. What was read of it before a crash is read again: facts count once."""
        events = _events(kept)
        while writes := [write for event in islice(events, AT_ONCE) for write in self._writes(event)]:
            await self.store.commit((), writes)
        await self.store.commit((), taken_off(GROUP, entry))

    def _writes(self, event: Event) -> list[Op]:
        if isinstance(event, Inbound | Echo) and event.phone_number_id not in {"", self.number}:
            why = f"phone_number_id {event.phone_number_id}"
            kept = event.model_dump_json()
            return self._unknown(Other(field="messages", kind="to another number", reason=why, raw=kept))
        fact = fact_of(event, self.clock())
        return [self.store.fact(fact)] if isinstance(fact, Fact) else self._unknown(fact)

    def _unknown(self, other: Other) -> list[Op]:
        log.info("webhook: %s %s is kept as it is: %s", other.field, other.kind, other.reason or "not known")
        keys, text = self.store.keys, other.model_dump_json()
        return [
            ("XADD", keys.of("unknown"), "MAXLEN", "~", str(KEPT), "*", "json", text),
            self.store.useless(f"{other.field} {other.kind}".strip()),
        ]


def _events(kept: bytes) -> Iterator[Event]:
    try:
        yield from updates(kept)
    except BadPayloadError as error:
        yield Other(field="body", reason=str(error), raw=kept[:MAX_RAW].decode("utf-8", "backslashreplace"))
