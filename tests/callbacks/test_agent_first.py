"""Agent first, on the real Asterisk 22 and 16: he is rung only when an agent said yes, and each end is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from rich.console import Console

from ringback.call import Call
from ringback.callback import Ended, ended
from ringback.record import Spoken
from ringbackd.sandbox.kit import ensure
from ringbackd.sandbox.process import until
from ringbackd.sandbox.sip import State
from tests.callbacks.rig import Floor, floor, line, missed
from tests.core.worlds import NOON

SHOWN = "5114445566"
pytestmark = [pytest.mark.pbx, pytest.mark.timeout(120)]


@pytest.fixture(params=["22", "16"])
async def here(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Floor]:
    kit = await ensure(("22", "16"), console=Console(stderr=True))
    async with floor(kit, tmp_path / "pbx", request.param) as here:
        yield here


async def says_yes(here: Floor, number: str) -> str:
    """An agent hears of this customer and presses 1; the attempt."""
    attempt = await here.ring(number, first="agent", ring_s=15, caller_id=SHOWN)
    agent = await here.agent_for(number)
    assert here.customers.call_of(number) is None
    await agent.press("1")
    return attempt


async def nobody_picks_up(here: Floor) -> Call:
    attempt = await here.ring("987000011", first="agent", ring_s=5)
    return await here.told(attempt)


async def all_refuse(here: Floor) -> Call:
    """Whoever is rung says no, one after the other, until it is over."""
    attempt = await here.ring("987000012", first="agent", ring_s=5)

    async def refuse() -> None:
        while True:
            agent = await here.rung_for("987000012", seconds=60)
            agent.decline()
            await agent.ended()

    refusing = asyncio.create_task(refuse())
    call = await here.told(attempt)
    refusing.cancel()
    return call


async def customer_is_busy(here: Floor) -> Call:
    attempt = await says_yes(here, "987000013")
    call = await here.customers.call("987000013")
    assert call.caller == SHOWN
    call.busy()
    return await here.told(attempt)


async def customer_refuses(here: Floor) -> Call:
    attempt = await says_yes(here, "987000014")
    (await here.customers.call("987000014")).decline()
    return await here.told(attempt)


async def nobody_has_his_number(here: Floor) -> Call:
    attempt = await says_yes(here, "987000016")
    (await here.customers.call("987000016")).unknown()
    return await here.told(attempt)


async def agent_leaves_before_he_picks_up(here: Floor) -> Call:
    attempt = await here.ring("987000015", first="agent")
    agent = await here.agent_for("987000015")
    await agent.press("1")
    customer = await here.customers.call("987000015", State.RINGING)
    await agent.hang_up()
    await customer.ended(seconds=20)
    return await here.told(attempt)


ENDS: dict[Callable[[Floor], Awaitable[Call]], Ended] = {
    customer_is_busy: Ended.BUSY,
    customer_refuses: Ended.REJECTED,
    nobody_has_his_number: Ended.NO_NUMBER,
    agent_leaves_before_he_picks_up: Ended.NO_ANSWER,
}


async def test_when_an_agent_said_yes_the_customer_s_telephone_decides(here: Floor) -> None:
    assert [ended(await play(here), line(first="agent").callback) for play in ENDS] == list(ENDS.values())


async def test_without_an_agent_nobody_is_rung(here: Floor) -> None:
    calls = await asyncio.gather(nobody_picks_up(here), all_refuse(here))
    assert [ended(call, line(first="agent").callback) for call in calls] == [Ended.AGENT_AWAY] * 2
    assert not here.customers.calls


async def test_the_agent_hears_the_number_and_sees_the_case(here: Floor) -> None:
    said = Spoken(at=NOON, who="customer", text='quiero; {x} "dos" ${SHELL(id)}, 1')
    case = missed("987000017", name='Ana "La\\Güera" <b>${X}&', urgency="high", intent="buy", transcript=(said,))
    attempt = await here.ring("987000017", case, first="agent")
    agent = await here.agent_for("987000017")
    assert agent.name == "high buy Ana La Güera b X"
    heard: list[str] = []

    async def asked() -> bool:
        heard[:] = [row for row in (await here.pbx.cli("core show channels concise")).splitlines() if "!Read!" in row]
        return bool(heard)

    await until(asked, seconds=20, otherwise=lambda: "the agent is not asked")
    assert "&".join(f"ringback/es/digit-{digit}" for digit in "987000017") in heard[0]
    shown = await here.pbx.cli(f"core show channel {heard[0].partition('!')[0]}")
    assert f"RINGBACK_CASE={case.id}\n" in shown
    assert "RINGBACK_SUMMARY=high buy Ana La Güera b X quiero x dos SHELL id 1\n" in shown
    await agent.hang_up()
    assert ended(await here.told(attempt), line(first="agent").callback) is Ended.AGENT_AWAY
