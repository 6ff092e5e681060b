"""A caller who waits in the queue presses a key, and the whole of Ringback does what he chose; nothing is lost or twice
though the daemon and Redis are dead when he presses."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from rich.console import Console

from ringback.journal import Event
from ringback.record import Outcome
from ringbackd.sandbox.customer import Customer
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.pagedata import snapshot
from ringbackd.sandbox.phones import BUSY, RINGS, answers
from ringbackd.sandbox.process import free_port, run, until
from ringbackd.sandbox.scene import Scene
from ringbackd.sandbox.sip import State
from ringbackd.sandbox.stage import Stage
from tests.e2e.waiting import Waiting
from tests.offer.ami import Ami
from tests.offer.office import WATCHER, recipes

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]
YES, SOON = ("your-number", "1"), ("choose-time", "1")
REPORT = (sys.executable, "-m", "ringbackd.cli", "report", "-c")


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
        for name, text in (("extensions", recipes("asterisk")), ("queues", recipes("queues")), ("manager", WATCHER)):
            with (stage.pbx.folder / f"etc/{name}.conf").open("a") as file:
                file.write(f"\n{text}".replace("@AMI_SECRET@", stage.pbx.ami_secret))
        for command in ("dialplan reload", "queue reload all", "manager reload"):
            await stage.pbx.cli(command)
        for name, value in (("AGI", f"agi://127.0.0.1:{port}"), ("SCRIPT", f"{script},{folder}")):
            await stage.pbx.cli(f"dialplan set global RINGBACK_{name} {value}")
        text = stage.settings_path.read_text(encoding="utf-8")
        offer = f'[offer]\nport = {port}\nfolder = "{folder}"\n\n[[line]]'
        stage.settings_path.write_text(text.replace("[[line]]", offer), encoding="utf-8")
        await stage.stop_ringback()
        await stage.start_ringback()
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def ami(stage: Stage) -> AsyncIterator[Ami]:
    """What the PBX says of all calls."""
    async with Ami(stage.pbx) as ami:
        yield ami


async def waits(ami: Ami, customer: Customer) -> Waiting:
    """He calls, and an agent's phone rings for him that nobody picks up."""
    waiting = Waiting(ami, customer)
    await waiting.joins()
    await customer.stage.people.agent.call()
    return waiting


async def events(customer: Customer) -> list[Event]:
    return [entry.event for entry in await customer.stage.journal(customer.number)]


async def test_who_presses_1_gets_his_message_and_no_other(stage: Stage, ami: Ami) -> None:
    customer = Customer(stage, "987000101")
    await (await waits(ami, customer)).does(("offer-stay", "1"), YES)
    message = await customer.message(1, 30)
    assert message.kind == "template"
    ended = await customer.verdict()
    assert (ended.data["verdict"], ended.data["reason"]) == ("deflected", "whatsapp")
    case = await customer.case("it is his choice", lambda case: case.origin == "offer")
    await customer.tap(message, "Llámenme más tarde")
    await customer.message(2)
    assert (await events(customer)).count(Event.OPENED) == 1
    assert (case.misses, len([item for item in customer.received() if item.kind == "template"])) == (0, 1)


async def test_who_presses_2_is_rung_and_talks(stage: Stage, ami: Ami) -> None:
    customer = Customer(stage, "987000102")
    waiting = await waits(ami, customer)
    await waiting.does(("offer-stay", "2"), YES, SOON)
    await waiting.call.ended(seconds=30)
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


async def test_who_hangs_up_with_the_key_still_down_has_chosen(stage: Stage, ami: Ami) -> None:
    """Several do, for it is a matter of milliseconds."""
    customers = [Customer(stage, f"98700011{n}") for n in range(4)]

    async def chooses(customer: Customer) -> None:
        waiting = await waits(ami, customer)
        await waiting.does(("offer-stay", "1"))
        await waiting.call.hang_up()

    await asyncio.gather(*map(chooses, customers))
    for customer in customers:
        await customer.message(1, 30)
        ended = await customer.verdict()
        assert (ended.data["verdict"], ended.data["reason"]) == ("deflected", "whatsapp")
        assert (await events(customer)).count(Event.OPENED) == 1
        assert [item.kind for item in customer.received()] == ["template"]


async def test_who_stays_on_the_line_keeps_his_place_and_is_answered(stage: Stage, ami: Ami) -> None:
    """The agent is busy until he who listened is back."""
    first, second = (Waiting(ami, Customer(stage, f"98700012{n}")) for n in range(2))
    stage.people.agent.default = BUSY
    try:
        await first.joins()
        await second.joins()
        assert (first.position, second.position) == ("1", "2")
        await first.does(("offer-stay", "#"))
        await first.joins()
        assert first.position == "1"
        stage.people.agent.default = answers(100)
        await stage.people.agent.call(None, State.UP, seconds=30)
        stage.people.agent.default = BUSY
        await asyncio.sleep(1.5)
        await asyncio.gather(first.call.hang_up(), second.call.hang_up())
    finally:
        stage.people.agent.default = RINGS
    assert (await first.customer.verdict()).data["verdict"] == "answered"
    assert (await second.customer.verdict()).data["verdict"] == "abandoned_queue"
    assert Event.OPENED not in await events(first.customer)


async def offers(stage: Stage) -> Counter[str]:
    """What the report says of offers; the page says it, too."""
    _, told = await run([*REPORT, str(stage.settings_path), "--json"])
    figures = (json.loads(told)["figures"], (await snapshot(stage, "987654321", {}))["figures"])
    reported, shown = (next(each for each in some if each["name"] == "offers_taken") for some in figures)
    assert shown["parts"] == {name: n for name, n in reported["parts"].items() if n}
    return Counter({**reported["parts"], "n": reported["n"]})


async def test_the_report_and_the_page_count_what_they_chose(stage: Stage, ami: Ami) -> None:
    before = await offers(stage)
    callers = [await waits(ami, Customer(stage, f"98700013{n}")) for n in range(2)]
    await asyncio.gather(callers[0].does(("offer-stay", "1"), YES), callers[1].does(("offer-stay", "#")))
    await callers[1].joins()
    await callers[1].call.hang_up()
    for caller in callers:
        await stage.wait("his choice", partial(has_chosen, caller.customer))
    counted = await offers(stage)
    counted.subtract(before)
    assert +counted == {"n": 2, "offer_whatsapp": 1, "key_1": 1, "offer_refused": 1, "key_#": 1}
    _, printed = await run([*REPORT, str(stage.settings_path)])
    assert "stayed on the line" in " ".join(printed.replace("│", " ").split())


async def has_chosen(customer: Customer) -> bool:
    return Event.OFFERED in await events(customer)


async def test_who_presses_while_the_daemon_and_redis_are_dead_gets_one_message_when_they_are_back(
    stage: Stage, ami: Ami
) -> None:
    customer = Customer(stage, "987000103")
    waiting = await waits(ami, customer)
    await stage.kill_ringback()
    await stage.redis.stop()
    folder = stage.folder / "spool"
    await waiting.does(("offer-stay", "1"), YES)
    await waiting.call.ended(seconds=30)
    assert list(folder.glob("*.fact"))
    await stage.redis.start()
    await stage.start_ringback()
    await customer.message(1, 20)
    await customer.verdict()  # whatever the CEL says of his call: it opens no second case
    await until(lambda: not list(folder.glob("*.fact")), seconds=20, otherwise=lambda: "the fact stays")
    assert (await events(customer)).count(Event.OPENED) == 1
    assert [item.kind for item in customer.received()] == ["template"]
