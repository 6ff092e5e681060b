"""Meta's published OpenAPI document, where it stands beside the checkout, with the corrections it needs."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

CONTRACT = Path(__file__).parents[2].parent / "shared" / "contracts" / "meta-business-messaging-v23.yaml"
needs_contract = pytest.mark.skipif(not CONTRACT.exists(), reason="Meta's contract does not stand beside the checkout")


@dataclass(frozen=True)
class Correction:
    """Where the document is wrong about the live API: the place below components.schemas, what belongs there, why."""

    place: tuple[str | int, ...]
    value: object
    reason: str


def _ref(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


_INDEX = "the pattern is a set of letters that leaves out 0; the buttons are counted from 0"
_CLOSED = "closed next to allOf, so that not even its own example is valid"
_OLD = "the document is older than pages behind buttons and than the question for a place"
_TAPPED = ["button", "list", "flow", "cta_url", "location_request_message"]
_INCOMING = (
    *("TextMessage_2", "ReactionMessage_1", "ImageMessage_1", "LocationMessage_1", "ContactSharingMessage"),
    *("UnsupportedMessage", "ButtonMessage", "InteractiveMessageReply", "OrderMessage"),
)
_MIXED_UP = (
    "the incoming schemas refer to outgoing ones of the same name, so that not even their own examples are valid"
)
CORRECTIONS = (
    Correction(("TextMessage", "allOf", 1, "additionalProperties"), True, _CLOSED),
    Correction(("InteractiveMessage", "allOf", 1, "additionalProperties"), True, _CLOSED),
    Correction(
        ("BodyObject", "properties", "text", "maxLength"), 4096, "the body of a list may be longer than of buttons"
    ),
    Correction(("LanguageObject", "required"), ["code"], "the policy is optional and has one value"),
    Correction(("InteractiveObject", "properties", "type", "enum"), _TAPPED, _OLD),
    Correction(("ActionObject", "oneOf", 5, "properties", "name", "enum"), ["cta_url", "send_location"], _OLD),
    Correction(("TemplateComponent", "properties", "index", "pattern"), "^[0-9]$", _INDEX),
)

WEBHOOK_CORRECTIONS = (
    Correction(("IncomingMessage", "oneOf"), [_ref(name) for name in _INCOMING], _MIXED_UP),
    *(
        Correction((name, "allOf", 0), _ref("BaseMessageProperties_1"), _MIXED_UP)
        for name in (*_INCOMING, "SystemMessage")
    ),
    Correction(("UnsupportedMessage", "allOf", 1, "properties", "errors", "items"), _ref("ErrorObject_2"), _MIXED_UP),
    Correction(
        ("ContactSharingMessage", "allOf", 1, "properties", "contacts", "items"), _ref("ContactObject_1"), _MIXED_UP
    ),
)


@cache
def document() -> dict[str, object]:
    with CONTRACT.open(encoding="utf-8") as stream:
        loaded: dict[str, object] = yaml.load(stream, Loader=yaml.CSafeLoader)
    return loaded


def validator(
    schema: str, corrections: tuple[Correction, ...] = CORRECTIONS + WEBHOOK_CORRECTIONS
) -> Draft202012Validator:
    components = deepcopy(document()["components"])
    for correction in corrections:
        _set(components, ("schemas", *correction.place), correction.value)
    return Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": components})


def _set(holder: Any, place: tuple[str | int, ...], value: object) -> None:
    *way, last = place
    for step in way:
        holder = holder[step]
    holder[last] = value
