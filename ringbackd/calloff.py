"""Calls back that are to ring no longer: the customer called by himself, needs no call any more, or asked us to stop.

One sorted set: the attempts, each with the moment at which that was decided. The scheduler of the PBX on which an
attempt was dialled asks Asterisk to end it, again for a while, for the dial may be on its way still.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from ami_listener.answers import LinkDownError
from ringbackd.pauses import set_within
from ringbackd.store import Op, Store

log = logging.getLogger("ringback.scheduler")
LOOK_S = 0.5
AGAIN_S = 5.0
"""For so long it is asked again: an Originate that was sent before has been answered by then."""
USELESS_S = 150.0
"""Nothing rings for as long as that."""


def wanted(store: Store, attempt: str, at: float) -> Op:
    """The write by which an attempt is called off at `at` (epoch seconds)."""
    return ("ZADD", store.keys.of("calloffs"), repr(at), attempt)


def over(store: Store, attempt: str) -> Op:
    """The write by which nothing is left to be done: the attempt has ended."""
    return ("ZREM", store.keys.of("calloffs"), attempt)


class Canceller(Protocol):
    """Ends calls that ring; see ami_listener.dialer."""

    async def call_off(self, attempt: str) -> None:
        """Ask Asterisk to ring no longer. Raises LinkDownError, TimeoutError, PermissionError."""


class CallingOff:
    """Ends what was dialled on one PBX. `clock` gives epoch seconds."""

    def __init__(self, store: Store, pbx: str, canceller: Canceller, clock: Callable[[], float]) -> None:
        self.store, self.pbx, self.canceller, self.clock = store, pbx, canceller, clock

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop`. Raises redis.RedisError."""
        while not stop.is_set():
            await self.look()
            await set_within(stop, LOOK_S)

    async def look(self) -> None:
        """Ask for the end of every attempt of this PBX that is called off."""
        for attempt, at in (await self.store.scores(self.store.keys.of("calloffs"))).items():
            (pbx,) = await self.store.fields(self.store.keys.of("attempt", attempt), "pbx")
            age = self.clock() - at
            asked = pbx.decode() == self.pbx and await self._ask(attempt)
            if age > (AGAIN_S if asked or not pbx else USELESS_S):
                await self.store.commit((), [over(self.store, attempt)])

    async def _ask(self, attempt: str) -> bool:
        try:
            await self.canceller.call_off(attempt)
        except (LinkDownError, TimeoutError, PermissionError) as error:
            log.warning("attempt %s is called off, and may ring on: %s", attempt, str(error) or "no answer in time")
            return False
        return True
