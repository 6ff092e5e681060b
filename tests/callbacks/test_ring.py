"""Every way in which a call back ends, on the real Asterisk 22 and 16: what we say of it is what happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from rich.console import Console

from ringback.call import Call, SaidThere
from ringback.callback import Ended, ended
from ringbackd.sandbox.kit import ensure
from ringbackd.sandbox.process import until
from ringbackd.sandbox.sip import State
from tests.callbacks.rig import AGENTS, Floor, floor, line

SHOWN = "5114445566"
pytestmark = [pytest.mark.pbx, pytest.mark.timeout(120)]


@pytest.fixture(params=["22", "16"])
async def here(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Floor]:
    kit = await ensure(("22", "16"), console=Console(stderr=True))
    async with floor(kit, tmp_path / "pbx", request.param) as here:
        yield here


async def greeting(here: Floor) -> bytes:
    """What an answering machine says, spoken by a person: of Asterisk's own sounds, as u-law."""
    folder = here.pbx.folder / "data/sounds/es"
    spoken = here.pbx.folder / "greeting.ulaw"
    if not spoken.exists():
        await here.pbx.cli(f"file convert {folder}/vm-intro.gsm {spoken}")
    return spoken.read_bytes()


async def talked(here: Floor) -> Call:
    attempt = await here.ring("987000001")
    customer = await here.picks_up("987000001")
    await customer.press("1")
    agent = await here.agent()
    await asyncio.sleep(1.5)
    await agent.hang_up()
    return await here.told(attempt)


async def busy(here: Floor) -> Call:
    """His telephone shows the number that the line is to be known by."""
    attempt = await here.ring("987000002", caller_id=SHOWN)
    call = await here.customers.call("987000002")
    assert call.caller == SHOWN
    call.busy()
    return await here.told(attempt)


async def rejected(here: Floor) -> Call:
    attempt = await here.ring("987000003")
    (await here.customers.call("987000003")).decline()
    return await here.told(attempt)


async def nobodys(here: Floor) -> Call:
    attempt = await here.ring("987000009")
    (await here.customers.call("987000009")).unknown()
    return await here.told(attempt)


async def congested(here: Floor) -> Call:
    attempt = await here.ring("987000010")
    (await here.customers.call("987000010")).congested()
    return await here.told(attempt)


async def rings_out(here: Floor) -> Call:
    attempt = await here.ring("987000004", ring_s=5)
    await here.customers.call("987000004")
    return await here.told(attempt)


async def machine(here: Floor) -> Call:
    """A recording speaks and presses nothing: the PBX says goodbye by itself."""
    attempt = await here.ring("987000005")
    customer = await here.picks_up("987000005")
    await customer.play(await greeting(here))
    return await here.told(attempt, 40)


async def hangs_up_at_the_greeting(here: Floor) -> Call:
    attempt = await here.ring("987000006")
    customer = await here.picks_up("987000006")
    await asyncio.sleep(1)
    await customer.hang_up()
    return await here.told(attempt)


async def machine_that_asterisk_knows(here: Floor) -> Call:
    """AMD() hears the recording of an answering machine; nobody has to press anything."""
    attempt = await here.ring("987000008", detect_machine=True)
    customer = await here.picks_up("987000008")
    await customer.play(await greeting(here))
    return await here.told(attempt, 40)


async def never(here: Floor) -> Call:
    attempt = await here.ring("987000007")
    customer = await here.picks_up("987000007")
    await customer.press("9")
    return await here.told(attempt)


ENDS: dict[Ended, tuple[Callable[[Floor], Awaitable[Call]], ...]] = {
    Ended.TALKED: (talked,),
    Ended.BUSY: (busy,),
    Ended.NO_ANSWER: (rings_out,),
    Ended.REJECTED: (rejected,),
    Ended.NO_NUMBER: (nobodys,),
    Ended.FAILED: (congested,),
    Ended.NO_KEY: (machine, hangs_up_at_the_greeting),
    Ended.MACHINE: (machine_that_asterisk_knows,),
    Ended.NEVER: (never,),
}


async def test_customer_first_each_end_is_told_as_it_was(here: Floor) -> None:
    """All at once: these customers do not meet, for only one of them reaches the agents."""
    expected = [outcome for outcome, plays in ENDS.items() for _ in plays]
    calls = await asyncio.gather(*(play(here) for plays in ENDS.values() for play in plays))
    assert [ended(call, line().callback) for call in calls] == expected
    (answered,) = [call for call in calls if call.agent]
    assert (answered.queue, answered.talk >= 1, answered.wait < 10) == ("equipo", True, True)


async def test_who_pressed_and_left_before_an_agent_came_is_a_missed_call_of_ours(here: Floor) -> None:
    attempt = await here.ring("987000001")
    customer = await here.picks_up("987000001")
    await customer.press("1")
    await here.phones.call(None)
    await customer.hang_up()
    assert ended(await here.told(attempt), line().callback) is Ended.NO_AGENT


async def test_agent_first_the_customer_is_rung_only_when_an_agent_pressed_1(here: Floor) -> None:
    attempt = await here.ring("987000001", first="agent")
    agent = await here.agent()
    assert not here.customers.calls
    await agent.press("1")
    customer = await here.picks_up("987000001")
    await asyncio.sleep(1.5)
    await customer.hang_up()
    call = await here.told(attempt)
    assert ended(call, line(first="agent").callback) is Ended.TALKED
    assert call.agent in here.pbx.people


async def test_agent_first_an_agent_who_presses_nothing_lets_nobody_be_rung(here: Floor) -> None:
    attempt = await here.ring("987000001", first="agent")
    await here.agent()
    call = await here.told(attempt, 40)
    assert ended(call, line(first="agent").callback) is Ended.AGENT_AWAY
    assert not here.customers.calls


async def test_who_greets_and_waits_is_a_person_for_asterisk_too(here: Floor) -> None:
    attempt = await here.ring("987000001", detect_machine=True)
    customer = await here.picks_up("987000001")
    await customer.speak(0.5)
    await until(here.asked, seconds=30, otherwise=lambda: "he is not asked for a key")
    await customer.press("1")
    await here.phones.call(None)
    await customer.hang_up()
    assert (await here.told(attempt)).said is SaidThere.KEY


async def test_a_customer_who_is_handed_on_talked_to_both_and_the_first_agent_is_free(here: Floor) -> None:
    attempt = await here.ring("987000001")
    customer = await here.picks_up("987000001")
    await customer.press("1")
    first = await here.agent()
    await asyncio.sleep(1.5)
    colleague = next(agent for agent in here.pbx.people if agent != first.number)
    await first.transfer(colleague)
    second = await here.phones.call(colleague, State.RINGING)
    second.answer()
    await second.established()
    await here.free(len(AGENTS) - 1)
    await asyncio.sleep(1.5)
    await second.hang_up()
    call = await here.told(attempt)
    assert ended(call, line().callback) is Ended.TALKED
    assert call.agent == colleague
    assert call.talk >= 3
    await here.free(len(AGENTS))
