"""What we post and what the sandbox reports, held against Meta's published contract."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ringback.message import Body, Menu, Row, Template, Text
from ringbackd.sandbox.cloud import Cloud
from tests.cloud.cloudcontract import CORRECTIONS, WEBHOOK_CORRECTIONS, Correction, document, needs_contract, validator
from tests.cloud.cloudkit import BUTTONS, FORM, LINK, LOCATION, MENU, NUMBER, QUICK, SPECS, TEMPLATE, message, rig
from whatsapp.events import Inbound, NumberChange, Other, Status
from whatsapp.inbound import parse
from whatsapp.reading import dig
from whatsapp.wire import payload

pytestmark = needs_contract

BODIES: tuple[Body, ...] = (
    TEMPLATE,
    Template(name="plain_hello", language="pt_BR"),
    Text(text="¡Sí! 🎉"),
    BUTTONS,
    MENU,
    LINK,
    LOCATION,
    FORM,
    Menu(text="x" * 4096, button="x" * 20, rows=tuple(Row(id=f"{n}", title=f"{n}") for n in range(10))),
)


async def test_every_request_that_the_sandbox_accepts_is_valid() -> None:
    async with rig() as it:
        await it.cloud.say(NUMBER, "hola")
        for body in BODIES:
            await it.client.send(message(body))
        assert len(it.cloud.accepted) == len(BODIES)
        contract = validator("Message")
        for taken in it.cloud.accepted:
            contract.validate(taken.body)


async def test_every_webhook_of_the_sandbox_is_valid() -> None:
    knobs = replace(QUICK, fail={"99": 131026}, rewrite_wa_id=True)
    async with rig(Cloud(SPECS, knobs=knobs, names={NUMBER: "José Ñ"})) as it:
        await _everything(it.cloud)
        for body in BODIES:
            await it.client.send(message(body))
        await it.client.send(message(TEMPLATE, to="+525512345699"))
        await _taps(it.cloud)
        await it.cloud.errands.settled()
        contract = validator("WebhookPayload")
        for webhook in it.receiver.bodies:
            contract.validate(webhook)
        events = it.receiver.events
        assert len([event for event in events if isinstance(event, Status)]) == 3 * len(BODIES) + 1
        assert len([event for event in events if isinstance(event, Inbound)]) == 7
        assert len(events) == 3 * len(BODIES) + 8


async def _everything(cloud: Cloud) -> None:
    await cloud.say(NUMBER, "hola")
    await cloud.locate(NUMBER, -33.45, -70.66, "Oficina", "Av. Uno 1")
    await cloud.photograph(NUMBER, "la factura")
    await cloud.send_unsupported(NUMBER)


async def _taps(cloud: Cloud) -> None:
    bubbles = {item.kind: item.wamid for item in cloud.chat(NUMBER) if item.options}
    await cloud.tap(NUMBER, bubbles["template"], 0)
    await cloud.tap(NUMBER, bubbles["button"], "later")
    await cloud.pick(NUMBER, bubbles["list"], "3")


@pytest.mark.parametrize("correction", CORRECTIONS, ids=lambda correction: ".".join(map(str, correction.place)))
def test_every_correction_is_still_needed(correction: Correction) -> None:
    others = tuple(other for other in CORRECTIONS if other is not correction)
    contract = validator("Message", others)
    assert not all(contract.is_valid(payload(message(body))) for body in BODIES)


@pytest.mark.parametrize("correction", WEBHOOK_CORRECTIONS, ids=lambda correction: ".".join(map(str, correction.place)))
def test_every_correction_of_the_webhooks_is_still_needed(correction: Correction) -> None:
    others = tuple(other for other in WEBHOOK_CORRECTIONS if other is not correction)
    contract, corrected = validator("WebhookPayload", others), validator("WebhookPayload")
    messages = [example for title, example in _examples().items() if not title.startswith("Group")]
    assert all(corrected.is_valid(example) for example in messages)
    assert not all(contract.is_valid(example) for example in messages)


def test_every_example_in_the_contract_is_read() -> None:
    for title, example in _examples().items():
        (event,) = parse(json.dumps(example).encode())
        kind = {"System Message": NumberChange}.get(title, Other if title.startswith("Group") else Inbound)
        assert isinstance(event, kind), (title, event)
        assert not isinstance(event, Other) or event.reason == ""


def _examples() -> dict[str, object]:
    path = ("paths", "/whatsapp/webhooks", "post", "requestBody", "content", "application/json", "examples")
    examples = dig(document(), *path)
    return {title: dig(example, "value") for title, example in examples.items()} if isinstance(examples, dict) else {}
