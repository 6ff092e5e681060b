"""What the simulated Cloud API refuses, and how, asked directly over HTTP."""

from __future__ import annotations

import json
from copy import deepcopy
from io import BytesIO
from typing import Any

import pytest

from ringbackd.sandbox.cloud import Cloud
from ringbackd.sandbox.cloudspec import TemplateSpec
from tests.cloud.cloudkit import BUTTONS, MENU, NUMBER, QUICK, SPECS, TEMPLATE, Rig, message, rig, text
from whatsapp.wire import Json, payload

Place = tuple[str | int, ...]
GONE = object()

TEMPLATE_FAULTS: list[tuple[Place, object, int]] = [
    (("template", "name"), "no_such", 132001),
    (("template", "language", "code"), "es_MX", 132001),
    (("template", "language"), GONE, 131008),
    (("template", "components", 0, "parameters", 1), GONE, 132000),
    (("template", "components", 0, "parameters"), [], 131009),
    (("template", "components", 0, "parameters", 0, "text"), "", 131008),
    (("template", "components", 0, "parameters", 0, "text"), "a\nb", 100),
    (("template", "components", 0, "parameters", 0, "text"), "a     b", 100),
    (("template", "components", 0, "parameters", 0, "text"), "x" * 1000, 132005),
    (("template", "components", 0, "parameters", 0, "text"), 7, 131009),
    (("template", "components", 1, "index"), "2", 131009),
    (("template", "components", 1, "parameters", 0, "payload"), "x" * 257, 131009),
    (("template", "components", 1, "sub_type"), "copy_code", 100),
    (("template", "components"), GONE, 132000),
    (("template", "colour"), "red", 100),
    (("messaging_product",), "sms", 100),
    (("messaging_product",), GONE, 131008),
    (("recipient_type",), "group", 100),
    (("type",), "carrier_pigeon", 100),
    (("type",), GONE, 100),
    (("to",), "525512345678", 131009),
    (("to",), "+0525512345678", 131009),
    (("to",), "+52 55 1234 5678", 131009),
    (("to",), GONE, 131008),
    (("biz_opaque_callback_data",), "x" * 513, 131009),
]
TEXT_FAULTS: list[tuple[Place, object, int]] = [
    (("text", "body"), "x" * 4097, 131009),
    (("text", "body"), "", 131008),
    (("text",), GONE, 131008),
]
BUTTON_FAULTS: list[tuple[Place, object, int]] = [
    (("interactive", "action", "buttons", 0, "reply", "title"), "x" * 21, 131009),
    (("interactive", "action", "buttons", 0, "reply", "title"), "", 131008),
    (("interactive", "action", "buttons", 0, "reply", "id"), "x" * 257, 131009),
    (("interactive", "action", "buttons", 0, "reply", "id"), "later", 131009),
    (
        ("interactive", "action", "buttons"),
        [{"type": "reply", "reply": {"id": f"{n}", "title": f"{n}"}} for n in "1234"],
        131009,
    ),
    (("interactive", "action", "buttons"), [], 131009),
    (("interactive", "body", "text"), "x" * 1025, 131009),
    (("interactive", "body"), GONE, 131008),
    (("interactive", "type"), "carousel", 100),
]
ROWS = [{"id": f"r{n}", "title": f"row {n}"} for n in range(11)]
LIST_FAULTS: list[tuple[Place, object, int]] = [
    (("interactive", "action", "button"), "x" * 21, 131009),
    (("interactive", "action", "sections", 0, "rows"), ROWS, 131009),
    (
        ("interactive", "action", "sections"),
        [{"title": "a", "rows": ROWS[:6]}, {"title": "b", "rows": ROWS[6:]}],
        131009,
    ),
    (("interactive", "action", "sections"), [{"rows": ROWS[:1]}, {"rows": ROWS[1:2]}], 131009),
    (("interactive", "action", "sections", 0, "rows", 0, "title"), "x" * 25, 131009),
    (("interactive", "action", "sections", 0, "rows", 0, "description"), "x" * 73, 131009),
    (("interactive", "action", "sections", 0, "rows", 0, "id"), "h11", 131009),
    (("interactive", "body", "text"), "x" * 4097, 131009),
]
FAULTS = [
    *((payload(message(TEMPLATE)), *fault) for fault in TEMPLATE_FAULTS),
    *((payload(text()), *fault) for fault in TEXT_FAULTS),
    *((payload(message(BUTTONS)), *fault) for fault in BUTTON_FAULTS),
    *((payload(message(MENU)), *fault) for fault in LIST_FAULTS),
]


