"""The outbox in Redis, as the sender sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal, cast

from ringback.consent import ruling
from ringback.fact import Accepted, Refused
from ringback.message import Message
from ringbackd.circuits import needed
from ringbackd.pacing import Pace, Pacing
from ringbackd.store import ConflictError, Op, Store
from ringbackd.streams import CLAIM_IDLE_MS
from ringbackd.together import Together
from ringbackd.waiting import again, hurried, waiting
from whatsapp.outcome import Refused as NotTaken
from whatsapp.outcome import RetryAt, Sent
from whatsapp.sender import Claimed, Pause

GROUP = "sender"
Scope = Literal["recipient", "stale", "courtesy"]


class RedisOutbox:
    """Messages and their states: queued, sending, doubt, accepted, refused, withdrawn.

    `doubt_s`: how long a message in doubt waits for a status before it is posted again.
    """

    def __init__(self, store: Store, doubt_s: float, limits: Pacing, clock: Callable[[], float] = time.time) -> None:
        self.store, self.doubt_s, self.clock = store, doubt_s, clock
        self.limits = Pace(store, limits, clock)
        self._standing = store.script("standing")
        self._claims, self._standings = Together(self._claimed), Together(self._stands)
        self._settled = Together(self._settle)

    def _key(self, message: str) -> str:
        return self.store.keys.of("message", message)

    def _done(self, entry: str) -> list[Op]:
        return taken_off(GROUP, entry)

    async def claim(self, message: str, entry: str) -> Claimed | None:
        """See whatsapp.sender.Outbox."""
        until = self.clock() + CLAIM_IDLE_MS / 1000
        found = await self._claims.ask(message)
        if not found:
            await self._settled.ask(self._done(entry))
            return None
        body, customer, tries = found
        claimed, key = Message.model_validate_json(body), customer.decode()
        live, erased, words = await self._standings.ask(key)
        said = await self.store.ledger.read(key, words, erased)
        return Claimed(
            message=claimed,
            key=key,
            tries=int(tries),
            opted_out=ruling(said, claimed.brand).stopped,
            on_call=bool(live),
            until=until,
        )

    async def _claimed(self, messages: list[str]) -> list[Any]:
        touched = [self.store.keys.timers, *map(self._key, messages)]
        args = [f"{self.clock() + self.doubt_s:.3f}", *map(again, messages)]
        # Whoever takes over from a lost primary must know that these may be posted already.
        answers: list[Any] = await self.store.sure(lambda to: self.store.claim(keys=touched, args=args, client=to))
        return answers

    async def _stands(self, customers: list[str]) -> list[Any]:
        of = self.store.keys.of
        touched = [of("erased"), *(of(what, key) for key in customers for what in ("live", "consent"))]
        answers: list[Any] = await self._standing(keys=touched)
        return answers

    async def _settle(self, fates: list[list[Op]]) -> list[None]:
        """What became of some messages, in one commit."""
        await self.store.commit((), [write for writes in fates for write in writes])
        return [None] * len(fates)

    async def pace(self, claimed: Claimed) -> Pause | None:
        """See whatsapp.sender.Outbox."""
        return await self.limits.take(claimed.message, claimed.key)

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
        works = self.limits.circuits.closed(*needed(message))
        await self._settled.ask([*self.store.accepted(fact), *works, self.store.fact(fact), *self._done(entry)])

    async def later(self, message: Message, delay_s: float, why: str, entry: str, tries: int = 1) -> None:
        """See whatsapp.sender.Outbox."""
        key, at = self._key(message.id), f"{self.clock() + delay_s:.3f}"
        writes: list[Op] = [
            ("IF", key, "state", "sending", "HSET", key, "state", "queued", "why", why),
            ("HINCRBY", key, "tries", str(tries)),
            ("ZADD", self.store.keys.timers, at, again(message.id)),
        ]
        await self._settled.ask([*writes, *self._done(entry)])

    async def doubt(self, message: Message, why: str, entry: str) -> None:
        """See whatsapp.sender.Outbox."""
        key, at = self._key(message.id), f"{self.clock() + self.doubt_s:.3f}"
        writes: list[Op] = [
            ("IF", key, "state", "sending", "HSET", key, "state", "doubt", "why", why),
            ("ZADD", self.store.keys.timers, at, again(message.id)),
        ]
        await self._settled.ask([*writes, *self._done(entry)])

    async def refused(self, message: Message, scope: str, code: int, why: str, entry: str) -> None:
        """See whatsapp.sender.Outbox."""
        key = self._key(message.id)
        fact = Refused(
            case=message.case, message=message.id, scope=cast("Scope", scope), code=code, why=why, at=self.clock()
        )
        state: Op = ("IF", key, "state", "sending", "HSET", key, "state", "refused", "why", f"({code}) {why}")
        await self._settled.ask([state, self.store.fact(fact), *self._done(entry)])

    async def broke(self, message: Message, outcome: RetryAt | NotTaken, entry: str) -> None:
        """See whatsapp.sender.Outbox."""
        code = "" if isinstance(outcome, RetryAt) else f"({outcome.code}) "
        delay = outcome.delay_s if isinstance(outcome, RetryAt) else 0.0
        at = await self.limits.broke(message, outcome.scope, code + outcome.why, delay)
        await self.later(message, max(0.0, at - self.clock()), code + outcome.why, entry)

    async def retry(self) -> tuple[int, int]:
        """Try everything that waits again now; says how many messages, and how many are in doubt and wait on."""
        await self.limits.circuits.trust()
        some = await waiting(self.store)
        writes = hurried(self.store, some, self.clock())
        await self.store.commit((), writes)
        return len(writes), len(some) - len(writes)

    async def drop(self, message: Message) -> bool:
        """Never send a message that waits; False if it was settled or is being posted meanwhile."""
        key, settled = self._key(message.id), "dropped by hand"
        fact = Refused(case=message.case, message=message.id, scope="stale", why=settled, at=self.clock())
        state: Op = ("HSET", key, "state", "refused", "why", settled)
        try:
            await self.store.commit([("HGET", key, "state", "queued")], [state, self.store.fact(fact)])
        except ConflictError:
            return False
        return True


def taken_off(group: str, entry: str) -> list[Op]:
    """The writes that take a finished entry (its stream and its id) off its stream."""
    stream, _, number = entry.partition(" ")
    return [("XACK", stream, group, number), ("XDEL", stream, number)]
