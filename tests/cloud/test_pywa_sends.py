"""The public client library pywa talks to our simulated cloud: what it sends is taken, and told as Meta tells it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pywa.types.callback import Button, Section, SectionList, SectionRow, URLButton
from pywa.types.templates import QuickReplyButton, TemplateLanguage
from pywa_async.client import WhatsApp

from ringbackd.sandbox.cloud import Cloud
from tests.cloud.cloudkit import NUMBER, QUICK, SPECS

BSUID = "PE.13491208655302741918"


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with Cloud(SPECS, knobs=QUICK) as running:
        await running.say(NUMBER, "hola")
        yield running


@pytest.fixture
async def pywa(cloud: Cloud) -> AsyncIterator[WhatsApp]:
    async with httpx.AsyncClient() as session:
        client = WhatsApp(phone_id=cloud.account.phone_number_id, token=cloud.account.token, session=session)
        session.base_url = httpx.URL(f"{cloud.url}/v26.0")
        yield client


async def test_it_sends_every_kind_that_we_send(cloud: Cloud, pywa: WhatsApp) -> None:
    menu = SectionList(
        "Elegir", [Section("Horas", [SectionRow("16:00", "at.1", "libre"), SectionRow("17:00", "at.2")])]
    )
    params: list[Any] = [
        {"type": "body", "parameters": [{"type": "text", "text": words} for words in ("Clínica Ñandú", "10:15")]},
        QuickReplyButton.params(callback_data="now", index=0),
        QuickReplyButton.params(callback_data="no", index=1),
    ]
    sent = [
        await pywa.send_message(NUMBER, "¡Hola! 👟", tracker="c1-m1"),
        await pywa.send_message(NUMBER, "¿Cuándo?", buttons=[Button("Ahora", "now"), Button("Luego", "later")]),
        await pywa.send_message(NUMBER, "¿A qué hora?", buttons=menu),
        await pywa.send_message(NUMBER, "Mapa", buttons=URLButton("Abrir", "https://example.com/")),
        await pywa.request_location(NUMBER, "¿Dónde está?"),
        await pywa.send_template(NUMBER, "missed_call", TemplateLanguage.SPANISH, params),
    ]
    assert [message.id for message in sent] == [taken.wamid for taken in cloud.accepted]
    assert [str(taken.body["type"]) for taken in cloud.accepted] == ["text", *["interactive"] * 4, "template"]
    assert cloud.accepted[0].ours == "c1-m1"


async def test_it_writes_to_who_hides_his_number(cloud: Cloud, pywa: WhatsApp) -> None:
    await cloud.say(BSUID, "hola")
    await pywa.send_message(BSUID, "¡Hola!")
    (taken,) = cloud.accepted
    assert (taken.body["recipient"], taken.to) == (BSUID, BSUID)
