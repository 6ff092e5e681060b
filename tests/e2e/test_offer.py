"""A caller who waits in the queue presses a key, and the whole of Ringback does what he chose; nothing is lost or twice
though the daemon and Redis are dead when he presses."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from rich.console import Console

from ringback.journal import Event
from ringback.record import Outcome
from ringbackd.sandbox.customer import Customer
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.phones import RINGS, answers
from ringbackd.sandbox.process import free_port, until
from ringbackd.sandbox.scene import Scene
from ringbackd.sandbox.sip import PlacedCall
from ringbackd.sandbox.stage import Stage

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]
DIALPLAN = """
[offer-key]
exten => 1,1,Gosub(ringback-queue,ventas,1)
 same => n,Queue(ventas,,,,300,${RINGBACK_REJOIN})
 same => n,Hangup()
"""
BETWEEN_S = 2.0
"""Between two keys: what he hears begins anew with each."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(kit: Kit) -> AsyncIterator[Stage]:
    """The sandbox's stage with the offer in its queue, as an admin adds it."""
    scene = Scene(quiet_s=0.2, short_s=0.0)
    async with Stage(Console(stderr=True), scene, kit=kit) as stage:
        stage.people.agent.default = RINGS
        folder, port = stage.folder / "spool", free_port()
        folder.mkdir()
        script = stage.folder / "ringback-offer"
        script.write_text(f'#!/bin/sh\nPYTHONPATH={Path.cwd()} exec {sys.executable} -m agi.script "$@"\n')
        script.chmod(0o755)
        for name, text in (("extensions.conf", DIALPLAN), ("queues.conf", "\n[ventas](+)\ncontext = offer-key\n")):
            with (stage.pbx.folder / "etc" / name).open("a") as file:
                file.write(text)
        for command in ("dialplan reload", "queue reload all"):
            await stage.pbx.cli(command)
        for name, value in (("AGI", f"agi://127.0.0.1:{port}"), ("SCRIPT", f"{script},{folder}")):
            await stage.pbx.cli(f"dialplan set global RINGBACK_{name} {value}")
        text = stage.settings_path.read_text(encoding="utf-8")
        offer = f'[offer]\nport = {port}\nfolder = "{folder}"\n\n[[line]]'
        stage.settings_path.write_text(text.replace("[[line]]", offer), encoding="utf-8")
        await stage.stop_ringback()
        await stage.start_ringback()
        yield stage


async def presses(call: PlacedCall, keys: str, over: Callable[[], Awaitable[bool]]) -> None:
    """One key after the other, the last one again until what he wants has happened."""
    for key in keys:
        await call.press(key)
        await asyncio.sleep(BETWEEN_S)
    for _ in range(15):
        if await over():
            return
        await call.press(keys[-1])
        await asyncio.sleep(BETWEEN_S)
    raise AssertionError("he pressed, and nothing came of it")


async def waits(customer: Customer) -> PlacedCall:
    """He calls, and an agent's phone rings for him that nobody picks up."""
    call = await customer.dial()
    await customer.stage.people.agent.call()
    return call


def chose(customer: Customer, choice: str) -> Callable[[], Awaitable[bool]]:
    async def told() -> bool:
        entries = await customer.stage.journal(customer.number)
        return any(entry.event is Event.OFFERED and entry.data["choice"] == choice for entry in entries)

    return told


async def events(customer: Customer) -> list[Event]:
    return [entry.event for entry in await customer.stage.journal(customer.number)]


async def test_who_presses_1_gets_his_message_and_no_other(stage: Stage) -> None:
    customer = Customer(stage, "987000101")
    await presses(await waits(customer), "111", chose(customer, "whatsapp"))
    message = await customer.message(1)
    assert message.kind == "template"
    ended = await customer.verdict()
    assert (ended.data["verdict"], ended.data["reason"]) == ("deflected", "whatsapp")
    case = await customer.case("it is his choice", lambda case: case.origin == "offer")
    await customer.tap(message, "Llámenme más tarde")
    await customer.message(2)
    assert (await events(customer)).count(Event.OPENED) == 1
    assert (case.misses, len([item for item in customer.received() if item.kind == "template"])) == (0, 1)


async def test_who_presses_2_is_rung_and_talks(stage: Stage) -> None:
    customer = Customer(stage, "987000102")
    call = await waits(customer)
    await presses(call, "1211", chose(customer, "callback"))
    await call.ended(seconds=30)
    stage.people.agent.default = answers(100)
    try:
        rung = await customer.rung(30)
        rung.answer()
        await rung.established()
        await stage.people.agent.call(None, rung.state, seconds=20)
        await asyncio.sleep(1.5)
        await rung.hang_up()
        await customer.case("they talked", lambda case: case.outcome is Outcome.CALLBACK, 20)
    finally:
        stage.people.agent.default = RINGS
    assert customer.received() == []
    assert (await customer.verdict()).data["verdict"] == "deflected"


async def test_who_presses_while_the_daemon_and_redis_are_dead_gets_one_message_when_they_are_back(
    stage: Stage,
) -> None:
    customer = Customer(stage, "987000103")
    call = await waits(customer)
    await stage.kill_ringback()
    await stage.redis.stop()
    folder = stage.folder / "spool"

    async def left() -> bool:
        return any(folder.glob("*.fact"))

    await presses(call, "111", left)
    await call.ended(seconds=30)
    await stage.redis.start()
    await stage.start_ringback()
    await customer.message(1, 20)
    await customer.verdict()  # whatever the CEL says of his call: it opens no second case
    await until(lambda: not list(folder.glob("*.fact")), seconds=20, otherwise=lambda: "the fact stays")
    assert (await events(customer)).count(Event.OPENED) == 1
    assert [item.kind for item in customer.received()] == ["template"]
