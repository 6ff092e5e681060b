"""Where the words and the payload stand in each kind of message that a customer can send."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

Json = dict[str, object]
Path = tuple[str, ...]
Read = Callable[[object], str]
"""Reads one text out of a message."""


class Kind(StrEnum):
    """What a customer sent. `button` is a tap on a template, `button_reply` and `list_reply` on our later messages."""

    BUTTON = "button"
    BUTTON_REPLY = "button_reply"
    LIST_REPLY = "list_reply"
    FORM_REPLY = "nfm_reply"
    CALL_PERMISSION_REPLY = "call_permission_reply"
    TEXT = "text"
    LOCATION = "location"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    STICKER = "sticker"
    CONTACTS = "contacts"
    REACTION = "reaction"
    ORDER = "order"
    SYSTEM = "system"
    EDIT = "edit"
    REVOKE = "revoke"
    REQUEST_WELCOME = "request_welcome"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Places:
    """Where one message has its words and its payload."""

    text: Read
    payload: Read


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message says: its kind, the words a person would see, the payload a program wants."""

    kind: Kind
    text: str
    payload: str


def reading(message: object) -> Reading:
    """Read one message of a webhook; a kind that we do not know is `unsupported`."""
    kind = _KINDS.get(type_of(message), Kind.UNSUPPORTED)
    places = PLACES[kind]
    return Reading(kind, places.text(message), places.payload(message))


def known(message: object) -> bool:
    """Whether Meta's type of this message is one we have heard of (`unknown` is Meta's own word for unsupported)."""
    name = type_of(message)
    return name in _KINDS or name == "unknown"


def type_of(message: object) -> str:
    """Meta's name of a message's type, of an interactive message the inner one."""
    name = words(dig(message, "type"))
    return words(dig(message, "interactive", "type")) or name if name == "interactive" else name


def dig(value: object, *path: str) -> object:
    """What stands at `path` below `value`, or None where something on the way is missing or no object."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def listed(value: object, key: str) -> list[object]:
    """The list under `key`; a lone value counts as a list of one, a missing one as an empty list."""
    found = dig(value, key)
    if isinstance(found, list):
        return found
    return [] if found is None else [found]


def words(value: object) -> str:
    """A text or a number as text that can be stored anywhere; whatever else it is, the empty text."""
    if isinstance(value, str) and value.isascii() and "\0" not in value:  # nearly always
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).encode("utf-8", "replace").decode().replace("\0", "")


def found(value: object, path: Path) -> Iterator[str]:
    """Every text at `path`; `*` in it stands for each item of a list."""
    if not path:
        text = words(value)
        if text:
            yield text
    elif path[0] == "*":
        for item in value if isinstance(value, list) else []:
            yield from found(item, path[1:])
    else:
        yield from found(dig(value, path[0]), path[1:])


def at(*paths: Path, glue: str = " ") -> Read:
    """Reads what stands at these paths, joined."""
    return lambda message: glue.join(text for path in paths for text in found(message, path))


def _order(message: object) -> str:
    items = [
        f"{words(dig(item, 'quantity'))} x {words(dig(item, 'product_retailer_id'))}"
        for item in listed(dig(message, "order"), "product_items")
    ]
    note = words(dig(message, "order", "text"))
    return "; ".join([*([note] if note else []), *items])


def _answers(message: object) -> Json:
    try:
        # as in whatsapp.inbound: thousands of digits are no reason to lose a form
        answers = json.loads(words(dig(message, "interactive", "nfm_reply", "response_json")), parse_int=str)
    except (ValueError, RecursionError):
        return {}
    return answers if isinstance(answers, dict) else {}


def _form(message: object) -> str:
    answers = {name: value for name, value in _answers(message).items() if name != "flow_token"}
    told = [f"{words(name)}: {words(value) or json.dumps(value)}" for name, value in answers.items()]
    return "; ".join(told) or words(dig(message, "interactive", "nfm_reply", "body"))


def _edited(message: object) -> str:
    inner = dig(message, "edit", "message")
    kind = _KINDS.get(type_of(inner), Kind.UNSUPPORTED)
    return "" if kind is Kind.EDIT else PLACES[kind].text(inner)


def _nothing(_: object) -> str:
    return ""


def _reply(kind: str) -> Places:
    return Places(at(("interactive", kind, "title")), at(("interactive", kind, "id")))


def _media(kind: str) -> Places:
    return Places(at((kind, "caption"), (kind, "filename")), at((kind, "id")))


PLACES: dict[Kind, Places] = {
    Kind.BUTTON: Places(at(("button", "text")), at(("button", "payload"))),
    Kind.BUTTON_REPLY: _reply("button_reply"),
    Kind.LIST_REPLY: _reply("list_reply"),
    Kind.FORM_REPLY: Places(_form, lambda message: words(_answers(message).get("flow_token"))),
    Kind.CALL_PERMISSION_REPLY: Places(_nothing, at(("interactive", "call_permission_reply", "response"))),
    Kind.TEXT: Places(at(("text", "body")), _nothing),
    Kind.LOCATION: Places(
        at(("location", "name"), ("location", "address")),
        at(("location", "latitude"), ("location", "longitude"), glue=","),
    ),
    **{kind: _media(kind.value) for kind in (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.DOCUMENT, Kind.STICKER)},
    Kind.CONTACTS: Places(
        at(("contacts", "*", "name", "formatted_name"), ("contacts", "*", "phones", "*", "phone"), glue=", "), _nothing
    ),
    Kind.REACTION: Places(at(("reaction", "emoji")), at(("reaction", "message_id"))),
    Kind.ORDER: Places(_order, at(("order", "catalog_id"))),
    Kind.SYSTEM: Places(at(("system", "body")), at(("system", "wa_id"))),
    Kind.EDIT: Places(_edited, at(("edit", "original_message_id"))),
    Kind.REVOKE: Places(_nothing, at(("revoke", "original_message_id"))),
    Kind.REQUEST_WELCOME: Places(_nothing, _nothing),
    Kind.UNSUPPORTED: Places(_nothing, at(("unsupported", "type"))),
}

_KINDS = {kind.value: kind for kind in Kind}
_BSUID = r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}"
WA_ID, USER_ID = re.compile(r"\+?([0-9]{5,20})"), re.compile(f"({_BSUID})")
CHANGED = re.compile(rf"from ({_BSUID}) to {_BSUID}")
"""What Meta writes about a user whose id changed."""


def first(pattern: re.Pattern[str], *values: object) -> str | None:
    """The first of these values that is such an id."""
    matches = (pattern.fullmatch(words(value)) for value in values)
    return next((match[1] for match in matches if match), None)
