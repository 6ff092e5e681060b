"""Our client against the simulated Cloud API, over real HTTP."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from ringback.message import Body, Template, Text
from ringbackd.sandbox.cloud import Cloud
from tests.cloud.cloudkit import (
    BUTTONS,
    DIGITS,
    FORM,
    LINK,
    LOCATION,
    MENU,
    NUMBER,
    QUICK,
    SPECS,
    TEMPLATE,
    message,
    rig,
    text,
)
from tests.cloud.oddkit import api, settings_for
from whatsapp.answer import RULES
from whatsapp.client import CloudClient
from whatsapp.outcome import Refused, RetryAt, Scope, Sent, Unclear
from whatsapp.settings import CloudSettings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def test_a_template_is_sent_and_shown_with_its_words_filled_in() -> None:
    async with rig() as it:
        outcome = await it.client.send(message(TEMPLATE))
        (item,) = it.cloud.chat(NUMBER)
        assert outcome == Sent(item.wamid, DIGITS)
        assert item.text == "Hola, somos Clínica Ñandú. Su llamada de las 10:15 quedó sin respuesta."
        assert [(option.id, option.title) for option in item.options] == [("now:c1", "Ahora"), ("no:c1", "No")]
        assert [(taken.ours, taken.to) for taken in it.cloud.accepted] == [("m-1", NUMBER)]


async def test_every_kind_is_sent_inside_the_window() -> None:
    async with rig() as it:
        await it.cloud.say(NUMBER, "hola")
        bodies: tuple[Body, ...] = (Text(text="¡Sí! 🎉"), BUTTONS, MENU, LINK, LOCATION, FORM, TEMPLATE)
        for number, body in enumerate(bodies):
            assert isinstance(await it.client.send(message(body, f"m-{number}")), Sent)
        kinds = ["text", "text", "button", "list", "cta_url", "location_request_message", "flow", "template"]
        assert [item.kind for item in it.cloud.chat(NUMBER)] == kinds


async def test_a_parameter_with_line_breaks_is_sent_on_one_line() -> None:
    hostile = Template(name="missed_call", language="es", params=("A\r\nB\t    {{2}}", "10:15"))
    async with rig() as it:
        assert isinstance(await it.client.send(message(hostile)), Sent)
        assert it.cloud.chat(NUMBER)[0].text.startswith("Hola, somos A B {{2}}. ")


async def test_every_kind_goes_the_way_of_a_provider_too() -> None:
    async with rig() as it:
        await it.cloud.say(NUMBER, "hola")
        theirs = CloudClient(it.cloud.provider_settings, it.session)
        bodies: tuple[Body, ...] = (Text(text="sí"), BUTTONS, MENU, LINK, LOCATION, FORM, TEMPLATE)
        for number, body in enumerate(bodies):
            assert isinstance(await theirs.send(message(body, f"m-{number}")), Sent)
        assert len(it.cloud.accepted) == 7


async def test_a_wrong_key_of_a_provider_stops_the_account() -> None:
    async with rig() as it:
        wrong = it.cloud.provider_settings.model_copy(update={"token": SecretStr("wrong-key")})
        outcome = await CloudClient(wrong, it.session).send(text())
    assert isinstance(outcome, Refused)
    assert (outcome.scope, outcome.code) == (Scope.ACCOUNT, 401)
    assert "Invalid api_key" in outcome.why


async def test_one_connection_serves_many_messages() -> None:
    peers: set[object] = set()

    async def answer(request: web.Request) -> web.Response:
        peers.add(request.transport and request.transport.get_extra_info("peername"))
        return web.Response(body=b'{"messages": [{"id": "w"}]}')

    async with api(answer) as base_url, aiohttp.ClientSession() as session:
        for _ in range(5):
            assert isinstance(await CloudClient(settings_for(base_url), session).send(text()), Sent)
    assert len(peers) == 1


async def test_a_proxy_is_used_and_its_password_is_told_to_nobody() -> None:
    asked: list[str] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(proxy, "127.0.0.1", 0) as server, aiohttp.ClientSession() as session:
        port = server.sockets[0].getsockname()[1]
        settings = settings_for("https://graph.example", proxy=f"http://us:s3cret@127.0.0.1:{port}")
        outcome = await CloudClient(settings, session).send(text())
    assert isinstance(outcome, RetryAt)
    assert asked[0].startswith("CONNECT graph.example:443")
    assert "EAAB" not in asked[0]
    assert "s3cret" not in repr(outcome) + repr(settings)


async def test_a_traceback_does_not_show_the_token() -> None:
    async with aiohttp.ClientSession() as session:
        client = CloudClient(settings_for("http://127.0.0.1:1"), session)
    with pytest.raises(RuntimeError) as caught:
        await client.send(text())
    assert "EAAB" not in "".join(traceback.format_exception(caught.value))


async def test_the_same_message_twice_is_two_messages() -> None:
    async with rig() as it:
        first, second = await it.client.send(message(TEMPLATE)), await it.client.send(message(TEMPLATE))
        assert first != second
        assert [taken.ours for taken in it.cloud.accepted] == ["m-1", "m-1"]


async def test_free_text_is_refused_until_the_customer_wrote_and_a_day_after() -> None:
    now = [1_000_000.0]
    async with rig(Cloud(SPECS, knobs=QUICK, clock=lambda: now[0])) as it:
        closed = await it.client.send(text())
        await it.cloud.say(NUMBER, "hola")
        now[0] += 24 * 3600 - 1
        assert isinstance(await it.client.send(text()), Sent)
        now[0] += 1
        assert await it.client.send(text()) == closed
        assert isinstance(closed, Refused)
        assert (closed.scope, closed.code) == (Scope.RECIPIENT, 131047)


@pytest.mark.parametrize("code", [code for code in sorted(RULES) if not 200 < code < 299])
async def test_every_error_code_comes_back_as_its_rulesays(code: int) -> None:
    async with rig(Cloud(SPECS, knobs=replace(QUICK, errors_left=1, error_code=code))) as it:
        outcome = await it.client.send(message(TEMPLATE), attempt=1)
        rule = RULES[code]
        assert isinstance(outcome, RetryAt if rule.growth else Refused)
        assert outcome == rule.apply(code, outcome.why, 1)
        assert it.cloud.accepted == []
        assert isinstance(await it.client.send(message(TEMPLATE)), Sent)


async def test_a_cut_connection_is_unclear_because_the_message_was_taken() -> None:
    async with rig(Cloud(SPECS, knobs=replace(QUICK, drops_left=1))) as it:
        assert isinstance(await it.client.send(message(TEMPLATE)), Unclear)
        assert [taken.ours for taken in it.cloud.accepted] == ["m-1"]
        assert isinstance(await it.client.send(message(TEMPLATE, "m-2")), Sent)


async def test_an_answer_that_does_not_come_is_unclear() -> None:
    async with rig(Cloud(SPECS, knobs=replace(QUICK, answer_delay_s=30.0))) as it:
        hasty = CloudClient(it.cloud.settings.model_copy(update={"timeout_s": 0.2}), it.session)
        assert isinstance(await hasty.send(message(TEMPLATE)), Unclear)
        assert len(it.cloud.accepted) == 1


async def test_nobody_listening_is_worth_another_try(unused_tcp_port: int) -> None:
    settings = settings_for(f"http://127.0.0.1:{unused_tcp_port}")
    async with aiohttp.ClientSession() as session:
        outcome = await CloudClient(settings, session).send(text(), attempt=3)
    assert isinstance(outcome, RetryAt)
    assert (outcome.delay_s, outcome.scope) == (8.0, Scope.NUMBER)


async def test_a_wrong_token_stops_the_account_and_is_not_repeated_to_anybody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with rig() as it:
        wrong = it.cloud.settings.model_copy(update={"token": SecretStr("EAAB-wrong-token")})
        outcome = await CloudClient(wrong, it.session).send(text("secret words"))
    assert isinstance(outcome, Refused)
    assert (outcome.scope, outcome.code) == (Scope.ACCOUNT, 190)
    assert "EAAB" not in caplog.text + repr(outcome) + repr(wrong)
    assert "secret words" not in caplog.text


async def test_an_unknown_phone_number_id_stops_the_number() -> None:
    async with rig() as it:
        wrong = it.cloud.settings.model_copy(update={"phone_number_id": "1"})
        outcome = await CloudClient(wrong, it.session).send(text())
    assert isinstance(outcome, Refused)
    assert (outcome.scope, outcome.code) == (Scope.NUMBER, 100)


async def test_an_unknown_template_stops_the_template() -> None:
    async with rig() as it:
        outcome = await it.client.send(message(Template(name="missed_call", language="pt_BR")))
    assert isinstance(outcome, Refused)
    assert (outcome.scope, outcome.code) == (Scope.TEMPLATE, 132001)
    assert "pt_BR" in outcome.why


async def test_the_client_can_be_cancelled() -> None:
    async with rig(Cloud(SPECS, knobs=replace(QUICK, answer_delay_s=30.0))) as it:
        task = asyncio.create_task(it.client.send(message(TEMPLATE)))
        await it.cloud.chats.until(lambda: bool(it.cloud.accepted))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_an_api_that_is_away_for_long_is_asked_again_within_the_minute() -> None:
    settings = CloudSettings(
        base_url="http://127.0.0.1:1", phone_number_id="1", token=SecretStr("t"), verify_token=SecretStr("v"),
        verify_signature=False,
    )  # fmt: skip
    async with aiohttp.ClientSession() as session:
        outcome = await CloudClient(settings, session).send(message(TEMPLATE), 20)
    assert isinstance(outcome, RetryAt)
    assert outcome.delay_s <= 60
