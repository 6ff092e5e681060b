"""Templates at 360dialog: another path, another key, lists by offset, errors in a form of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from ringbackd.templatefiles import shipped
from whatsapp.graph import Graph, GraphError
from whatsapp.settings import CloudSettings

FIRST = shipped()["ringback_missed_call"]


class Hub:
    """The provider's template calls in the form of its published description; `most` templates a page."""

    def __init__(self, most: int) -> None:
        self.most, self.templates, self.asked = most, list[dict[str, Any]](), list[str]()

    async def listed(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        offset = int(request.query.get("offset", 0))
        page = self.templates[offset : offset + min(self.most, int(request.query["limit"]))]
        body = {"count": len(page), "total": len(self.templates), "offset": offset, "waba_templates": page}
        return web.json_response(body)

    async def made(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        template = await request.json() | {"status": "submitted", "quality_score": "unknown", "rejected_reason": "NONE"}
        self.templates.append(template)
        return web.json_response(template, status=201)

    def _refused(self, request: web.Request) -> web.Response | None:
        self.asked.append(request.path)
        if request.headers.get("D360-API-KEY") == "key":
            return None
        meta = {"success": False, "http_code": 401, "developer_message": "Invalid api key"}
        return web.json_response({"meta": meta}, status=401)


@pytest.fixture
async def hub() -> AsyncIterator[tuple[Hub, str]]:
    hub = Hub(most=3)
    app = web.Application()
    app.router.add_get("/v1/configs/templates", hub.listed)
    app.router.add_post("/v1/configs/templates", hub.made)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield hub, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def settings(url: str, key: str = "key") -> CloudSettings:
    return CloudSettings(
        base_url=url,
        phone_number_id="1",
        messages_path="/messages",
        number_path="",
        templates_path="/v1/configs/templates",
        auth_header="D360-API-KEY",
        auth_prefix="",
        token=SecretStr(key),
        verify_token=SecretStr("v"),
        verify_signature=False,
    )


async def test_templates_are_handed_in_and_every_page_is_read(hub: tuple[Hub, str]) -> None:
    provider, url = hub
    async with Graph(settings(url)) as graph:
        for code in FIRST.languages:
            made = await graph.create(FIRST, code, allow_category_change=True)
            assert made.status == "SUBMITTED"
        provider.templates[0] |= {"status": "approved"}
        there = await graph.templates()
    assert {code for _, code in there} == set(FIRST.languages)
    one = there[FIRST.name, "es"]
    assert (one.status, one.quality, one.places, len(one.buttons)) == ("APPROVED", "UNKNOWN", 2, 4)


async def test_a_list_that_lies_about_its_length_ends(hub: tuple[Hub, str]) -> None:
    provider, url = hub
    provider.most = 0
    provider.templates.append({})
    async with Graph(settings(url)) as graph:
        assert await graph.templates() == {}
    assert len(provider.asked) == 1


async def test_a_wrong_key_is_told_in_the_providers_words(hub: tuple[Hub, str]) -> None:
    async with Graph(settings(hub[1], key="wrong")) as graph:
        with pytest.raises(GraphError, match=r"\(HTTP 401\) Invalid api key"):
            await graph.templates()
