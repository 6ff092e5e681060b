"""Calls back that are called off while they ring, on the real Asterisk 22 and 16; who has picked up is not cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rich.console import Console

from ringback.callback import Ended, ended
from ringbackd.sandbox.kit import ensure
from ringbackd.sandbox.phones import ReceivedCall
from ringbackd.sandbox.process import until
from ringbackd.sandbox.sip import State
from tests.callbacks.rig import Floor, floor, line

pytestmark = [pytest.mark.pbx, pytest.mark.timeout(120)]


@pytest.fixture(params=["22", "16"])
async def here(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Floor]:
    kit = await ensure(("22", "16"), console=Console(stderr=True))
    async with floor(kit, tmp_path / "pbx", request.param) as here:
        yield here


async def silent(call: ReceivedCall) -> None:
    await until(lambda: call.state is State.ENDED, seconds=20, otherwise=lambda: "it rings on")


async def rings(here: Floor) -> None:
    """Customer first: he has not picked up."""
    attempt, other = await here.ring("987000001", ring_s=60), await here.ring("987000011", ring_s=60)
    ringing = await here.customers.call("987000001")
    bystander = await here.customers.call("987000011")
    await here.dialer.call_off(attempt)
    assert ended(await here.told(attempt), line().callback) is Ended.NO_ANSWER
    await silent(ringing)
    assert bystander.state is State.RINGING
    await here.dialer.call_off(other)
    await here.told(other)


async def waits(here: Floor) -> None:
    """He has picked up and waits for an agent: neither then nor while they talk is he cut off."""
    attempt = await here.ring("987000002")
    customer = await here.picks_up("987000002")
    await until(here.asked, seconds=20, otherwise=lambda: "he is not asked for a key")
    await customer.press("1")
    await here.phones.call(None, State.RINGING, seconds=15)
    await here.dialer.call_off(attempt)
    agent = await here.agent()
    await here.dialer.call_off(attempt)
    await asyncio.sleep(1.5)
    assert customer.state is State.UP
    await agent.hang_up()
    assert ended(await here.told(attempt), line().callback) is Ended.TALKED


async def test_who_is_rung_is_left_in_peace_and_who_picked_up_is_not_cut_off(here: Floor) -> None:
    await asyncio.gather(rings(here), waits(here))
    assert len(here.book.calls) == 3
    await here.dialer.call_off("rb-nobody-1")
    with pytest.raises(PermissionError):
        await here.dialer.call_off("1234.5")


async def test_agent_first_the_customer_is_rung_no_longer_though_the_agent_is_there(here: Floor) -> None:
    attempt = await here.ring("987000003", first="agent", ring_s=60)
    agent = await here.agent()
    await agent.press("1")
    ringing = await here.customers.call("987000003")
    await here.dialer.call_off(attempt)
    await silent(ringing)
    assert ended(await here.told(attempt), line(first="agent").callback) is not Ended.TALKED


async def test_agent_first_who_talks_is_not_cut_off(here: Floor) -> None:
    attempt = await here.ring("987000004", first="agent")
    agent = await here.agent()
    await agent.press("1")
    customer = await here.picks_up("987000004")
    await asyncio.sleep(0.5)
    await here.dialer.call_off(attempt)
    await asyncio.sleep(1.5)
    assert customer.state is State.UP
    await customer.hang_up()
    assert ended(await here.told(attempt), line(first="agent").callback) is Ended.TALKED
