"""The outbox in Redis, as the sender sees it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Literal, cast

from ringback.fact import Accepted, Refused
from ringback.message import Message
from ringbackd.store import Op, Store
from whatsapp.outcome import Sent
from whatsapp.sender import Claimed

GROUP = "sender"
Scope = Literal["recipient", "template", "number", "account", "stale"]


class RedisOutbox:
    """Messages and their states: queued, sending, doubt, accepted, refused, held, withdrawn.

    `doubt_s`: how long a message in doubt waits for a status before it is posted again.
    """

    def __init__(self, store: Store, doubt_s: float, clock: Callable[[], float] = time.time) -> None:
        self.store, self.doubt_s, self.clock = store, doubt_s, clock

    def _key(self, message: str) -> str:
        return self.store.keys.of("message", message)

    def _done(self, entry: str) -> list[Op]:
        return taken_off(self.store.keys.outbox, GROUP, entry)

    def _again(self, message: str) -> str:
        return "2|" + json.dumps({"message": message}, separators=(",", ":"))

    async def claim(self, message: str, entry: str) -> Claimed | None:
        """See whatsapp.sender.Outbox."""
        key = self._key(message)
        keys = [key, self.store.keys.timers]
        again = f"{self.clock() + self.doubt_s:.3f}"
        verdict = await self.store.claim(keys=keys, args=[self._again(message), again])
        if verdict != b"post":
            await self.store.commit((), self._done(entry))
            return None
        body, customer, tries = await self.store.fields(key, "json", "key", "tries")
        customer_key = customer.decode()
        claimed = Message.model_validate_json(body)
        return Claimed(
            message=claimed,
            tries=int(tries or 0),
            opted_out=(await self.store.ledger.ruling(customer_key, claimed.brand)).stopped,
            on_call=await self.store.live(customer_key),
        )

    async def accepted(self, message: Message, sent: Sent, entry: str) -> None:
        """See whatsapp.sender.Outbox. The wamid is remembered at once: a status may come before the desk has worked."""
        fact = Accepted(
            case=message.case,
            message=message.id,
            wamid=sent.wamid,
            wa_id=sent.wa_id or "",
            user_id=sent.user_id or "",
            at=self.clock(),
        )
        await self.store.commit((), [*self.store.accepted(fact), self.store.fact(fact), *self._done(entry)])

    async def later(self, message: Message, delay_s: float, why: str, entry: str, tries: int = 1) -> None:
        """See whatsapp.sender.Outbox."""
        key, at = self._key(message.id), f"{self.clock() + delay_s:.3f}"
        writes: list[Op] = [
            ("IF", key, "state", "sending", "HSET", key, "state", "queued", "why", why),
            ("HINCRBY", key, "tries", str(tries)),
            ("ZADD", self.store.keys.timers, at, self._again(message.id)),
        ]
        await self.store.commit((), [*writes, *self._done(entry)])

    async def doubt(self, message: Message, why: str, entry: str) -> None:
        """See whatsapp.sender.Outbox."""
        key, at = self._key(message.id), f"{self.clock() + self.doubt_s:.3f}"
        writes: list[Op] = [
            ("IF", key, "state", "sending", "HSET", key, "state", "doubt", "why", why),
            ("ZADD", self.store.keys.timers, at, self._again(message.id)),
        ]
        await self.store.commit((), [*writes, *self._done(entry)])

    async def refused(self, message: Message, scope: str, code: int, why: str, entry: str) -> None:
        """See whatsapp.sender.Outbox."""
        key = self._key(message.id)
        tries = int(await self.store.redis.hget(key, "tries") or 0)
        held = scope not in {"recipient", "stale"}
        fact = Refused(
            case=message.case,
            message=message.id,
            scope=cast("Scope", scope),
            code=code,
            why=why,
            at=self.clock(),
            tries=tries,
        )
        unless_withdrawn = ("IF", key, "state", "sending")
        writes: list[Op] = [("HINCRBY", key, "tries", "1")]
        if held:
            writes.append((*unless_withdrawn, "ZADD", self.store.keys.of("held"), repr(self.clock()), message.id))
        state = "held" if held else "refused"
        writes.append((*unless_withdrawn, "HSET", key, "state", state, "why", f"({code}) {why}"))
        await self.store.commit((), [*writes, self.store.fact(fact), *self._done(entry)])

    async def held(self) -> list[tuple[Message, str]]:
        """The messages that are kept, the oldest first, each with the reason."""
        ids = await self.store.ranked(self.store.keys.of("held"))
        rows = [await self.store.fields(self._key(found), "json", "why", "state") for found in ids]
        return [(Message.model_validate_json(body), why.decode()) for body, why, state in rows if state == b"held"]

    async def retry(self) -> int:
        """Put every held message back into the outbox; says how many."""
        messages = await self.held()
        held = self.store.keys.of("held")
        for message, _ in messages:
            key = self._key(message.id)
            put = json.dumps({"message": message.id})
            writes: list[Op] = [
                ("IF", key, "state", "held", "XADD", self.store.keys.outbox, "*", "json", put),
                ("IF", key, "state", "held", "HSET", key, "state", "queued"),
                ("ZREM", held, message.id),
            ]
            await self.store.commit((), writes)
        return len(messages)


def taken_off(stream: str, group: str, entry: str) -> list[Op]:
    """The writes that take a finished entry off its stream."""
    return [("XACK", stream, group, entry), ("XDEL", stream, entry)]
