"""Meta's webhooks, read: every shape, with everything optional left out, broken, and hostile."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.events import (
    AccountNews,
    Delivery,
    Event,
    Inbound,
    Other,
    Status,
    Trouble,
)
from whatsapp.inbound import BadPayloadError, parse
from whatsapp.reading import PLACES, Kind

META = {"display_phone_number": "15550783881", "phone_number_id": "106"}
BASE: dict[str, object] = {"from": "5215512345678", "id": "wamid.A=", "timestamp": "1750000000", "type": "text"}
CONTACT = {"profile": {"name": "José"}, "wa_id": "5215512345678"}


def webhook(*values: object, field: str = "messages") -> bytes:
    changes = [{"field": field, "value": value} for value in values]
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}).encode()


def heard(message: Mapping[str, object], contacts: object = (CONTACT,)) -> Event:
    event, *_ = parse(webhook({"metadata": META, "contacts": contacts, "messages": [{**BASE, **message}]}))
    return event


def reported(status: Mapping[str, object]) -> Event:
    base = {"id": "wamid.B", "status": "sent", "timestamp": "1750000000", "recipient_id": "5215512345678"}
    (event,) = parse(webhook({"metadata": META, "statuses": [{**base, **status}]}))
    return event


def test_a_tap_on_a_template() -> None:
    tap = {
        "type": "button",
        "button": {"payload": "now:c1", "text": "Ahora"},
        "context": {"id": "wamid.T", "from": "1"},
    }
    assert heard(tap) == Inbound(
        id="wamid.A=",
        wa_id="5215512345678",
        user_id=None,
        phone_number_id="106",
        at=1_750_000_000,
        kind=Kind.BUTTON,
        text="Ahora",
        payload="now:c1",
        context="wamid.T",
        name="José",
    )


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"type": "text", "text": {"body": "¡hola! 🎉"}}, (Kind.TEXT, "¡hola! 🎉", "")),
        ({"type": "button", "button": {"text": "No"}}, (Kind.BUTTON, "No", "")),
        (
            {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "i", "title": "T"}}},
            (Kind.BUTTON_REPLY, "T", "i"),
        ),
        (
            {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "i", "title": "T"}}},
            (Kind.LIST_REPLY, "T", "i"),
        ),
        (
            {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": '{"a":1}'}}},
            (Kind.FORM_REPLY, "a: 1", ""),
        ),
        ({"type": "interactive", "interactive": {"type": "hologram"}}, (Kind.UNSUPPORTED, "", "")),
        ({"type": "interactive"}, (Kind.UNSUPPORTED, "", "")),
        ({"type": "location", "location": {"latitude": -33.5, "longitude": 7}}, (Kind.LOCATION, "", "-33.5,7")),
        ({"type": "image", "image": {"id": "9", "caption": "foto"}}, (Kind.IMAGE, "foto", "9")),
        ({"type": "system", "system": {"body": "moved", "wa_id": "52"}}, (Kind.SYSTEM, "moved", "52")),
        ({"type": "unsupported", "errors": [{"code": 131051}]}, (Kind.UNSUPPORTED, "", "")),
        ({"type": "smell"}, (Kind.UNSUPPORTED, "", "")),
        ({"type": ["text"]}, (Kind.UNSUPPORTED, "", "")),
        ({"type": None}, (Kind.UNSUPPORTED, "", "")),
        ({"type": "text", "text": "no object"}, (Kind.TEXT, "", "")),
        ({"type": "text", "text": {"body": "a\0b\ud800"}}, (Kind.TEXT, "ab?", "")),
    ],
)
def test_every_kind_of_message(message: dict[str, object], expected: tuple[Kind, str, str]) -> None:
    event = heard(message)
    assert isinstance(event, Inbound)
    assert (event.kind, event.text, event.payload) == expected


def test_a_novel_is_cut() -> None:
    event = heard({"type": "text", "text": {"body": "x" * 100_000}})
    assert isinstance(event, Inbound)
    assert len(event.text) == 4096


@pytest.mark.parametrize(
    ("message", "contacts", "expected"),
    [
        ({}, [], ("5215512345678", None, "")),
        ({}, None, ("5215512345678", None, "")),
        ({"from": None}, [CONTACT], ("5215512345678", None, "José")),
        ({"from": None}, [{"user_id": "MX.1a"}], (None, "MX.1a", "")),
        ({"from": None, "from_user_id": "MX.ENT.1a"}, [], (None, "MX.ENT.1a", "")),
        ({}, [{"wa_id": "9", "profile": {"name": "A"}}, CONTACT], ("5215512345678", None, "José")),
        ({}, [{"wa_id": "9", "profile": {"name": "A"}}, {"wa_id": "8"}], ("5215512345678", None, "")),
    ],
)
def test_who_sent_it(message: dict[str, object], contacts: object, expected: tuple[object, ...]) -> None:
    event = heard(message, contacts)
    assert isinstance(event, Inbound)
    assert (event.wa_id, event.user_id, event.name) == expected


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"from": None}, "neither a wa_id nor a user_id"),
        ({"from": "+52"}, "wa_id"),
        ({"id": None}, "id"),
        ({"id": "wamid.A B"}, "id"),
        ({"id": "x" * 257}, "id"),
        ({"timestamp": "yesterday"}, "at"),
        ({"timestamp": "-1"}, "at"),
        ({"timestamp": "9" * 400}, "at"),
        ({"context": {"id": "a\nb"}}, "context"),
    ],
)
def test_a_message_that_cannot_be_kept_says_why(message: dict[str, object], reason: str) -> None:
    event = heard(message | {"type": "text"}, contacts=[])
    assert isinstance(event, Other)
    assert (event.field, event.kind) == ("messages", "text")
    assert reason in event.reason


def test_a_status_with_everything() -> None:
    errors = [{"code": 131026, "title": "Message undeliverable", "error_data": {"details": "d"}}]
    more = {"status": "failed", "biz_opaque_callback_data": "m-1", "errors": errors, "recipient_user_id": "MX.1"}
    assert reported(more) == Status(
        wamid="wamid.B",
        status=Delivery.FAILED,
        at=1_750_000_000,
        phone_number_id="106",
        recipient="5215512345678",
        user_id="MX.1",
        ours="m-1",
        errors=(Trouble(code=131026, title="Message undeliverable: d"),),
    )


@pytest.mark.parametrize("status", ["sent", "delivered", "read", "failed", "played"])
def test_a_status_with_nothing_optional(status: str) -> None:
    event = reported({"status": status, "recipient_id": None})
    assert isinstance(event, Status)
    assert (event.status, event.recipient, event.ours, event.errors) == (status, None, None, ())


@pytest.mark.parametrize("status", [{"status": "deleted"}, {"status": None}, {"id": ""}])
def test_a_status_that_is_not_known_is_kept(status: dict[str, object]) -> None:
    event = reported(status)
    assert isinstance(event, Other)
    assert event.field == "statuses"


def test_one_broken_item_does_not_lose_the_others() -> None:
    good = BASE | {"type": "text", "text": {"body": "hola"}}
    sent = {"id": "w", "status": "read", "timestamp": "1"}
    values = (
        {"metadata": META, "messages": [good, 7, None, good | {"id": 1}, good | {"id": "wamid.Z"}]},
        "nonsense",
        {"metadata": META, "statuses": [{}, sent], "messages": [good]},
    )
    kinds = [type(event) for event in parse(webhook(*values))]
    assert kinds == [Inbound, Other, Other, Other, Inbound, Other, Inbound, Other, Status]


def test_several_entries_are_read_in_their_order() -> None:
    value = {"metadata": META, "messages": [BASE | {"type": "text"}]}
    entry = {"changes": [{"field": "messages", "value": value}]}
    assert len(parse(json.dumps({"entry": [entry, entry, {}, None, entry]}).encode())) == 5


def test_a_field_about_the_account_is_read() -> None:
    update = webhook({"event": "PAUSED", "reason": "x"}, field="message_template_status_update")
    news = AccountNews(field="message_template_status_update", subject="", event="PAUSED", detail="x", at=0)
    assert parse(update) == [news]


def test_an_error_about_the_number_is_kept() -> None:
    value = {"metadata": META, "errors": [{"code": 130429, "title": "Rate limit hit"}]}
    (event,) = parse(webhook(value))
    assert isinstance(event, Other)
    assert (event.field, event.kind, event.reason) == ("errors", "130429", "Rate limit hit")
    assert json.loads(event.raw) == {"code": 130429, "title": "Rate limit hit"}


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"1", b'"x"', b"{", b"\xff", b"[" * 200_000, b"NaN", b"1" * 5000])
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(BadPayloadError, match="the webhook's body is"):
        parse(raw)


@pytest.mark.parametrize("raw", [b"{}", b'{"entry":7}', b'{"entry":[]}', b'{"entry":{"changes":{"value":1}}}'])
def test_an_object_with_nothing_in_it_is_kept_as_one_other(raw: bytes) -> None:
    (event,) = parse(raw)
    assert isinstance(event, Other)


def test_three_megabytes_of_updates() -> None:
    message = BASE | {"type": "text", "text": {"body": "x" * 2800}}
    events = parse(webhook({"metadata": META, "messages": [message] * 1000}))
    assert [type(event) for event in events] == [Inbound] * 1000


def test_a_number_of_any_length_costs_only_its_own_item() -> None:
    raw = webhook({"metadata": META, "messages": [BASE | {"timestamp": "N"}, BASE]}).replace(b'"N"', b"9" * 5000)
    assert [type(event) for event in parse(raw)] == [Other, Inbound]


def test_every_place_is_of_a_kind_that_exists() -> None:
    assert PLACES.keys() <= set(Kind)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
KEYS = [
    "id",
    "from",
    "type",
    "timestamp",
    "text",
    "body",
    "context",
    "profile",
    "wa_id",
    "code",
    "errors",
    "interactive",
]
SHAPED = st.dictionaries(st.sampled_from(KEYS), JSON | st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4))


@given(st.binary())
def test_no_bytes_can_break_it(raw: bytes) -> None:
    try:
        parse(raw)
    except BadPayloadError:
        return


@given(st.dictionaries(st.sampled_from(["entry", "object"]) | st.text(), JSON))
def test_no_object_can_break_it(body: dict[str, object]) -> None:
    assert parse(json.dumps(body).encode())


@given(
    st.lists(SHAPED | JSON, min_size=1), st.sampled_from(["messages", "statuses", "errors"]), JSON | st.lists(SHAPED)
)
def test_no_item_can_break_it(items: list[object], key: str, contacts: object) -> None:
    events = parse(webhook({"metadata": META, "contacts": contacts, key: items}))
    more = [event for event in events if isinstance(event, Other) and "not known" in event.reason]
    assert len(events) == len(items) + len(more)
    assert all(json.dumps(event.model_dump(mode="json"), ensure_ascii=False).encode() for event in events)
