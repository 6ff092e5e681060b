"""What our client makes of answers that are none of Meta's, of none at all, and of those without an end."""

from __future__ import annotations

import aiohttp
import pytest

from tests.cloud.cloudkit import (
    text,
)
from tests.cloud.oddkit import api, dribble, says, settings_for
from whatsapp.client import MAX_ANSWER, CloudClient
from whatsapp.outcome import Refused, RetryAt, Scope, Unclear


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"<html>", Unclear),
        (200, b"x" * (MAX_ANSWER + 1), Unclear),
        (200, b'{"messages": []}', Unclear),
        (504, b"upstream timed out", Unclear),
        (503, b"busy", RetryAt),
        (500, b'{"error": {"message": "a\\nb", "code": 131000, "error_data": "odd"}}', RetryAt),
    ],
)
async def test_an_answer_of_no_known_form(status: int, body: bytes, kind: type[object]) -> None:
    async with api(says(status, body)) as base_url, aiohttp.ClientSession() as session:
        outcome = await CloudClient(settings_for(base_url), session).send(text())
    assert isinstance(outcome, kind)
    assert "\n" not in repr(outcome)


async def test_a_redirect_is_not_followed() -> None:
    async with api(says(302, b"")) as base_url, aiohttp.ClientSession() as session:
        outcome = await CloudClient(settings_for(base_url), session).send(text())
    assert outcome == Refused(Scope.ACCOUNT, 302, "HTTP 302 without a code of Meta's")


async def test_a_token_that_the_answer_repeats_is_not_passed_on() -> None:
    body = b'{"error": {"message": "Malformed access token EAAB-token", "code": 190}}'
    async with api(says(401, body)) as base_url, aiohttp.ClientSession() as session:
        outcome = await CloudClient(settings_for(base_url), session).send(text())
    assert outcome == Refused(Scope.ACCOUNT, 190, "Malformed access token [secret]")


async def test_an_answer_that_never_ends_is_unclear() -> None:
    async with api(dribble) as base_url, aiohttp.ClientSession() as session:
        outcome = await CloudClient(settings_for(base_url, timeout_s=0.2), session).send(text())
    assert isinstance(outcome, Unclear)


async def test_what_waited_for_a_free_connection_in_vain_never_left() -> None:
    connector = aiohttp.TCPConnector(limit=1)
    async with (
        api(dribble) as base_url,
        aiohttp.ClientSession(connector=connector) as session,
        session.post(f"{base_url}/v26.0/1/messages"),
    ):
        outcome = await CloudClient(settings_for(base_url, timeout_s=0.2), session).send(text())
    assert isinstance(outcome, RetryAt)
