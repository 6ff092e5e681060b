"""News about customers themselves: another number, another user id, a switch in WhatsApp; and what is no news."""

from __future__ import annotations

import json

import pytest

from tests.whatsapp.test_inbound import META, webhook
from whatsapp.events import Event, NumberChange, Other, Preference
from whatsapp.inbound import parse

OLD, NEW = "PE.1a", "PE.ENT.2b"
SYSTEM = {"id": "wamid.S", "timestamp": "1750000000", "type": "system"}


def system(message: dict[str, object], **content: object) -> Event:
    (event,) = parse(webhook({"metadata": META, "messages": [SYSTEM | message | {"system": content}]}))
    return event


@pytest.mark.parametrize(
    ("message", "content", "expected"),
    [
        ({"from": "51911"}, {"type": "user_changed_number", "wa_id": "51922"}, ("51911", None, "51922", None)),
        (
            {"from": "51911", "from_user_id": OLD},
            {"type": "user_changed_number", "wa_id": "51922", "user_id": NEW},
            ("51911", OLD, "51922", NEW),
        ),
        ({"from": "51911"}, {"type": "customer_changed_number", "new_wa_id": "51922"}, ("51911", None, "51922", None)),
        (
            {},
            {"type": "user_changed_user_id", "body": f"User A changed from {OLD} to {NEW}", "user_id": NEW},
            (None, OLD, None, NEW),
        ),
        ({}, {"type": "user_changed_user_id", "previous_user_id": OLD, "user_id": NEW}, (None, OLD, None, NEW)),
    ],
)
def test_a_customer_moved(message: dict[str, object], content: dict[str, object], expected: tuple[object, ...]) -> None:
    event = system(message, **content)
    assert isinstance(event, NumberChange)
    assert (event.old_wa_id, event.old_user_id, event.wa_id, event.user_id) == expected


@pytest.mark.parametrize("content", [{"wa_id": "not a number"}, {}, {"user_id": "pe.1"}])
def test_a_move_to_nowhere_is_kept_as_it_is(content: dict[str, object]) -> None:
    event = system({"from": "51911"}, type="user_changed_number", **content)
    assert isinstance(event, Other)
    assert json.loads(event.raw)["system"]["type"] == "user_changed_number"


@pytest.mark.parametrize("kind", [[], {}, None, 7])
def test_a_move_of_no_kind_costs_nobody_his_message(kind: object) -> None:
    message = {"id": "wamid.T", "from": "51911", "timestamp": "1750000000", "type": "text", "text": {"body": "hola"}}
    messages = [SYSTEM | {"from": "51911", "system": {"type": kind}}, message]
    assert getattr(parse(webhook({"metadata": META, "messages": messages}))[1], "text", "") == "hola"


def test_the_field_for_new_user_ids_says_the_same() -> None:
    item = {"wa_id": "51911", "user_id": {"previous": OLD, "current": NEW}, "timestamp": "1750000000"}
    (event,) = parse(webhook({"user_id_update": [item]}, field="user_id_update"))
    assert isinstance(event, NumberChange)
    assert (event.old_user_id, event.user_id, event.old_wa_id, event.wa_id) == (OLD, NEW, "51911", "51911")


def test_one_broken_switch_does_not_lose_the_others() -> None:
    good = {"wa_id": "51911", "category": "marketing_messages", "value": "stop", "timestamp": 1_750_000_000}
    items = [good, 7, good | {"value": "; DROP"}, good | {"wa_id": None}, good | {"wa_id": None, "user_id": OLD}]
    events = parse(webhook({"user_preferences": items}, field="user_preferences"))
    assert [type(event) for event in events] == [Preference, Other, Other, Other, Preference]
