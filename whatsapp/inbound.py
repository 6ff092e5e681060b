"""Reads Meta's webhooks. Whatever arrives, every item in it is kept: as what it is, or as `Other`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from pydantic import ValidationError

from whatsapp.account import FIELDS, account_news
from whatsapp.events import MAX_RAW, Event, Other
from whatsapp.items import ITEMS, inbound, is_move, moved, status
from whatsapp.outcome import one_line
from whatsapp.reading import Json, dig, known, listed, type_of, words

_SIGNS = 64


class BadPayloadError(ValueError):
    """The body of a webhook is not a JSON object, so there is nothing in it to keep."""


def parse(raw: bytes) -> list[Event]:
    """Every update in one webhook, in its order. An item that cannot be read becomes `Other` and harms no other.

    Raises BadPayloadError where `raw` is not a JSON object.
    """
    return list(updates(raw))


def updates(raw: bytes) -> Iterator[Event]:
    """The same one by one, for who must not be busy with a thousand of them at a stretch."""
    body = _object(raw)
    return (
        event
        for entry in listed(body, "entry") or [body]
        for change in listed(entry, "changes") or [entry]
        for event in _events(change, dig(entry, "time"))
    )


def _object(raw: bytes) -> Json:
    try:
        # int() refuses thousands of digits, and one such number must not cost the whole webhook.
        body = json.loads(raw, parse_int=lambda digits: int(digits[:32]))
    except (ValueError, RecursionError) as error:
        raise BadPayloadError(f"the webhook's body is not JSON ({type(error).__name__})") from None
    if not isinstance(body, dict):
        raise BadPayloadError("the webhook's body is JSON, but not an object")
    return body


def _events(change: object, time: object) -> Iterator[Event]:
    field, value = words(dig(change, "field")), dig(change, "value")
    if field in FIELDS:
        yield _kept(lambda _, value: account_news(field, value, time), field, dig(value, "event"), value, value)
    elif field in ITEMS:
        name, read = ITEMS[field]
        items = listed(value, name)
        for item in items:
            yield _kept(read, field, dig(item, "value"), item, value)
        if not items:
            yield _other(field, "", f"no {name} in it", value)
    elif field == "messages":
        yield from _messages(value)
    else:
        yield _other(field, dig(value, "event"), "", value)


def _messages(value: object) -> Iterator[Event]:
    messages, statuses, errors = (listed(value, key) for key in ("messages", "statuses", "errors"))
    for message in messages:
        kind = type_of(message)
        event = _kept(moved if is_move(message) else inbound, "messages", kind, message, value)
        yield event
        if not known(message) and not isinstance(event, Other):
            yield _other("messages", kind, "a kind of message that is not known", message)
    for item in statuses:
        yield _kept(status, "statuses", dig(item, "status"), item, value)
    for error in errors:
        yield _other("errors", dig(error, "code"), dig(error, "title"), error)
    if not (messages or statuses or errors):
        yield _other("messages", "", "no messages, statuses or errors in it", value)


def _kept(read: Callable[[object, object], Event], field: str, kind: object, item: object, value: object) -> Event:
    try:
        return read(item, value)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        reason = one_line(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}")
        return _other(field, kind, reason, item)


def _other(field: str, kind: object, reason: object, item: object) -> Other:
    raw = json.dumps(item, separators=(",", ":"))[:MAX_RAW]
    return Other(field=field[:_SIGNS], kind=words(kind)[:_SIGNS], reason=reason, raw=raw)
