"""The whole loop: real SIP calls on a real Asterisk, `ringback run` as its own process, a simulated WhatsApp."""

import asyncio
import io
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from rich.console import Console

from ringback.callback import Ended
from ringback.journal import Event
from ringback.record import Outcome, State
from ringbackd.cli import main
from ringbackd.sandbox.cloudchat import ChatItem
from ringbackd.sandbox.customer import PHONE, QUEUE, Customer
from ringbackd.sandbox.kit import Kit, ensure
from ringbackd.sandbox.phones import ReceivedCall
from ringbackd.sandbox.scene import Scene
from ringbackd.sandbox.sip import State as Leg
from ringbackd.sandbox.stage import Stage
from ringbackd.sandbox.story import play

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]

NOW, LATER, WRITE = "Llámenme ahora", "Llámenme más tarde", "Prefiero escribir"
TALK_S = 1.2


@pytest_asyncio.fixture(loop_scope="module")
async def stage(shared_stage: Stage) -> AsyncIterator[Stage]:
    """The stage as each test finds it: nobody is free."""
    shared_stage.people.agent_available = False
    yield shared_stage


async def missed(stage: Stage, number: str) -> tuple[Customer, ChatItem]:
    """A customer who gave up in the queue, and the message he got."""
    customer = Customer(stage, number)
    await customer.abandon()
    return customer, await customer.message(1)


async def events(stage: Stage, number: str) -> list[Event]:
    return [entry.event for entry in await stage.journal(number)]


async def talk(stage: Stage, ringing: ReceivedCall) -> None:
    """He answers the call back, the agent too; they talk for longer than a mistake takes, and the agent hangs up."""
    ringing.answer()
    await ringing.established()
    stage.people.agent_available = True
    agent = await stage.people.agent.call(None, Leg.UP)
    await asyncio.sleep(TALK_S)
    await agent.hang_up()


async def test_every_step_of_the_story_happens(stage: Stage) -> None:
    printed = io.StringIO()
    assert await play(stage, Console(file=printed, width=140)), printed.getvalue()
    assert "✘" not in printed.getvalue()
    for step in ("verdict: abandoned in queue", "rings Ana's phone", "recovered by a call back", "Satisfaction"):
        assert step in printed.getvalue()


async def test_an_answered_call_produces_nothing(stage: Stage) -> None:
    stage.people.agent_available = True
    customer = Customer(stage, "987000001")
    await customer.talk(for_s=TALK_S)
    # The desk writes a verdict and the case it opens in one commit: after the verdict, no case means never a case.
    assert (await customer.verdict()).data["verdict"] == "answered"
    assert await stage.case(customer.number) is None
    assert customer.received() == []


async def test_a_second_miss_joins_the_case_and_brings_no_second_message(stage: Stage) -> None:
    customer = Customer(stage, "987000002")
    await customer.abandon()
    await customer.abandon(PHONE)
    case = await customer.case("two misses", lambda case: case.misses == 2)
    assert case.state is State.WAITING
    first = await customer.message(1)
    assert first.at >= case.last_miss + stage.scene.quiet_s
    contacted = await customer.case("the message is accepted", lambda case: case.sent == 1 and not case.pending)
    assert contacted.id == case.id
    assert len(customer.received()) == 1
    assert (await events(stage, customer.number)).count(Event.OPENED) == 1


async def test_who_calls_again_and_reaches_the_agent_is_not_rung(stage: Stage) -> None:
    customer, message = await missed(stage, "987000003")
    await customer.tap(message, NOW)
    (await customer.rung()).decline()
    promised = await customer.case("a second attempt is promised", lambda case: case.state is State.PROMISED)
    assert promised.dialled == 1
    stage.people.agent_available = True
    await customer.talk(for_s=TALK_S)
    closed = await customer.case("it is closed", lambda case: not case.active)
    assert closed.outcome is Outcome.RETURNED
    timers = await stage.store.ranked(stage.store.keys.timers)
    assert not [timer for timer in timers if closed.id in timer]
    assert [entry.data["outcome"] for entry in await customer.attempts()] == [Ended.REJECTED]
    assert stage.people.customers.call_of(customer.number) is None


async def test_his_phone_falls_silent_when_he_writes_that_it_is_settled(stage: Stage) -> None:
    customer, message = await missed(stage, "987000007")
    await customer.tap(message, NOW)
    ringing = await customer.rung()
    await stage.cloud.say(f"+51{customer.number}", "Ya está resuelto, gracias")
    await ringing.ended(seconds=20)
    closed = await customer.case("it is closed", lambda case: not case.active)
    assert (closed.outcome, closed.dialled) == (Outcome.DECLINED, 1)


