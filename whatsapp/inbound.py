"""Reads Meta's webhooks. Whatever arrives, every item in it is kept: as what it is, or as `Other`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from pydantic import ValidationError

from whatsapp.events import Event, Inbound, Other, Status, Trouble
from whatsapp.outcome import one_line
from whatsapp.reading import Json, dig, listed, reading, words


class BadPayloadError(ValueError):
    """The body of a webhook is not a JSON object, so there is nothing in it to keep."""


def parse(raw: bytes) -> list[Event]:
    """Every update in one webhook, in its order. An item that cannot be read becomes `Other` and harms no other.

    Raises BadPayloadError where `raw` is not a JSON object.
    """
    body = _object(raw)
    changes = (change for entry in listed(body, "entry") or [body] for change in listed(entry, "changes") or [entry])
    return [event for change in changes for event in _events(change)]


def _object(raw: bytes) -> Json:
    try:
        # int() refuses thousands of digits, and one such number must not cost the whole webhook.
        body = json.loads(raw, parse_int=lambda digits: int(digits[:32]))
    except (ValueError, RecursionError) as error:
        raise BadPayloadError(f"the webhook's body is not JSON ({type(error).__name__})") from None
    if not isinstance(body, dict):
        raise BadPayloadError("the webhook's body is JSON, but not an object")
    return body


def _events(change: object) -> Iterator[Event]:
    value = dig(change, "value")
    if dig(change, "field") != "messages":
        yield Other(field=dig(change, "field"), kind=dig(value, "event"))
        return
    messages, statuses, errors = (listed(value, key) for key in ("messages", "statuses", "errors"))
    for message in messages:
        yield _kept(_inbound, "messages", dig(message, "type"), message, value)
    for status in statuses:
        yield _kept(_status, "statuses", dig(status, "status"), status, value)
    for error in errors:
        yield Other(field="errors", kind=dig(error, "code"), reason=dig(error, "title"))
    if not (messages or statuses or errors):
        yield Other(field="messages", reason="no messages, statuses or errors in it")


def _kept(read: Callable[[object, object], Event], field: str, kind: object, item: object, value: object) -> Event:
    try:
        return read(item, value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        reason = one_line(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        return Other(field=field, kind=kind, reason=reason)


def _inbound(message: object, value: object) -> Inbound:
    contact, says = _sender(message, value), reading(message)
    return Inbound(
        id=dig(message, "id"),
        wa_id=dig(message, "from") or dig(contact, "wa_id"),
        user_id=dig(message, "from_user_id") or dig(contact, "user_id"),
        phone_number_id=dig(value, "metadata", "phone_number_id"),
        at=dig(message, "timestamp"),
        kind=says.kind,
        text=says.text,
        payload=says.payload,
        context=dig(message, "context", "id"),
        name=dig(contact, "profile", "name"),
    )


def _sender(message: object, value: object) -> object:
    contacts = listed(value, "contacts")
    if len(contacts) == 1:
        return contacts[0]
    who = {words(dig(message, "from")), words(dig(message, "from_user_id"))} - {""}
    return next((one for one in contacts if who & {words(dig(one, "wa_id")), words(dig(one, "user_id"))}), None)


def _status(status: object, value: object) -> Status:
    return Status(
        wamid=dig(status, "id"),
        status=dig(status, "status"),
        at=dig(status, "timestamp"),
        phone_number_id=dig(value, "metadata", "phone_number_id"),
        recipient=dig(status, "recipient_id"),
        user_id=dig(status, "recipient_user_id"),
        ours=dig(status, "biz_opaque_callback_data"),
        errors=tuple(Trouble(code=dig(error, "code"), title=dig(error, "title")) for error in listed(status, "errors")),
    )
