"""The sender: takes a message from the outbox, looks whether it is still wanted, posts it, records its fate.

It never posts again at once what may have been accepted: what is in doubt waits for word from WhatsApp first.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ringback.message import Message
from whatsapp.outcome import Outcome, Refused, RetryAt, Sent, Unclear

log = logging.getLogger("ringback.sender")
JITTER = random.SystemRandom()
ON_CALL_S = 5.0
"""How long a first message waits when the customer is on the phone with the business at that moment."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to post. `tries` counts earlier posts, `blocked` says why it must not go out now."""

    message: Message
    tries: int = 0
    opted_out: bool = False
    on_call: bool = False


class Client(Protocol):
    """Posts a message once; see whatsapp.client."""

    async def send(self, message: Message, attempt: int = 0) -> Outcome:
        """What became of it."""


class Outbox(Protocol):
    """Where messages wait and where their fate is written. Each call is one atomic step; `entry` leaves the queue."""

    async def claim(self, message: str, entry: str) -> Claimed | None:
        """Mark a message as being sent; None if it is done, withdrawn, or in doubt (then it is looked at later)."""

    async def accepted(self, message: Message, sent: Sent, entry: str) -> None:
        """The Cloud API took it."""

    async def later(self, message: Message, delay_s: float, why: str, entry: str, tries: int = 1) -> None:
        """It was certainly not sent; try again. `tries` posts of it failed."""

    async def doubt(self, message: Message, why: str, entry: str) -> None:
        """It may have been sent: wait for a status before it is posted again."""

    async def refused(self, message: Message, scope: str, code: int, why: str, entry: str) -> None:
        """It will not be sent: for ever (recipient, stale), or until somebody mends the cause (the others)."""


class Sender:
    """Posts messages. `clock` gives epoch seconds."""

    def __init__(self, outbox: Outbox, client: Client, clock: Callable[[], float]) -> None:
        self.outbox, self.client, self.clock = outbox, client, clock
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
        else:
            await self._post(message, claimed.tries, entry)

    async def _post(self, message: Message, tries: int, entry: str) -> None:
        outcome = await self.client.send(message, tries)
        match outcome:
            case Sent():
                self._said.clear()
                await self.outbox.accepted(message, outcome, entry)
            case RetryAt():
                self._once(logging.WARNING, f"WhatsApp: {outcome.why}; trying again until it works")
                await self.outbox.later(message, outcome.delay_s * JITTER.uniform(1.0, 1.3), outcome.why, entry)
            case Unclear():
                log.warning(
                    "message %s may have been sent (%s); waiting for word from WhatsApp", message.id, outcome.why
                )
                await self.outbox.doubt(message, outcome.why, entry)
            case Refused():
                self._refusal(message, outcome)
                await self.outbox.refused(message, outcome.scope, outcome.code, outcome.why, entry)

    def _refusal(self, message: Message, outcome: Refused) -> None:
        if outcome.scope == "recipient":
            log.info("message %s refused: (%d) %s", message.id, outcome.code, outcome.why)
            return
        what = {"template": f"template {getattr(message.body, 'name', '?')}"}.get(outcome.scope, f"the {outcome.scope}")
        why = f"WhatsApp refuses {what}: ({outcome.code}) {outcome.why}"
        self._once(logging.ERROR, f"{why}; messages are kept: mend it, then run `ringback outbox retry`")

    def _once(self, level: int, text: str) -> None:
        """Say a lasting trouble once, not for every message."""
        if text not in self._said:
            self._said.add(text)
            log.log(level, text)
