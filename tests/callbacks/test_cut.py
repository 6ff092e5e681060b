"""The link to the PBX, or Redis, is lost while a call back rings or is talked: he is rung once, and it counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.console import Console

from ringback.journal import Event
from ringback.record import Outcome
from ringbackd.sandbox.kit import ensure
from ringbackd.sandbox.process import until
from ringbackd.sandbox.redisserver import RedisServer
from ringbackd.sandbox.sip import State as Leg
from ringbackd.store import Store
from tests.callbacks.relay import Relay
from tests.callbacks.rig import Floor, floor
from tests.callbacks.test_seats import at_work, due, redis, store

__all__ = ["redis", "store"]
pytestmark = [pytest.mark.pbx, pytest.mark.timeout(180)]
NUMBER = "987000001"
ROLES = {"listener", "desk", "scheduler"}


@asynccontextmanager
async def working(tmp_path: Path, redis: RedisServer) -> AsyncIterator[tuple[Floor, Relay]]:
    """A PBX and a Ringback with a link between them that may break."""
    kit = await ensure(("22",), console=Console(stderr=True))
    async with floor(kit, tmp_path / "pbx", "22") as here, Relay(here.pbx.ami_port) as relay:
        link = {"port": relay.port, "gap": [{"read": "cel", "file": here.pbx.cel_path}]}
        async with at_work(here, redis.url, ROLES, link=link, press_1=False, recovered_s=0.5, ring_s=60):
            yield here, relay


async def talked(here: Floor, store: Store, case: str) -> None:
    """He and the agent talk, and the agent hangs up: that counts."""
    agent = await here.agent(seconds=30)
    await asyncio.sleep(1.5)
    await agent.hang_up()
    await counted(here, store, case)


async def counted(here: Floor, store: Store, case: str) -> None:
    """It is known that they talked; he was rung once."""

    async def over() -> bool:
        found = await store.case(case)
        return bool(found and found.outcome is Outcome.CALLBACK)

    await until(over, seconds=60, otherwise=lambda: f"nobody knows that they talked: {here.book.calls}")
    assert [call.number for call in here.customers.calls.values()] == [NUMBER]
    journal = await store.journal()
    assert [entry.data["outcome"] for entry in journal if entry.event is Event.ATTEMPT_ENDED] == ["talked"]


async def test_the_link_is_cut_while_his_phone_rings(redis: RedisServer, store: Store, tmp_path: Path) -> None:
    async with working(tmp_path, redis) as (here, relay):
        case = await due(store, NUMBER)
        customer = await here.customers.call(NUMBER, Leg.RINGING, seconds=30)
        relay.cut()
        customer.answer()
        await customer.established()
        relay.mend()
        await talked(here, store, case)


async def test_the_link_is_cut_while_they_talk_and_mended_when_they_have(
    redis: RedisServer, store: Store, tmp_path: Path
) -> None:
    async with working(tmp_path, redis) as (here, relay):
        case = await due(store, NUMBER)
        await here.picks_up(NUMBER)
        agent = await here.agent(seconds=30)
        relay.cut()
        await asyncio.sleep(1.5)
        await agent.hang_up()
        relay.mend()
        await counted(here, store, case)


async def test_asterisk_s_answer_to_the_dial_is_lost(redis: RedisServer, store: Store, tmp_path: Path) -> None:
    async with working(tmp_path, redis) as (here, relay):
        relay.swallow = True
        case = await due(store, NUMBER)
        await here.picks_up(NUMBER)
        await talked(here, store, case)


async def test_redis_is_restarted_while_his_phone_rings(redis: RedisServer, store: Store, tmp_path: Path) -> None:
    async with working(tmp_path, redis) as (here, _):
        case = await due(store, NUMBER)
        customer = await here.customers.call(NUMBER, Leg.RINGING, seconds=30)
        await redis.stop()
        customer.answer()
        await customer.established()
        await redis.start()
        await talked(here, store, case)
