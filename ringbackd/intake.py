"""Webhook bodies become facts: one commit takes a body off its stream and puts all its facts into theirs."""

from __future__ import annotations

import base64
import logging

from redis.exceptions import RedisError

from ringback.fact import Delivery, Fact, Said
from ringbackd.outbox import taken_off
from ringbackd.store import Store
from whatsapp.events import Event, Inbound, Status
from whatsapp.inbound import BadPayloadError, parse
from whatsapp.reading import Kind

log = logging.getLogger("ringback.webhook")
GROUP = "intake"
TAPS = frozenset({Kind.BUTTON, Kind.BUTTON_REPLY, Kind.LIST_REPLY})
NO_ANSWER = frozenset({Kind.REACTION, Kind.SYSTEM})
"""A thumb under a message of ours, or Meta's own notices: not the customer's words."""


class Intake:
    """Keeps raw bodies, and reads them into facts."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def persist(self, raw: bytes) -> None:
        """Keep a body. Raises OSError when Redis is away."""
        try:
            # base64: a body is any bytes, and the stream's entries travel through scripts as JSON text
            await self.store.redis.xadd(self.store.keys.webhooks, {"json": base64.b64encode(raw)})
        except RedisError as error:
            raise OSError(str(error)) from error

    async def handle(self, kept: bytes, entry: str) -> None:
        """Read one body."""
        done = taken_off(self.store.keys.webhooks, GROUP, entry)
        try:
            values = parse(base64.b64decode(kept))
        except BadPayloadError as error:
            log.warning("webhook: %s; the body was dropped", error)
            values = []
        facts = [fact for value in values if (fact := _fact(value))]
        await self.store.commit((), [*(self.store.fact(fact) for fact in facts), *done])


def _fact(value: Event) -> Fact | None:
    if isinstance(value, Status):
        return _delivery(value)
    if isinstance(value, Inbound) and value.kind not in NO_ANSWER:
        return _said(value)
    log.info("webhook: %s is of no consequence to a case", type(value).__name__)
    return None


def _said(value: Inbound) -> Said:
    tapped = value.kind in TAPS
    return Said(
        wamid=value.id,
        wa_id=value.wa_id or "",
        user_id=value.user_id or "",
        name=value.name,
        text=value.text or ("" if tapped else f"[{value.kind} {value.payload}]"),
        payload=value.payload if tapped else "",
        context=value.context or "",
        at=value.at,
    )


def _delivery(value: Status) -> Delivery:
    trouble = value.errors[0] if value.errors else None
    return Delivery(
        wamid=value.wamid,
        message=value.ours or "",
        status=value.status.value,
        code=trouble.code if trouble else 0,
        why=trouble.title if trouble else "",
        at=value.at,
    )
