"""The template calls of the simulated Cloud API, and our requests, against Meta's published description."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from jsonschema import Draft202012Validator

from ringbackd.sandbox.cloud import Cloud
from ringbackd.sandbox.cloudspec import Knobs, TemplateSpec
from ringbackd.templatefiles import shipped
from tests.cloud.cloudcontract import document, needs_contract
from tests.cloud.cloudkit import QUICK, rig
from whatsapp.events import AccountNews
from whatsapp.templatestate import change

PATH = "/{Version}/{WABA-ID}/message_templates"
GOOD = shipped()["ringback_missed_call"].creation("es", allow_category_change=True)


def schema(*way: str) -> Draft202012Validator:
    found: Any = document()["paths"]
    for step in (PATH, *way, "content", "application/json", "schema"):
        found = found[step]
    return Draft202012Validator(found)


async def ask(cloud: Cloud, method: str, json: object = None, **params: str) -> tuple[int, Any]:
    url = f"{cloud.url}/v26.0/{cloud.account.waba_id}/message_templates"
    headers = {"Authorization": f"Bearer {cloud.account.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, url, json=json, params=params) as answer,
    ):
        return answer.status, await answer.json()


@needs_contract
def test_what_we_hand_in_is_as_meta_describes_it() -> None:
    valid = schema("post", "requestBody")
    for template in shipped().values():
        for code in template.languages:
            valid.validate(template.creation(code, allow_category_change=False))


@needs_contract
async def test_the_answers_are_as_meta_describes_them() -> None:
    async with Cloud(knobs=Knobs(review_s=60)) as cloud:
        status, made = await ask(cloud, "POST", GOOD)
        assert (status, made["status"]) == (200, "PENDING")
        schema("post", "responses", "200").validate(made)
        _, shown = await ask(cloud, "GET")
        schema("get", "responses", "200").validate(shown)
        assert shown["data"][0]["id"] == made["id"]


def changed(place: str, **values: object) -> dict[str, object]:
    """A request with something else in its body component, its buttons, or at the top."""
    data: Any = json.loads(json.dumps(GOOD))
    parts = {part["type"]: part for part in data["components"]}
    (data if place == "top" else parts[place]).update(values)
    return dict(data)


@pytest.mark.parametrize(
    ("request_", "code", "subcode"),
    [
        (changed("top", name="Hola"), 100, None),
        (changed("top", category="NEWS"), 100, None),
        (changed("top", message_send_ttl_seconds=29), 100, None),
        (changed("top", message_send_ttl_seconds=50_000), 100, None),
        (changed("top", components=[]), 100, None),
        (changed("top", colour="red"), 100, None),
        (changed("BODY", text="{{1}} y {{2}} le saludan a usted hoy mismo"), 100, 2388299),
        (changed("BODY", text="Hola, le saludan hoy {{1}} y {{2}}."), 100, 2388299),
        (changed("BODY", text="Hola {{1}} y {{2}} adiós"), 100, 2388293),
        (changed("BODY", text="Hola {{1}} y {{3}} de parte de todos nosotros"), 100, None),
        (changed("BODY", text="Hola a todos de nuestra parte"), 100, None),
        (changed("BODY", example={"body_text": [["Sol"]]}), 100, None),
        (changed("FOOTER", text="x" * 61), 100, None),
        (changed("BUTTONS", buttons=[{"type": "QUICK_REPLY", "text": "x" * 26}]), 100, None),
    ],
)
async def test_a_bad_form_is_refused(request_: dict[str, object], code: int, subcode: int | None) -> None:
    async with Cloud() as cloud:
        status, answer = await ask(cloud, "POST", request_)
        error = answer["error"]
        assert (status, error["code"], error.get("error_subcode")) == (400, code, subcode)
        assert list(cloud.templates) == []


async def test_the_same_name_and_language_twice_is_refused() -> None:
    async with Cloud([TemplateSpec("ringback_missed_call", "es", "Hola")]) as cloud:
        status, answer = await ask(cloud, "POST", GOOD)
        assert (status, answer["error"]["error_subcode"]) == (400, 2388024)


async def test_what_meta_decides_is_told_by_webhooks_that_we_understand() -> None:
    async with rig(Cloud([TemplateSpec("hello", "pt_BR", "Olá")], knobs=QUICK)) as it:
        it.cloud.judge("hello", "pt_BR", status="PAUSED", category="MARKETING", quality="RED")
        await it.cloud.errands.settled()
        news = [event for event in it.receiver.events if isinstance(event, AccountNews)]
        assert [change(event.field, event.subject, event.event, event.detail) for event in news] == [
            ("hello", "pt_BR", {"status": "PAUSED", "reason": ""}),
            ("hello", "pt_BR", {"category": "MARKETING"}),
            ("hello", "pt_BR", {"quality": "RED"}),
        ]
        assert all(event.at for event in news)


async def test_pages_have_cursors_and_a_strange_cursor_is_refused() -> None:
    async with Cloud([TemplateSpec(f"t{number}", "es", "Hola") for number in range(5)]) as cloud:
        _, first = await ask(cloud, "GET", limit="3")
        _, second = await ask(cloud, "GET", limit="3", after=first["paging"]["cursors"]["after"])
        assert [one["name"] for one in (*first["data"], *second["data"])] == [f"t{number}" for number in range(5)]
        assert ("next" in first["paging"], "next" in second["paging"]) == (True, False)
        assert (await ask(cloud, "GET", after="x"))[0] == 400
