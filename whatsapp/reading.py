"""Where the words and the payload stand in each kind of message that a customer can send."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Json = dict[str, object]
Path = tuple[str, ...]


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
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Places:
    """Paths into one message: the words (joined by a space) and the payload (joined by a comma)."""

    text: tuple[Path, ...] = ()
    payload: tuple[Path, ...] = ()


PLACES: dict[Kind, Places] = {
    Kind.BUTTON: Places((("button", "text"),), (("button", "payload"),)),
    Kind.BUTTON_REPLY: Places((("interactive", "button_reply", "title"),), (("interactive", "button_reply", "id"),)),
    Kind.LIST_REPLY: Places((("interactive", "list_reply", "title"),), (("interactive", "list_reply", "id"),)),
    Kind.FORM_REPLY: Places((("interactive", "nfm_reply", "body"),), (("interactive", "nfm_reply", "response_json"),)),
    Kind.CALL_PERMISSION_REPLY: Places((), (("interactive", "call_permission_reply", "response"),)),
    Kind.TEXT: Places((("text", "body"),)),
    Kind.LOCATION: Places(
        (("location", "name"), ("location", "address")), (("location", "latitude"), ("location", "longitude"))
    ),
    Kind.IMAGE: Places((("image", "caption"),), (("image", "id"),)),
    Kind.VIDEO: Places((("video", "caption"),), (("video", "id"),)),
    Kind.AUDIO: Places((), (("audio", "id"),)),
    Kind.DOCUMENT: Places((("document", "caption"), ("document", "filename")), (("document", "id"),)),
    Kind.STICKER: Places((), (("sticker", "id"),)),
    Kind.REACTION: Places((("reaction", "emoji"),), (("reaction", "message_id"),)),
    Kind.ORDER: Places((("order", "text"),)),
    Kind.SYSTEM: Places((("system", "body"),), (("system", "wa_id"),)),
}
"""Kinds that are not here carry nothing we can read."""

_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message says: its kind, the words a person would see, the payload a program wants."""

    kind: Kind
    text: str
    payload: str


def reading(message: object) -> Reading:
    """Read one message of a webhook; a kind that we do not know is `unsupported`."""
    name = dig(message, "type")
    name = dig(message, "interactive", "type") if name == "interactive" else name
    kind = _KINDS.get(words(name), Kind.UNSUPPORTED)
    places = PLACES.get(kind, Places())
    return Reading(kind, _joined(message, places.text, " "), _joined(message, places.payload, ","))


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
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).encode("utf-8", "replace").decode().replace("\0", "")


def _joined(message: object, paths: tuple[Path, ...], glue: str) -> str:
    return glue.join(found for path in paths if (found := words(dig(message, *path))))
