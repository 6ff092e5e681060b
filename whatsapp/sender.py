"""The sender: takes a message from the outbox, looks whether it is still wanted, posts it, records its fate.

It never posts again at once what may have been accepted: what is in doubt waits for word from WhatsApp first.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Protocol

from ringback.message import Message
from whatsapp.outcome import Outcome, Refused, RetryAt, Scope, Sent, Unclear

log = logging.getLogger("ringback.sender")
JITTER = random.SystemRandom()
ON_CALL_S = 5.0
"""How long a first message waits when the customer is on the phone with the business at that moment."""
MOST_SPREAD_S = 300.0
"""Over how long at most messages are spread that wait for the same moment, so that none is too late for itself."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to post. `key` is the customer's match key, `tries` counts earlier posts.

    After `until` (epoch seconds) somebody else may have taken it over: it must not be posted then.
    """

    message: Message
    key: str = ""
    tries: int = 0
    opted_out: bool = False
    on_call: bool = False
    until: float = inf


@dataclass(frozen=True, slots=True)
class Pause:
    """A message may not go out yet: after `seconds`, or never (None), and why."""

    seconds: float | None
    why: str


class Client(Protocol):
    """Posts a message once; see whatsapp.client."""

    async def send(self, message: Message, attempt: int = 0) -> Outcome:
        """What became of it."""


class Outbox(Protocol):
    """Where messages wait and where their fate is written. Each call is one atomic step; `entry` leaves the queue."""

    async def claim(self, message: str, entry: str) -> Claimed | None:
        """Mark a message as being sent; None if it is done, withdrawn, or in doubt (then it is looked at later)."""

    async def pace(self, claimed: Claimed) -> Pause | None:
        """Let it go now (None), counting it against every limit; or say how long it has to wait."""

    async def accepted(self, message: Message, sent: Sent, entry: str) -> None:
        """The Cloud API took it."""

    async def later(self, message: Message, delay_s: float, why: str, entry: str, tries: int = 1) -> None:
        """It was certainly not sent; try again. `tries` posts of it failed."""

    async def doubt(self, message: Message, why: str, entry: str) -> None:
        """It may have been sent: wait for a status before it is posted again."""

    async def refused(self, message: Message, scope: str, code: int, why: str, entry: str) -> None:
        """It will never be sent."""

    async def broke(self, message: Message, outcome: RetryAt | Refused, entry: str) -> None:
        """It was not sent because of its template, the number, the account, or too much to this recipient: these are
        left alone for a while, and the message waits with them."""


class Sender:
    """Posts messages. `clock` gives epoch seconds; `opens` from when on (from now on at the earliest) the line of a
    message may write first to somebody, None if never."""

    def __init__(
        self,
        outbox: Outbox,
        client: Client,
        clock: Callable[[], float],
        opens: Callable[[Message, float], float | None] = lambda message, now: now,
    ) -> None:
        self.outbox, self.client, self.clock, self.opens = outbox, client, clock, opens
        self._said: set[str] = set()

    async def handle(self, message_id: str, entry: str) -> None:
        """Deal with one entry of the outbox."""
        claimed = await self.outbox.claim(message_id, entry)
        if claimed is None:
            return
        message = claimed.message
        if claimed.opted_out and message.body.kind == "template":  # what he asked for by writing is answered
            await self.outbox.refused(message, "recipient", 0, "he asked not to be contacted", entry)
        elif self.clock() > message.not_after:
            await self.outbox.refused(message, "stale", 0, "too late to be useful", entry)
        elif claimed.on_call and message.body.kind == "template":
            await self.outbox.later(message, ON_CALL_S, "on a call right now", entry, tries=0)
        elif pause := self._night(message) or await self.outbox.pace(claimed):
            await self._wait(message, pause, entry)
        elif self.clock() > claimed.until:
            await self.outbox.doubt(message, "this process stood still before it could post", entry)
        else:
            await self._post(message, claimed.tries, entry)

    def _night(self, message: Message) -> Pause | None:
        now = self.clock()
        opens = self.opens(message, now) if message.body.kind == "template" else now
        seconds = None if opens is None else opens - now
        return None if seconds == 0 else Pause(seconds, "outside messaging hours")

    async def _wait(self, message: Message, pause: Pause, entry: str) -> None:
        if pause.seconds is None:
            await self.outbox.refused(message, "courtesy", 0, pause.why, entry)
        elif self.clock() + pause.seconds > message.not_after:
            await self.outbox.refused(message, "stale", 0, f"too late to be useful, after waiting: {pause.why}", entry)
        else:
            spread = JITTER.uniform(0, min(0.05 * pause.seconds, MOST_SPREAD_S))
            await self.outbox.later(message, pause.seconds + spread, pause.why, entry, tries=0)

    async def _post(self, message: Message, tries: int, entry: str) -> None:
        outcome = await self.client.send(message, tries)
        match outcome:
            case Sent():
                self._said.clear()
                await self.outbox.accepted(message, outcome, entry)
            case RetryAt(scope=Scope.RECIPIENT):
                await self.outbox.later(message, outcome.delay_s * JITTER.uniform(1.0, 1.3), outcome.why, entry)
            case RetryAt():
                level = logging.ERROR if outcome.scope is Scope.ACCOUNT else logging.WARNING
                self._once(level, f"WhatsApp: {outcome.why}; trying again until it works")
                await self.outbox.broke(message, outcome, entry)
            case Unclear():
                log.warning(
                    "message %s may have been sent (%s); waiting for word from WhatsApp", message.id, outcome.why
                )
                await self.outbox.doubt(message, outcome.why, entry)
            case Refused(scope=Scope.RECIPIENT):
                log.info("message %s refused: (%d) %s", message.id, outcome.code, outcome.why)
                await self.outbox.refused(message, outcome.scope, outcome.code, outcome.why, entry)
            case Refused():
                what = f"template {getattr(message.body, 'name', '?')}" if outcome.scope is Scope.TEMPLATE else "us"
                why = f"WhatsApp refuses {what} ({outcome.scope}): ({outcome.code}) {outcome.why}"
                self._once(logging.ERROR, f"{why}; messages are kept and one is tried now and then until it is mended")
                await self.outbox.broke(message, outcome, entry)

    def _once(self, level: int, text: str) -> None:
        """Say a lasting trouble once, not for every message."""
        if text not in self._said:
            self._said.add(text)
            log.log(level, text)
