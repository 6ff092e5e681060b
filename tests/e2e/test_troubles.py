"""What an admin gets wrong and what the world breaks: one clear line, the right exit code, nothing lost."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
from rich.console import Console

from ringback.journal import Event
from ringback.record import Outcome, State
from ringbackd.sandbox.cloudrules import Templates
from ringbackd.sandbox.cloudspec import Knobs
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.phones import RINGS, answers
from ringbackd.sandbox.scene import Scene, e164
from ringbackd.sandbox.sip import State as Leg
from ringbackd.sandbox.stage import Stage

pytestmark = pytest.mark.pbx
QUEUE = "5550100"


@pytest.fixture
async def stage(kit: Kit) -> AsyncIterator[Stage]:
    async with Stage(Console(stderr=True), Scene(quiet_s=0.2, doubt_s=4), kit=kit) as stage:
        yield stage


async def miss(stage: Stage, number: str) -> None:
    """A caller gives up in the queue."""
    call = await stage.people.dial(number, QUEUE)
    await call.established()
    await asyncio.sleep(1.2)
    await call.hang_up()


async def written_to(stage: Stage, number: str) -> None:
    await stage.wait(f"a message for {number}", lambda: _has_chat(stage, number))


async def _has_chat(stage: Stage, number: str) -> bool:
    return bool(stage.cloud.chat(e164(number)))


async def in_state(stage: Stage, number: str, state: State) -> None:
    async def holds() -> bool:
        case = await stage.case(number)
        return case is not None and case.state is state

    await stage.wait(f"{number} {state}", holds, 20)


def ringback(stage: Stage, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the command line with the settings of the stage."""
    command = [sys.executable, "-m", "ringbackd.cli", *arguments, "-c", str(stage.settings_path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def said(stage: Stage, words: str) -> int:
    return stage.log_path.read_text(encoding="utf-8").count(words)


async def test_a_template_that_does_not_exist_is_said_once_and_its_messages_are_kept(stage: Stage) -> None:
    approved, stage.cloud.templates = stage.cloud.templates, Templates(())
    await miss(stage, "987654321")
    await miss(stage, "987654322")
    await stage.wait("two messages that wait", lambda: _waiting(stage, 2))
    assert said(stage, "WhatsApp refuses template ringback_missed_call (template): (132001)") == 1
    listed = await asyncio.to_thread(ringback, stage, "outbox", "list")
    assert (listed.returncode, "messages that wait: 2" in listed.stdout, "does not work" in listed.stdout) == (
        0,
        True,
        True,
    )
    stage.cloud.templates = approved
    retried = await asyncio.to_thread(ringback, stage, "outbox", "retry")
    assert "2 messages are tried again now" in retried.stdout
    for number in ("987654321", "987654322"):
        await written_to(stage, number)
    assert len(stage.cloud.accepted) == 2


async def _waiting(stage: Stage, number: int) -> bool:
    listed = await asyncio.to_thread(ringback, stage, "outbox", "list", "--json")
    return len(listed.stdout.splitlines()) == number


async def _count(stage: Stage, event: Event, times: int) -> bool:
    return sum(entry.event is event for entry in await stage.journal()) == times


async def test_pbx_and_redis_that_go_away_are_said_once_and_nothing_is_lost(stage: Stage) -> None:
    await stage.redis.stop()
    await miss(stage, "987654321")
    await stage.redis.start()
    await written_to(stage, "987654321")
    assert (said(stage, "is away"), said(stage, "is back")) == (1, 1)
    await stage.pbx.stop()
    await stage.pbx.start()
    await stage.wait("the link", lambda: _count(stage, Event.LINK_UP, 2), 40)
    await miss(stage, "987654322")
    await written_to(stage, "987654322")
    assert said(stage, "connected to Asterisk") == 2


async def test_sigterm_drains_and_a_restart_goes_on_where_it_was(stage: Stage) -> None:
    await miss(stage, "987654321")
    await written_to(stage, "987654321")
    await stage.stop_ringback()
    await miss(stage, "987654322")
    await stage.cloud.tap(e164("987654321"), stage.cloud.chat(e164("987654321"))[0].wamid, 0)
    stage.people.agent.default = answers(100)
    await stage.start_ringback()
    phone = await stage.people.customers.call("987654321", Leg.RINGING, seconds=20)
    phone.answer()
    agent = await stage.people.agent.call(state=Leg.UP)
    await asyncio.sleep(1.5)
    await agent.hang_up()
    await in_state(stage, "987654321", State.CLOSED)
    case = await stage.case("987654321")
    assert case
    assert case.outcome is Outcome.CALLBACK
    await written_to(stage, "987654322")
    assert "Traceback" not in stage.log_path.read_text(encoding="utf-8")


async def test_an_answer_of_the_api_that_is_lost_does_not_send_twice(stage: Stage) -> None:
    stage.cloud.knobs = Knobs(drops_left=1)
    await miss(stage, "987654321")
    await written_to(stage, "987654321")
    await stage.wait("the status settles it", lambda: _count(stage, Event.ACCEPTED, 1))
    await asyncio.sleep(stage.scene.doubt_s + 1)
    assert len(stage.cloud.accepted) == 1


async def test_a_number_without_whatsapp_goes_to_a_person_and_is_not_written_to_again(stage: Stage) -> None:
    stage.cloud.knobs = Knobs(fail={"321": 131026})
    await miss(stage, "987654321")
    await in_state(stage, "987654321", State.WITH_PERSON)
    case = await stage.case("987654321")
    assert case
    assert case.unwritable == "a number without WhatsApp"
    assert await stage.store.no_whatsapp(case.key)
    assert len(stage.cloud.accepted) == 1


async def test_a_customer_who_does_not_pick_up_is_rung_again_and_then_told(stage: Stage) -> None:
    stage.people.customers.default = RINGS
    await miss(stage, "987654321")
    await written_to(stage, "987654321")
    await stage.cloud.tap(e164("987654321"), stage.cloud.chat(e164("987654321"))[0].wamid, 0)
    phone = await stage.people.customers.call("987654321", Leg.RINGING)
    phone.busy()
    await stage.wait("the end of the attempt", lambda: _count(stage, Event.ATTEMPT_ENDED, 1))
    ended = [entry for entry in await stage.journal() if entry.event is Event.ATTEMPT_ENDED]
    assert ended[0].data["outcome"] == "busy"
    await in_state(stage, "987654321", State.PROMISED)


async def test_the_doctor_finds_everything_in_order_and_says_what_is_not(stage: Stage) -> None:
    await miss(stage, "987654321")  # before its first call Asterisk has written no CEL
    await written_to(stage, "987654321")
    well = await asyncio.to_thread(ringback, stage, "doctor")
    assert well.returncode == 0, well.stdout
    await asyncio.to_thread(ringback, stage, "guard", "--stop", "odd calls")
    stopped = await asyncio.to_thread(ringback, stage, "doctor")
    assert stopped.returncode == 1
    assert "calls back are stopped: odd calls; let them go on: ringback guard --go" in stopped.stdout.replace("\n", " ")
    await asyncio.to_thread(ringback, stage, "guard", "--go")
    await stage.pbx.stop()
    ill = await asyncio.to_thread(ringback, stage, "doctor")
    assert ill.returncode == 1
    assert "no connection to Asterisk" in ill.stdout
    await stage.pbx.start()
