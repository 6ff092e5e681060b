"""Who is not who he says is told nothing: nothing leaves for a cloud whose certificate does not hold."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr, ValidationError
from rich.console import Console

from ringback.message import Message, Text
from ringbackd.sandbox.kit import Root, ensure
from ringbackd.sandbox.process import Process
from tests.webhook.proxies import certificate
from whatsapp.client import CloudClient
from whatsapp.graph import Graph, GraphError
from whatsapp.outcome import Outcome, RetryAt, Scope, Sent
from whatsapp.settings import CloudSettings

MESSAGE = Message(
    id="m", case="c", line="ventas", brand="Sol", to="+51987654321", body=Text(text="hola"), not_after=2e9
)


@pytest.fixture(scope="module")
def root() -> Root:
    return asyncio.run(ensure(("proxies",), console=Console(stderr=True))).roots["proxies"]


OFFICE = """
[ca]
default_ca = office
[office]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
x509_extensions = more
[any]
commonName = supplied
[more]
subjectAltName = IP:127.0.0.1
"""


async def outdated(root: Root, folder: Path) -> None:
    """Make cert.pem anew, for the same key, so that it was good in 2020 only."""
    for name, text in (("office.cnf", OFFICE), ("index.txt", ""), ("serial", "01")):
        (folder / name).write_text(text)
    ask = ["-config", "openssl.cnf", "-subj", "/CN=ringback test", "-key", "key.pem", "-out", "csr.pem"]
    sign = ["-config", "office.cnf", "-keyfile", "key.pem", "-in", "csr.pem", "-out", "cert.pem"]
    dates = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"]
    for words in (["req", "-new", *ask], ["ca", "-selfsign", "-batch", "-notext", *sign, *dates]):
        made = await Process.start([*root.argv("usr/bin/openssl"), *words], log=folder / "openssl.log", cwd=folder)
        assert await made.ended() == 0, made.tail()


class Secure:
    """An HTTPS server that takes every message, and remembers what reached it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.reached, self.url = folder, 0, ""

    async def _take(self, request: web.Request) -> web.Response:
        self.reached += 1
        return web.json_response({"messages": [{"id": "wamid.1"}], "contacts": [{"wa_id": "51987654321"}], "data": []})

    @asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        self.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
        yield
        await runner.cleanup()

    def settings(self, ca_file: Path | None) -> CloudSettings:
        return CloudSettings(
            base_url=self.url,
            phone_number_id="1",
            waba_id="2",
            token=SecretStr("secret-token"),
            app_secrets=(SecretStr("x"),),
            verify_token=SecretStr("x"),
            ca_file=ca_file,
        )

    async def post(self, ca_file: Path | None) -> Outcome:
        settings = self.settings(ca_file)
        connector = aiohttp.TCPConnector(ssl=settings.trust())
        async with aiohttp.ClientSession(connector=connector) as session:
            return await CloudClient(settings, session).send(MESSAGE)

    async def look(self, ca_file: Path | None) -> int:
        async with Graph(self.settings(ca_file)) as graph:
            return len(await graph.templates())


@pytest.mark.parametrize(
    ("address", "trusted", "expired", "says"),
    [
        ("127.0.0.1", False, False, "self-signed certificate"),
        ("127.0.0.2", True, False, "IP address mismatch"),
        ("127.0.0.1", True, True, "certificate has expired"),
    ],
)
async def test_a_certificate_that_does_not_hold_gets_nothing_and_everything_waits(
    root: Root, tmp_path: Path, address: str, trusted: bool, expired: bool, says: str
) -> None:
    """Signed by nobody we trust, made for somebody else, or too old."""
    await certificate(root, tmp_path, address)
    if expired:
        await outdated(root, tmp_path)
    server = Secure(tmp_path)
    async with server.up():
        outcome = await server.post(tmp_path / "cert.pem" if trusted else None)
        with pytest.raises(GraphError, match="certificate"):
            await server.look(tmp_path / "cert.pem" if trusted else None)
    assert isinstance(outcome, RetryAt)
    assert (outcome.scope, outcome.delay_s) == (Scope.ACCOUNT, 60)
    assert says in outcome.why
    assert "whatsapp.ca_file" in outcome.why
    assert "secret-token" not in outcome.why
    assert "\n" not in outcome.why
    assert server.reached == 0


async def test_a_company_s_own_certificate_is_trusted_where_the_settings_say_so(root: Root, tmp_path: Path) -> None:
    await certificate(root, tmp_path)
    server = Secure(tmp_path)
    async with server.up():
        assert isinstance(await server.post(tmp_path / "cert.pem"), Sent)
        assert await server.look(tmp_path / "cert.pem") == 0


@pytest.mark.parametrize("content", ["", "no certificate"])
def test_a_file_without_certificates_is_told_at_once(tmp_path: Path, content: str) -> None:
    (tmp_path / "ca.pem").write_text(content)
    server = Secure(tmp_path)
    server.url = "https://127.0.0.1"
    with pytest.raises(ValidationError, match="cannot be read as certificates in PEM"):
        server.settings(tmp_path / "ca.pem")
    with pytest.raises(ValidationError, match="No such file"):
        server.settings(tmp_path / "none.pem")
