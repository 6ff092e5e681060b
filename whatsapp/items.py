"""One item of a webhook as the event it is. Each reads (the item, the value it stands in) or raises ValidationError."""

from __future__ import annotations

from collections.abc import Callable

from whatsapp.events import Echo, Event, Inbound, NumberChange, Preference, Price, Status, Trouble
from whatsapp.reading import CHANGED, USER_ID, WA_ID, dig, first, listed, reading, words

MOVED = frozenset({"user_changed_number", "customer_changed_number", "user_changed_user_id"})
"""System messages that say that a customer has another number or user id."""
_LONGEST_NUMBER = 32


def inbound(message: object, value: object) -> Inbound:
    """What a customer sent."""
    contact, says = _sender(message, value), reading(message)
    return Inbound(
        id=dig(message, "id"),
        wa_id=first(WA_ID, dig(message, "from"), dig(contact, "wa_id")),
        user_id=first(USER_ID, dig(message, "from_user_id"), dig(contact, "user_id")),
        phone_number_id=_number(value),
        at=dig(message, "timestamp"),
        kind=says.kind,
        text=says.text,
        payload=says.payload,
        context=dig(message, "context", "id") or dig(message, "edit", "message", "context", "id"),
        name=dig(contact, "profile", "name"),
    )


def _sender(message: object, value: object) -> object:
    contacts = listed(value, "contacts")
    if len(contacts) == 1:
        return contacts[0]
    who = {words(dig(message, "from")), words(dig(message, "from_user_id"))} - {""}
    return next((one for one in contacts if who & {words(dig(one, "wa_id")), words(dig(one, "user_id"))}), None)


def _number(value: object) -> str:
    number = words(dig(value, "metadata", "phone_number_id"))
    return number if number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER else ""


def is_move(message: object) -> bool:
    """Whether a message is the news that a customer has another number or user id."""
    return dig(message, "type") == "system" and words(dig(message, "system", "type")) in MOVED


def moved(message: object, value: object) -> NumberChange:
    """Such news. The old user id stands only in the words for people, if anywhere."""
    system, contact = dig(message, "system"), _sender(message, value)
    told = CHANGED.search(words(dig(system, "body")))
    before = (dig(message, "from_user_id"), dig(system, "previous_user_id"), told and told[1], dig(contact, "user_id"))
    return NumberChange(
        id=dig(message, "id"),
        at=dig(message, "timestamp"),
        old_wa_id=first(WA_ID, dig(message, "from"), dig(system, "customer")),
        old_user_id=first(USER_ID, *before),
        wa_id=first(WA_ID, dig(system, "wa_id"), dig(system, "new_wa_id")),
        user_id=first(USER_ID, dig(system, "user_id")),
    )


def _new_user_id(item: object, _: object) -> NumberChange:
    """`user_id_update`: the id of a user changed; it has no id of its own."""
    new, at = first(USER_ID, dig(item, "user_id", "current")), dig(item, "timestamp")
    return NumberChange(
        id=f"user_id_update.{new}.{words(at)}",
        at=at,
        old_wa_id=first(WA_ID, dig(item, "wa_id")),
        old_user_id=first(USER_ID, dig(item, "user_id", "previous")),
        wa_id=first(WA_ID, dig(item, "wa_id")),
        user_id=new,
    )


def _preference(item: object, value: object) -> Preference:
    contact = _sender(item, value)
    return Preference(
        wa_id=first(WA_ID, dig(item, "wa_id"), dig(contact, "wa_id")),
        user_id=first(USER_ID, dig(item, "user_id"), dig(contact, "user_id")),
        at=dig(item, "timestamp"),
        category=dig(item, "category"),
        value=dig(item, "value"),
    )


def _echo(item: object, value: object) -> Echo:
    says = reading(item)
    return Echo(
        id=dig(item, "id"),
        wa_id=first(WA_ID, dig(item, "to")),
        user_id=first(USER_ID, dig(item, "to_user_id")),
        phone_number_id=_number(value),
        at=dig(item, "timestamp"),
        kind=says.kind,
        text=says.text,
        payload=says.payload,
    )


ITEMS: dict[str, tuple[str, Callable[[object, object], Event]]] = {
    "user_preferences": ("user_preferences", _preference),
    "user_id_update": ("user_id_update", _new_user_id),
    "smb_message_echoes": ("message_echoes", _echo),
}
"""Webhook fields that hold a list: its name, and what reads an item of it."""


def status(item: object, value: object) -> Status:
    """What became of a message of ours."""
    return Status(
        wamid=dig(item, "id"),
        status=dig(item, "status"),
        at=dig(item, "timestamp"),
        phone_number_id=_number(value),
        recipient=first(WA_ID, dig(item, "recipient_id")),
        user_id=first(USER_ID, dig(item, "recipient_user_id")),
        ours=words(dig(item, "biz_opaque_callback_data"))[:512] or None,
        errors=tuple(_trouble(error) for error in listed(item, "errors")),
        price=_price(dig(item, "pricing")),
    )


def _trouble(error: object) -> Trouble:
    code = words(dig(error, "code"))
    title = words(dig(error, "title")) or words(dig(error, "message"))
    details = words(dig(error, "error_data", "details"))
    told = [details] if details.startswith(title) else [title, details]
    numbered = code.lstrip("-").isdecimal() and len(code) < 10
    return Trouble(code=int(code) if numbered else 0, title=": ".join(filter(None, told)))


def _price(pricing: object) -> Price:
    billable = dig(pricing, "billable")
    return Price(
        category=dig(pricing, "category"),
        billable=billable if isinstance(billable, bool) else None,
    )
