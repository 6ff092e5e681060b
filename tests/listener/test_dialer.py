"""One Originate, at most once, and an outcome that is a value."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from ami_listener.dialer import Dial, Dialer, NotDialled, Queued, Unclear
from tests.listener.hostile import Hostile, hostile, silence

DIAL = Dial("rb-7f3a", "Local/987654321@ringback-outbound", "ringback-callback", "ventas", timeout_s=25)


@asynccontextmanager
async def dialling() -> AsyncIterator[tuple[Hostile, Dialer]]:
    async with hostile() as server:
        dialer = Dialer(server.settings())
        task = asyncio.create_task(dialer.run())
        await asyncio.wait_for(dialer.connected(), 5)
        yield server, dialer
        task.cancel()
        await asyncio.wait({task})


async def test_what_is_sent() -> None:
    async with dialling() as (server, dialer):
        dial = replace(DIAL, caller_id='"Ana" <5550100>', variables={"RINGBACK_CASE": "c-1", "RINGBACK_ATTEMPT": "2"})
        assert await dialer.originate(dial) == Queued()
        sent = server.actions[-1]
    assert sent.pop("Variable") == "RINGBACK_ATTEMPT=2"
    assert sent == {
        "Action": "Originate",
        "ActionID": "rb-7f3a",
        "ChannelId": "rb-7f3a",
        "OtherChannelId": "rb-7f3a;2",
        "Channel": "Local/987654321@ringback-outbound",
        "Context": "ringback-callback",
        "Exten": "ventas",
        "Priority": "1",
        "Timeout": "25000",
        "Async": "true",
        "CallerID": '"Ana" <5550100>',
    }


@pytest.mark.parametrize(
    "bad",
    [
        replace(DIAL, attempt="7f3a"),
        replace(DIAL, attempt="rb-1\r\nAction: Command"),
        replace(DIAL, channel="Local/1@x&PJSIP/2"),
        replace(DIAL, channel="Local/1@x,30"),
        replace(DIAL, channel="PJSIP/1\nVariable: x"),
        replace(DIAL, context="a,b"),
        replace(DIAL, exten="${SHELL(id)}"),
        replace(DIAL, exten="ventas\r\n"),
        replace(DIAL, caller_id="Ana\r\nApplication: System"),
        replace(DIAL, variables={"A": "1,SHELL(id)=2"}),
        replace(DIAL, variables={"A": "1\\,B=2"}),
        replace(DIAL, variables={"SHELL(id)": "x"}),
        replace(DIAL, variables={"A": "1\0"}),
        replace(DIAL, timeout_s=0),
        replace(DIAL, priority=0),
        replace(DIAL, attempt="rb-" + "x" * 101),
    ],
)
async def test_nothing_that_could_be_read_as_something_else_is_sent(bad: Dial) -> None:
    async with dialling() as (server, dialer):
        outcome = await dialer.originate(bad)
        assert isinstance(outcome, NotDialled)
        assert outcome.permanent
        assert server.count("Originate") == 0


@pytest.mark.parametrize(("message", "permanent"), [("Permission denied", True), ("Asterisk is shutting down", False)])
async def test_a_refusal_is_told_with_its_reason(message: str, permanent: bool) -> None:
    async with dialling() as (server, dialer):
        server.replies["Originate"] = lambda action: [
            f"Response: Error\r\nActionID: {action['ActionID']}\r\nMessage: {message}\r\n\r\n"
        ]
        assert await dialer.originate(DIAL) == NotDialled(message, permanent)


async def test_without_a_connection_nothing_was_dialled() -> None:
    async with hostile() as server:
        outcome = await Dialer(server.settings()).originate(DIAL)
    assert isinstance(outcome, NotDialled)
    assert not outcome.permanent


async def test_a_connection_lost_before_the_answer_leaves_it_unclear() -> None:
    async with dialling() as (server, dialer):
        server.replies["Originate"] = silence
        asked = asyncio.create_task(dialer.originate(DIAL))
        await server.got("Originate")
        server.cut()
        assert isinstance(await asked, Unclear)
        await dialer.connected()
        assert server.count("Originate") == 1
