"""What the tests of the simulated Cloud API share: a receiver of webhooks, our client, messages, Meta's contract."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from ringback.message import (
    AskLocation,
    Body,
    Button,
    Buttons,
    Form,
    Link,
    Menu,
    Message,
    QuickReply,
    Row,
    Template,
    Text,
)
from ringbackd.sandbox.cloud import Cloud
from ringbackd.sandbox.cloudspec import Knobs, TemplateSpec
from whatsapp.client import CloudClient
from whatsapp.events import Event
from whatsapp.inbound import parse
from whatsapp.settings import CloudSettings
from whatsapp.signature import HEADER, valid

CUT = 0
NUMBER = "+525512345678"
DIGITS = "525512345678"
QUICK = Knobs(step_s=0.0, gather_s=0.01)
SPECS = (
    TemplateSpec(
        "missed_call", "es", "Hola, somos {{1}}. Su llamada de las {{2}} quedó sin respuesta.", ("Ahora", "No")
    ),
    TemplateSpec("missed_call", "en", "Hello, this is {{1}}. We missed your call at {{2}}.", ("Now", "No")),
    TemplateSpec("plain_hello", "pt_BR", "Olá!"),
)
TEMPLATE = Template(
    name="missed_call",
    language="es",
    params=("Clínica Ñandú", "10:15"),
    buttons=(QuickReply(payload="now:c1"), QuickReply(payload="no:c1")),
)
BUTTONS = Buttons(text="¿Cuándo?", buttons=(Button(id="now", title="Ahora"), Button(id="later", title="Más tarde")))
MENU = Menu(
    text="¿A qué hora?",
    button="Elegir",
    rows=(Row(id="h10", title="10:00"), Row(id="h11", title="11:00", description="libre")),
)

LINK = Link(text="Su cita", button="Abrir", url="https://example.org/cita?x=1")
LOCATION = AskLocation(text="¿Dónde está?")
FORM = Form(text="Sus datos", button="Llenar", form="1234567890", token="c1.form")


def message(body: Body, ours: str = "m-1", to: str = NUMBER) -> Message:
    return Message(id=ours, case="c1", line="clinic", to=to, body=body, not_after=4e9)


def text(words: str = "hola", ours: str = "m-1") -> Message:
    return message(Text(text=words), ours)


@dataclass
class Receiver:
    """A webhook as the daemon's: it checks the signature and keeps what came.

    `answers` are given first (CUT: none, the connection breaks), then 200.
    """

    settings: CloudSettings
    answers: list[int] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)
    refused: int = 0
    unsigned: asyncio.Event = field(default_factory=asyncio.Event)

    async def post(self, request: web.Request) -> web.Response:
        raw = await request.read()
        if not valid(raw, request.headers[HEADER], self.settings.app_secrets):
            self.unsigned.set()
            return web.Response(status=401)
        if self.answers:
            self.refused += 1
            return _answer(request, self.answers.pop(0))
        self.raws.append(raw)
        return web.Response()

    async def get(self, request: web.Request) -> web.Response:
        wanted = self.settings.verify_token.get_secret_value()
        if request.query["hub.verify_token"] != wanted:
            return web.Response(status=403)
        return web.Response(text=request.query["hub.challenge"])

    @property
    def events(self) -> list[Event]:
        return [event for raw in self.raws for event in parse(raw)]

    @property
    def bodies(self) -> list[dict[str, object]]:
        return [json.loads(raw) for raw in self.raws]


def _answer(request: web.Request, status: int) -> web.Response:
    if status == CUT and request.transport is not None:
        request.transport.close()
    return web.Response(status=status or 500)


@dataclass
class Rig:
    """The sandbox, our client and the receiver of its webhooks, all over real HTTP."""

    cloud: Cloud
    client: CloudClient
    receiver: Receiver
    session: aiohttp.ClientSession


@asynccontextmanager
async def rig(cloud: Cloud | None = None) -> AsyncIterator[Rig]:
    async with cloud or Cloud(SPECS, knobs=QUICK) as running, aiohttp.ClientSession() as session:
        receiver = Receiver(running.settings)
        app = web.Application()
        app.add_routes([web.post("/hook", receiver.post), web.get("/hook", receiver.get)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            running.postman.callback_url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
            yield Rig(running, CloudClient(running.settings, session), receiver, session)
        finally:
            await runner.cleanup()
