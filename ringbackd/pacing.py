"""How fast we may write: limits of WhatsApp and our own courtesy, shared by every sender through Redis.

Meta allows a number of messages per second, one message per six seconds to the same person with a burst that is paid
back, and so many new recipients in 24 hours. What meets a limit waits in the timers, never in a worker.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ringback.message import Message
from ringbackd.circuits import FIRST_PROBE_S, Circuits, named
from ringbackd.store import Store
from ringbackd.together import Together
from whatsapp.outcome import Scope
from whatsapp.sender import Pause

BATCH = 100
"""Messages that are taken in hand at a time, at most: an answer that comes meanwhile waits for them."""


class Pacing(BaseModel):
    """Limits. `daily_recipients` is the messaging limit that Meta shows for the account (0: unlimited)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_second: Annotated[float, Field(gt=0, le=100_000)] = 80
    pair_s: Annotated[float, Field(ge=0, le=3600)] = 6
    pair_burst: Annotated[int, Field(ge=1, le=1000)] = 45
    daily_recipients: Annotated[int, Field(ge=0)] = 2000
    per_case: Annotated[int, Field(ge=1)] = 60
    per_customer_day: Annotated[int, Field(ge=1)] = 3


class Pace:
    """The limits of one WhatsApp number; `circuits` are open where something is broken."""

    def __init__(self, store: Store, limits: Pacing, clock: Callable[[], float] = time.time) -> None:
        self.store, self.limits, self.clock = store, limits, clock
        self.circuits = Circuits(store, clock)
        self._pace = store.script("pace")
        self._takes = Together(self._taken)

    async def take(self, message: Message, key: str) -> Pause | None:
        """Let a message to the customer with this match key go now (None), or say how long it has to wait and why."""
        answer = await self._takes.ask((message, key))
        if not answer:
            return None
        why, *seconds = answer
        return Pause(float(seconds[0]) if seconds else None, why.decode())

    async def _taken(self, wanted: list[tuple[Message, str]]) -> list[list[bytes]]:
        limits, keys = self.limits, self.store.keys
        touched = [self.circuits.key(("account",)), self.circuits.key(("number",)), keys.of("pace", "number")]
        touched += [keys.of("pace", "day"), *(name for message, key in wanted for name in self._touched(message, key))]
        args: list[str | float] = [f"{self.clock():.6f}", limits.per_second, limits.pair_s, limits.pair_burst]
        args += [limits.daily_recipients, limits.per_case, limits.per_customer_day, FIRST_PROBE_S]
        for message, _ in wanted:
            args += [message.to, int(message.body.kind == "template"), message.id]
        answers: list[list[bytes]] = await self._pace(keys=touched, args=args)
        return answers

    def _touched(self, message: Message, key: str) -> list[str]:
        of = self.store.keys.of
        return [
            self.circuits.key(named(message, Scope.TEMPLATE)),
            of("pace", "pair", message.to),
            of("written", "case", message.case),
            of("written", "customer", key),
        ]

    async def room(self) -> int:
        """How many messages the number may post now: at least one, once there is one."""
        limits = self.limits
        while True:
            due = float(await self.store.redis.get(self.store.keys.of("pace", "number")) or 0)
            free = int((1 - max(0.0, due - self.clock())) * limits.per_second + 1e-6)
            if free >= 1:
                return min(free, BATCH)
            await asyncio.sleep(1 / limits.per_second)

    async def broke(self, message: Message, scope: Scope, why: str, delay_s: float = 0.0) -> float:
        """Stop what the scope names, for `delay_s` or a while that grows; says when it is tried again."""
        if scope is Scope.PAIR:
            return await self._crowded(message, delay_s)
        at, writes = await self.circuits.opened(named(message, scope), why, delay_s)
        await self.store.commit((), writes)
        return at

    async def _crowded(self, message: Message, delay_s: float) -> float:
        """Let this recipient have nothing for a while, as if his burst were used up."""
        until, pair = self.clock() + delay_s, self.store.keys.of("pace", "pair", message.to)
        due = until + self.limits.pair_s * (self.limits.pair_burst - 1)
        await self.store.commit((), [("SET", pair, f"{due:.6f}", "PX", str(int(1000 * (due - self.clock())) + 1000))])
        return until
