"""Who calls again with an open case overtakes who waited before him, on real Asterisks and a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from ringback.line import FastLanePlan
from ringback.record import Case, Spoken, State
from ringbackd.offerdoor import OfferDoor
from ringbackd.opening import open_store
from ringbackd.patience import Patience
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.process import free_port, until
from ringbackd.sandbox.redisserver import RedisServer
from ringbackd.settings import OfferSettings, RedisSettings
from ringbackd.store import Store
from ringbackd.writes import case_writes
from tests.core.worlds import line
from tests.offer.conftest import Town

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="session")]
HOSTILE = 'no func${SHELL(id)}, "it\'s"]) & ;System(x)\r\nset\\ $[1/0] ' + "x" * 500


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def store(both: Kit, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    """An empty Redis."""
    async with (
        RedisServer(both.redis_server, tmp_path_factory.mktemp("redis")) as server,
        open_store(RedisSettings(url=server.url)) as store,
    ):
        yield store


@asynccontextmanager
async def daemon(town: Town, store: Store, folder: Path, **plan: object) -> AsyncIterator[None]:
    """The role `offer` as it runs; Asterisk is told where it is, and to have patience with a busy machine."""
    stop, port, patience = asyncio.Event(), free_port(), Patience(store.redis, "redis")
    lines = (line(fastlane=FastLanePlan.model_validate(plan)),)
    door = OfferDoor(OfferSettings(port=port, folder=folder), folder, "pbx", lines, store, patience)
    running = asyncio.create_task(door.run(stop))
    await until(lambda: (folder / "menu.json").exists(), seconds=20, otherwise=lambda: "no door")
    await town.office.cli(f"dialplan set global RINGBACK_AGI agi://127.0.0.1:{port}")
    await town.office.cli("dialplan set global RINGBACK_LANE_S 60")
    try:
        yield
    finally:
        stop.set()
        await running
        patience.close()
        await town.office.cli("dialplan set global RINGBACK_LANE_S 1")


async def has_a_case(store: Store, number: str) -> None:
    """The customer called before and was lost."""
    case = Case(
        id=f"case{number}", line="ventas", customer=f"+51{number}", key=f"51{number}", dial=number, name="Ana",
        state=State.TALKING, opened=1, last_miss=1, urgency="high", intent="claim",
        transcript=(Spoken(at=1, who="customer", text=HOSTILE),),
    )  # fmt: skip
    await store.commit((), case_writes(store.keys, case))


async def test_he_overtakes_who_waited_and_the_agent_sees_why(town: Town, store: Store, tmp_path: Path) -> None:
    await has_a_case(store, "987650009")
    async with daemon(town, store, tmp_path, show_name=True):
        waiting = [await town.calls("5550113", number=f"98765000{n}") for n in range(2)]
        await waiting[1].event("QueueCallerJoin", Position="2")
        stranger = await town.calls("5550114", number="987650002")
        await stranger.event("QueueCallerJoin", Position="3")
        returning = await town.calls("5550114", number="987650009")
        joined = await returning.event("QueueCallerJoin")
        assert (joined["Position"], joined["CallerIDName"]) == ("1", "high claim Ana")
        since = len(town.at_office.events)
        await town.office.cli("queue add member Local/s@lane-agent/n to lane")
        seen = await town.at_office.told(lambda event: event.get("AppData", "").startswith("1,agent of"), since=since)
        await town.office.cli("queue remove member Local/s@lane-agent/n from lane")
    about = "high claim Ana no func SHELL id it s System x set 1 0 xxx"
    assert seen["AppData"].startswith(f"1,agent of case987650009 sees {about}")
    assert len(seen["AppData"]) < 260


async def test_who_has_no_case_or_another_priority_goes_on_as_he_is(town: Town, store: Store, tmp_path: Path) -> None:
    await has_a_case(store, "987650009")
    async with daemon(town, store, tmp_path, priority=0):
        waiting = await town.calls("5550113", number="987650000")
        await waiting.event("QueueCallerJoin", Position="1")
        returning = await town.calls("5550114", number="987650009")
        await returning.event("QueueCallerJoin", Position="2")


@pytest.mark.parametrize("did", ["5550114", "5550115"])
async def test_without_a_daemon_or_with_one_that_stands_still_he_goes_on(town: Town, did: str) -> None:
    """Also before anybody picked up."""
    customer = await town.calls("5550114")
    await customer.event("Newexten", Application="Verbose", AppData="1,came back")
    customer.hang_up()

    async def stand_still(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(stand_still, "127.0.0.1", 0) as server:
        await town.office.cli(f"dialplan set global RINGBACK_AGI agi://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        customer = await town.calls(did, number="987650005")
        await customer.event("Newexten", Exten="T", Application="Goto")
        await customer.event("QueueCallerJoin", Queue="lane")
