"""The snippets on real Asterisks: they load, they fall back, and nobody loses his call or his place by them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import closing

import pytest
import pytest_asyncio

from agi.fastagi import FastAgi
from agi.offer import LIMIT_S
from agi.session import Session
from ringbackd.sandbox.process import until
from tests.offer.conftest import Town

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def silent() -> AsyncIterator[str]:
    """A daemon that takes every call and never says a word: its AGI address."""

    async def stand_still(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(stand_still, "127.0.0.1", 0) as server:
        yield f"agi://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_the_snippets_load_and_load_again_without_a_warning(town: Town) -> None:
    await town.office.cli("dialplan reload")
    shown = [await town.office.cli(f"dialplan show ringback-{name}") for name in ("offer", "queue", "survey")]
    assert all("[ Context 'ringback-" in each for each in shown)


async def test_the_recipes_load_as_they_are_written(town: Town) -> None:
    for context in ("sales-calls", "ventas-key", "menu-sales", "closed-sales", "sales-phone"):
        assert f"[ Context '{context}'" in await town.office.cli(f"dialplan show {context}")


async def test_without_a_daemon_and_a_script_he_hears_nothing_and_goes_on(town: Town) -> None:
    customer = await town.calls("5550110")
    await customer.event("Newexten", Application="AGI", AppData="ringback-offer")
    await customer.event("Newexten", Application="Verbose", AppData="1,came back")
    played = [event for event in customer.events if event.get("Application") in ("Playback", "Read")]
    assert not played


async def test_a_daemon_that_stands_still_costs_him_five_seconds(town: Town, silent: str) -> None:
    await town.office.cli(f"dialplan set global RINGBACK_AGI {silent}")
    customer = await town.calls("5550110")
    await customer.event("Newexten", Application="AGI", AppData=f"{silent}/offer")
    await customer.event("Newexten", Application="AGI", AppData="ringback-offer")
    await customer.event("Newexten", Application="Verbose", AppData="1,came back")
    customer.hang_up()


async def test_who_listens_and_stays_is_back_in_his_place(town: Town) -> None:
    waiting = [await town.calls("5550112", number=f"98765000{n}") for n in range(3)]
    await waiting[2].event("QueueCallerJoin", Position="3")
    waiting[1].press("1")
    left = await waiting[1].event("QueueCallerLeave")
    since = town.at_office.events.index(left)
    back = await town.at_office.told(lambda event: event.get("Event") == "QueueCallerJoin", since=since)
    assert (back["CallerIDNum"], back["Position"]) == ("987650001", "2")
    for each in waiting:
        each.hang_up()


async def test_who_was_ahead_and_left_meanwhile_brings_him_forward(town: Town, silent: str) -> None:
    await town.office.cli(f"dialplan set global RINGBACK_AGI {silent}")
    waiting = [await town.calls("5550112", number=f"98765000{n}") for n in range(4)]
    await waiting[3].event("QueueCallerJoin", Position="4")
    waiting[2].press("1")
    left = await waiting[2].event("QueueCallerLeave")
    waiting[0].hang_up()
    since = town.at_office.events.index(left)
    back = await town.at_office.told(lambda event: event.get("Event") == "QueueCallerJoin", since=since)
    assert (back["CallerIDNum"], back["Position"]) == ("987650002", "2")


async def test_who_came_later_stays_behind_him_though_one_ahead_was_served_and_another_joined(town: Town) -> None:
    """As many wait when he comes back as when he left."""
    over = threading.Event()

    def talk(session: Session) -> None:
        session.appexec("MSet", f"RINGBACK_OFFER=ignored,TIMEOUT(absolute)={LIMIT_S}")
        over.wait(60)

    with closing(FastAgi("127.0.0.1", 0, {"offer": talk})) as door:
        door.start()
        await town.office.cli(f"dialplan set global RINGBACK_AGI agi://127.0.0.1:{door.port}")
        ahead, listener, behind = [await town.calls("5550112", number=f"98765001{n}") for n in range(3)]
        await behind.event("QueueCallerJoin", Position="3")
        listener.press("1")
        left = listener.now()
        await listener.event("QueueCallerLeave")
        ahead.hang_up()
        await ahead.event("QueueCallerLeave")
        newcomer = await town.calls("5550112", number="987650013")
        await newcomer.event("QueueCallerJoin", Position="2")
        over.set()
        assert (await listener.event("QueueCallerJoin", left))["Position"] == "1"


@pytest.mark.parametrize("tones", ["rfc4733", "inband"])
async def test_the_survey_asks_takes_a_key_and_thanks(town: Town, tones: str) -> None:
    customer = await town.calls("5550111", tones=tones)
    await customer.event("Newexten", Application="Read")
    await asyncio.sleep(0.5)
    customer.press("4")
    told = await customer.event("UserEvent", UserEvent="RingbackSurvey")
    assert (told["Line"], told["Score"]) == ("ventas", "4")
    await customer.event("Newexten", Application="Playback", AppData="ringback/es/survey-thanks")
    await customer.event("Newexten", Application="Verbose", AppData="1,came back")
    customer.hang_up()
    await until(lambda: customer.heard.exists(), seconds=5, otherwise=lambda: "nothing was recorded")


async def test_no_score_but_one_to_five_is_told(town: Town) -> None:
    customer = await town.calls("5550111")
    await customer.event("Newexten", Application="Read")
    await asyncio.sleep(0.5)
    customer.press("*")
    await customer.event("Newexten", Application="Verbose", AppData="1,came back")
    customer.hang_up()
    assert not [event for event in customer.events if event.get("UserEvent") == "RingbackSurvey"]