async def post(it: Rig, data: bytes | str, path: str = "") -> tuple[int, Json]:
    url = it.cloud.url + path if path else it.cloud.settings.messages_url
    async with it.session.post(url, data=data, headers=it.cloud.settings.auth) as answer:
        return answer.status, await answer.json()


async def get(it: Rig, path: str, headers: dict[str, str] | None = None) -> tuple[int, Json]:
    auth = it.cloud.settings.auth if headers is None else headers
    async with it.session.get(f"{it.cloud.url}/v26.0/{path}", headers=auth) as answer:
        return answer.status, await answer.json()


def code_of(body: Json) -> object:
    error = body["error"]
    if not isinstance(error, dict) or not isinstance(error["error_data"], dict):
        raise TypeError(body)
    assert error.keys() >= {"message", "type", "code", "fbtrace_id"}
    assert error["error_data"]["messaging_product"] == "whatsapp"
    assert error["error_data"]["details"]
    return error["code"]


async def test_what_meta_refuses_is_refused_with_its_code() -> None:
    async with rig() as it:
        await it.cloud.say(NUMBER, "hola")
        for body, place, value, code in FAULTS:
            status, answer = await post(it, json.dumps(_changed(body, place, value)))
            assert (place, value, code_of(answer)) == (place, value, code)
            assert status in (400, 404)
        assert it.cloud.accepted == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 5000, b'{"type":"text","to":"\\ud800"}']
)
async def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    async with rig() as it:
        status, answer = await post(it, body)
    assert (status, code_of(answer)) == (400, 100)


async def test_a_huge_body_is_refused() -> None:
    async with (
        rig() as it,
        it.session.post(
            it.cloud.settings.messages_url, data=BytesIO(b"x" * (2 << 20)), headers=it.cloud.settings.auth
        ) as answer,
    ):
        assert answer.status == 413


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer no"}, {"Authorization": "Bearer ñandú"}])
async def test_every_path_wants_the_token(header: dict[str, str]) -> None:
    async with rig() as it:
        for path in (it.cloud.account.phone_number_id, f"{it.cloud.account.waba_id}/message_templates"):
            status, answer = await get(it, path, header)
            assert (status, code_of(answer)) == (401, 190)


async def test_an_unknown_id_does_not_exist() -> None:
    async with rig() as it:
        for path in ("1", "1/message_templates", f"{it.cloud.account.phone_number_id}/message_templates"):
            status, answer = await get(it, path)
            assert (status, code_of(answer)) == (400, 100)
        assert code_of((await post(it, b"{}", "/v26.0/1/messages"))[1]) == 100


async def test_the_doctor_can_ask_about_the_number_and_its_templates() -> None:
    async with rig() as it:
        _, number = await get(it, it.cloud.account.phone_number_id)
        _, templates = await get(it, f"{it.cloud.account.waba_id}/message_templates?name=missed_call")
    assert number.keys() == {"id", "display_phone_number", "verified_name", "quality_rating"}
    found = templates["data"]
    assert isinstance(found, list)
    assert [(one["name"], one["language"], one["status"]) for one in found] == [
        ("missed_call", "es", "APPROVED"),
        ("missed_call", "en", "APPROVED"),
    ]
    assert found[0]["components"][1]["buttons"] == [
        {"type": "QUICK_REPLY", "text": "Ahora"},
        {"type": "QUICK_REPLY", "text": "No"},
    ]


async def test_a_quick_reply_without_a_payload_answers_with_its_title() -> None:
    async with rig() as it:
        bare = _changed(payload(message(TEMPLATE)), ("template", "components", 2), GONE)
        await post(it, json.dumps(bare))
        assert [option.id for option in it.cloud.chat(NUMBER)[0].options] == ["now:c1", "No"]


def test_a_template_with_a_gap_in_its_places_is_refused() -> None:
    with pytest.raises(ValueError, match=r"template hello \(es\): the places in its body skip a number"):
        TemplateSpec("hello", "es", "{{1}} {{3}}")


def test_the_sandbox_does_not_show_its_secrets() -> None:
    cloud = Cloud(SPECS, knobs=QUICK)
    assert "sandbox-" not in repr(cloud.account)


def _changed(body: Json, place: Place, value: object) -> Json:
    copy = deepcopy(body)
    holder: Any = copy
    for step in place[:-1]:
        holder = holder[step]
    if value is GONE:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return copy
