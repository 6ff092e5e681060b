"""The webhook behind a real nginx and a real Apache with TLS, under a path of theirs, as deploy/ tells admins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from rich.console import Console

from ringbackd.intake import Intake
from ringbackd.sandbox.kit import Root, ensure
from ringbackd.store import Store
from tests.webhook.proxies import CLIENT, proxy
from tests.webhook.test_webhook import SECRET, SETTINGS, facts, text, update
from whatsapp.signature import HEADER, sign
from whatsapp.webhook import Webhook

PATH = "/pbx/whatsapp"


@pytest.fixture(scope="module")
def root() -> Root:
    return asyncio.run(ensure(("proxies",), console=Console(stderr=True))).roots["proxies"]


@pytest.fixture(params=["nginx", "apache"])
async def https(
    request: pytest.FixtureRequest, root: Root, store: Store, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    app = Webhook(SETTINGS, Intake(store, "1").persist, [ip_network("127.0.0.1")]).app("/whatsapp")
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with proxy(root, request.param, tmp_path, runner.addresses[0][1]) as client:
            yield client
    finally:
        await runner.cleanup()


async def test_the_webhook_works_behind_a_proxy(
    https: httpx.AsyncClient, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """One start of the proxy for all of it."""
    ask = {"hub.mode": "subscribe", "hub.verify_token": "v", "hub.challenge": "1158201444"}
    assert (await https.get(PATH, params=ask)).text == "1158201444"
    await _bytes_survive(https)
    await _batches_pass(https)
    await _too_much_is_refused(https)
    await _client_is_named(https, caplog)
    assert (await https.get("/health")).status_code == 404
    assert (await https.get("/whatsapp", params=ask)).status_code == 404
    assert len(await facts(store)) == 1001


async def _bytes_survive(https: httpx.AsyncClient) -> None:
    raw = (
        b" "
        + update(text("¿Tienen 👟 talla 42? %2F \\u00f1", "wamid.odd")).replace(b'"entry"', b'"\\u0065ntry"')
        + b"\n"
    )
    answer = await https.post(PATH, content=raw, headers={HEADER: sign(raw, SECRET)})
    assert (answer.status_code, answer.text) == (200, "ok\n")


async def _batches_pass(https: httpx.AsyncClient) -> None:
    raw = update(*(text("ñ" * 1350, f"wamid.{number}") for number in range(1000)))
    assert len(raw) > 2_800_000
    assert (await https.post(PATH, content=raw, headers={HEADER: sign(raw, SECRET)})).status_code == 200


async def _too_much_is_refused(https: httpx.AsyncClient) -> None:
    raw = b"x" * (5 * 1024 * 1024)
    try:
        assert (await https.post(PATH, content=raw, headers={HEADER: sign(raw, SECRET)})).status_code == 413
    except httpx.WriteError:
        return  # it may hang up before it has read all of it


async def _client_is_named(https: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    headers = {HEADER: "sha256=00", "X-Forwarded-For": "6.6.6.6"}
    assert (await https.post(PATH, content=b"{}", headers=headers)).status_code == 401
    (line,) = [record.getMessage() for record in caplog.records if "wrong signature" in record.getMessage()]
    assert f"from {CLIENT};" in line
