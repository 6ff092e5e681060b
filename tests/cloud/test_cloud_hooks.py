"""The webhooks of the simulated Cloud API and its knobs, received over real HTTP."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from pydantic import SecretStr

from ringback.message import Message, Text
from ringbackd.sandbox import cloudhooks
from ringbackd.sandbox.cloud import Cloud
from ringbackd.sandbox.cloudspec import Knobs
from tests.cloud.cloudkit import BUTTONS, CUT, DIGITS, MENU, NUMBER, QUICK, SPECS, TEMPLATE, Rig, message, rig, text
from whatsapp.events import Delivery, Inbound, Status, Trouble
from whatsapp.outcome import Sent
from whatsapp.reading import Kind

SLOW_STEPS = replace(QUICK, step_s=0.02)


def statuses(it: Rig) -> list[str]:
    return [event.status for event in it.receiver.events if isinstance(event, Status)]


async def send_and_settle(it: Rig) -> Sent:
    outcome = await it.client.send(message(TEMPLATE))
    await it.cloud.errands.settled()
    assert isinstance(outcome, Sent)
    return outcome


async def test_sent_delivered_and_read_carry_our_own_id() -> None:
    async with rig(Cloud(SPECS, knobs=SLOW_STEPS, clock=lambda: 1_700_000_000.9)) as it:
        sent = await send_and_settle(it)
        first = it.receiver.events[0]
        assert first == Status(
            wamid=sent.wamid,
            status=Delivery.SENT,
            at=1_700_000_000,
            phone_number_id=it.cloud.account.phone_number_id,
            recipient=DIGITS,
            user_id=None,
            ours="m-1",
            errors=(),
        )
        assert statuses(it) == ["sent", "delivered", "read"]
        assert it.cloud.chat(NUMBER)[0].tick == "read"


@pytest.mark.parametrize(
    ("knobs", "expected"),
    [
        (replace(SLOW_STEPS, omit_delivered=True), ["sent", "read"]),
        (replace(SLOW_STEPS, reorder=True), ["read", "delivered", "sent"]),
        (replace(SLOW_STEPS, fail={"678": 131026}), ["failed"]),
        (replace(SLOW_STEPS, fail={"999": 131026}), ["sent", "delivered", "read"]),
    ],
)
async def test_a_knob_changes_the_statuses(knobs: Knobs, expected: list[str]) -> None:
    async with rig(Cloud(SPECS, knobs=knobs)) as it:
        await send_and_settle(it)
        assert statuses(it) == expected
        assert it.cloud.chat(NUMBER)[0].tick == ("failed" if expected == ["failed"] else "read")


async def test_a_failure_says_why() -> None:
    async with rig(Cloud(SPECS, knobs=replace(QUICK, fail={"678": 131026}))) as it:
        await send_and_settle(it)
        (failed,) = it.receiver.events
        assert isinstance(failed, Status)
        assert failed.errors == (Trouble(code=131026, title="Message undeliverable."),)


async def test_duplicates_are_the_same_bytes() -> None:
    async with rig(Cloud(SPECS, knobs=replace(QUICK, duplicates=2))) as it:
        await it.cloud.say(NUMBER, "hola")
        await it.cloud.errands.settled()
        assert len(it.receiver.raws) == 3
        assert len(set(it.receiver.raws)) == 1


async def test_a_batch_shares_one_webhook() -> None:
    async with rig(Cloud(SPECS, knobs=replace(QUICK, batch=10))) as it:
        for number in range(12):
            await it.cloud.say(NUMBER, f"{number}")
        await it.cloud.errands.settled()
        assert len(it.receiver.raws) == 2
        assert sorted(int(event.text) for event in it.receiver.events if isinstance(event, Inbound)) == list(range(12))


async def test_a_status_may_come_before_the_answer() -> None:
    async with rig(Cloud(SPECS, knobs=replace(QUICK, answer_delay_s=30.0))) as it:
        task = asyncio.create_task(it.client.send(message(TEMPLATE)))
        await it.cloud.chats.until(lambda: bool(it.cloud.accepted))
        await it.cloud.errands.settled()
        assert len(statuses(it)) == 3
        assert not task.done()
        task.cancel()


async def test_a_webhook_comes_again_until_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudhooks, "FIRST_PAUSE_S", 0.001)
    async with rig() as it:
        it.receiver.answers = [500, CUT, 302]
        await it.cloud.say(NUMBER, "hola")
        await it.cloud.errands.settled()
        assert it.receiver.refused == 3
        assert len(it.receiver.events) == 1


async def test_a_webhook_signed_with_another_secret_is_not_taken() -> None:
    async with rig() as it:
        it.receiver.settings = it.receiver.settings.model_copy(update={"app_secrets": (SecretStr("other"),)})
        await it.cloud.say(NUMBER, "hola")
        await asyncio.wait_for(it.receiver.unsigned.wait(), 5)
        assert it.receiver.raws == []


async def test_the_handshake() -> None:
    async with rig() as it:
        assert await it.cloud.verify()
        it.receiver.settings = it.receiver.settings.model_copy(update={"verify_token": SecretStr("other")})
        assert not await it.cloud.verify()


@pytest.mark.parametrize(
    ("dialled", "wa_id"),
    [("+525512345678", "5215512345678"), ("+5511987654321", "551187654321"), ("+51987654321", "51987654321")],
)
async def test_old_accounts_have_another_wa_id(dialled: str, wa_id: str) -> None:
    async with rig(Cloud(SPECS, knobs=replace(QUICK, rewrite_wa_id=True))) as it:
        outcome = await it.client.send(message(TEMPLATE, to=dialled))
        assert isinstance(outcome, Sent)
        assert outcome.wa_id == wa_id
        await it.cloud.say(wa_id, "hola")
        await it.cloud.errands.settled()
        assert {event.recipient for event in it.receiver.events if isinstance(event, Status)} == {wa_id}
        assert {event.wa_id for event in it.receiver.events if isinstance(event, Inbound)} == {wa_id}
        assert len(it.cloud.chat(dialled)) == 2


async def test_what_customers_do_comes_in_as_what_it_is() -> None:
    async with rig(Cloud(SPECS, knobs=QUICK, names={NUMBER: "José"})) as it:
        await it.cloud.say(NUMBER, "¡hola! 🎉")
        wamids = [(await _sent(it, body)).wamid for body in (message(TEMPLATE), message(BUTTONS), message(MENU))]
        await it.cloud.tap(NUMBER, wamids[0], 1)
        await it.cloud.tap(NUMBER, wamids[1], "later")
        await it.cloud.pick(NUMBER, wamids[2], "h11")
        await it.cloud.locate(NUMBER, -33.5, -70.25, "Oficina")
        await it.cloud.photograph(NUMBER, "la factura")
        await it.cloud.send_unsupported(NUMBER)
        await it.cloud.errands.settled()
        heard = [event for event in it.receiver.events if isinstance(event, Inbound)]
        assert {(event.name, event.wa_id) for event in heard} == {("José", DIGITS)}
        read = {event.kind: (event.text, event.payload, event.context) for event in heard}
        media_id = read.pop(Kind.IMAGE)[1]
        assert media_id.isdigit()
        assert read == {
            Kind.TEXT: ("¡hola! 🎉", "", None),
            Kind.BUTTON: ("No", "no:c1", wamids[0]),
            Kind.BUTTON_REPLY: ("Más tarde", "later", wamids[1]),
            Kind.LIST_REPLY: ("11:00", "h11", wamids[2]),
            Kind.LOCATION: ("Oficina", "-33.5,-70.25", None),
            Kind.UNSUPPORTED: ("", "", None),
        }


async def test_a_tap_may_lack_its_context() -> None:
    async with rig(Cloud(SPECS, knobs=replace(QUICK, omit_context=True))) as it:
        sent = await send_and_settle(it)
        await it.cloud.tap(NUMBER, sent.wamid, "now:c1")
        await it.cloud.errands.settled()
        (tap,) = (event for event in it.receiver.events if isinstance(event, Inbound))
        assert (tap.context, tap.payload) == (None, "now:c1")


async def test_what_is_not_there_cannot_be_tapped() -> None:
    async with rig() as it:
        sent = await send_and_settle(it)
        with pytest.raises(ValueError, match="nothing to tap that is called 'later'"):
            await it.cloud.tap(NUMBER, sent.wamid, "later")
        with pytest.raises(ValueError, match=r"has no message wamid\.x"):
            await it.cloud.tap(NUMBER, "wamid.x", 0)


async def test_who_watches_is_told_of_every_change() -> None:
    seen: list[str] = []
    async with rig() as it:
        it.cloud.chats.on_change.append(seen.append)
        await it.cloud.say(NUMBER, "hola")
        await it.client.send(message(Text(text="hola")))
        await it.cloud.errands.settled()
    assert seen == [DIGITS] * 5


async def test_closing_drops_what_nobody_took() -> None:
    async with Cloud(SPECS, knobs=QUICK) as cloud:
        await cloud.say(NUMBER, "hola")
    await asyncio.wait_for(cloud.errands.settled(), 5)


async def test_text_from_us_is_shown_as_it_is() -> None:
    async with rig() as it:
        await it.cloud.say(NUMBER, "hola")
        await it.client.send(text("<b>{{1}}</b>\n¡Sí!"))
        assert it.cloud.chat(NUMBER)[-1].text == "<b>{{1}}</b>\n¡Sí!"


async def _sent(it: Rig, one: Message) -> Sent:
    outcome = await it.client.send(one)
    assert isinstance(outcome, Sent)
    return outcome