async def test_his_phone_falls_silent_when_he_calls_us_himself(stage: Stage) -> None:
    customer, message = await missed(stage, "987000008")
    await customer.tap(message, NOW)
    ringing = await customer.rung()
    stage.people.agent_available = True
    his = await stage.people.caller.dial(customer.number, QUEUE, "")
    await ringing.ended(seconds=20)
    await stage.people.agent.call(None, Leg.UP)
    await asyncio.sleep(TALK_S)
    await his.hang_up()
    closed = await customer.case("it is closed", lambda case: not case.active)
    assert closed.outcome is Outcome.RETURNED
    assert [entry.data["outcome"] for entry in await customer.attempts()] == [Ended.UNWANTED]


async def test_a_person_calls_it_off_at_the_command_line_while_his_phone_rings(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    customer, message = await missed(stage, "987000009")
    await customer.tap(message, NOW)
    ringing = await customer.rung()
    rung = await customer.case("he is rung", lambda case: case.state is State.RINGING)

    async def says(*words: str) -> int:
        return await asyncio.to_thread(main, ["callbacks", *words, "-c", str(stage.settings_path)])

    assert await says("now", rung.id) == 1
    assert "he is being rung at this moment" in capsys.readouterr().err
    assert await says("cancel", rung.id, "--who", "Eva") == 0
    assert "called off" in capsys.readouterr().out
    await ringing.ended(seconds=20)
    assert await says("cancel", rung.id) == 1
    assert "it is closed (declined)" in capsys.readouterr().err
    (planned,) = [one for one in await stage.journal(customer.number) if one.event is Event.PERSON_PLANNED]
    assert (planned.data["act"], planned.data["who"]) == ("cancel", "Eva")


async def test_later_books_the_hour_he_chose_and_now_moves_it(stage: Stage) -> None:
    customer, message = await missed(stage, "987000004")
    await customer.tap(message, LATER)
    hours = await customer.message(2)
    await customer.tap(hours, hours.options[1].title)
    booked = await customer.case("it is promised", lambda case: case.state is State.PROMISED)
    assert booked.callback is not None
    assert hours.options[1].id.split("|")[3] == f"at.{booked.callback.due:.0f}"
    confirmed = await customer.message(3)
    assert hours.options[1].title[-5:] in confirmed.text
    assert Event.DIALLED not in await events(stage, customer.number)
    await customer.tap(confirmed, "Mejor ahora")
    await talk(stage, await customer.rung())
    closed = await customer.case("it is closed", lambda case: not case.active)
    assert closed.outcome is Outcome.CALLBACK


async def test_who_picks_up_and_leaves_before_the_agent_is_promised_another_call(stage: Stage) -> None:
    customer, message = await missed(stage, "987000005")
    await customer.tap(message, NOW)
    ringing = await customer.rung()
    ringing.answer()
    await ringing.established()
    await stage.people.agent.call()
    await ringing.hang_up()
    again = await customer.case("another attempt", lambda case: case.state is State.PROMISED and case.dialled == 1)
    assert [entry.data["outcome"] for entry in await customer.attempts()] == [Ended.NO_AGENT]
    assert again.callback is not None
    assert again.callback.due > again.last_miss


async def test_what_is_written_reaches_a_person_with_all_that_was_said(stage: Stage) -> None:
    customer, message = await missed(stage, "987000006")
    await customer.tap(message, WRITE)
    await customer.tap(await customer.message(2), "Otra consulta")
    await customer.message(3)
    await stage.cloud.say(f"+51{customer.number}", "<b>¿Tienen</b> {brand} {{1}}?")
    handed = await customer.case("a person has it", lambda case: case.state is State.WITH_PERSON)
    assert handed.intent == "question"
    said = [line.text for line in handed.transcript if line.who == "customer"]
    assert said == [WRITE, "Otra consulta", "<b>¿Tienen</b> {brand} {{1}}?"]


async def test_a_step_that_does_not_happen_fails_the_story_and_names_it(kit: Kit) -> None:
    printed = io.StringIO()
    async with Stage(Console(stderr=True), kit=kit) as stage:
        await stage.kill_ringback()
        assert not await play(stage, Console(file=printed, width=200))
        assert stage.keep_folder
        stage.keep_folder = False
    assert "the verdict of call 1 of 987654322: not within 10 s" in printed.getvalue()
    assert str(stage.log_path) in printed.getvalue()


async def test_the_story_on_asterisk_16() -> None:
    kit = await ensure(("16",), console=Console(stderr=True))
    printed = io.StringIO()
    async with Stage(Console(stderr=True), Scene(release="16"), kit=kit) as stage:
        assert await play(stage, Console(file=printed, width=140)), printed.getvalue()
