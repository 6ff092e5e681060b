"""Callers whom WhatsApp does not reach."""

from __future__ import annotations

from ringback.case import open_missed
from ringback.command import Reach
from ringback.fact import CallEnded, Delivery, Refused, Timer
from ringback.journal import Event
from ringback.phone import Kind, Number
from ringback.policy import Memory, why_not
from ringback.record import Outcome, State
from ringbackd.decision import Action
from tests.core.worlds import CUSTOMER, NOON, World, call, contacted, line
from tests.replay.test_shadow import shadow, told

LANDLINE = Number("+5114567890", "014567890", Kind.LANDLINE)


def missed(**changes: object) -> World:
    world = World(line=line(**changes))
    world.current, commands = open_missed(CallEnded(call=call()), LANDLINE, world.context)
    world.commands += commands
    return world


def test_a_person_gets_the_case_of_a_landline() -> None:
    world = missed()
    world.fire(Timer.QUIET)
    assert (world.case.state, world.case.unwritable) == (State.WITH_PERSON, "a landline")
    assert world.messages == []
    assert world.events() == [Event.OPENED, Event.HANDED_OVER]
    assert world.timer(Timer.EXPIRY) == NOON + 20 + 24 * 3600


def test_where_the_line_allows_he_is_rung_back_as_he_called() -> None:
    world = missed(without_whatsapp="ring", quiet_s=0)
    assert world.case.state is State.PROMISED
    world.fire(Timer.DUE)
    assert [dial.number for dial in world.dials] == ["014567890"]
    assert world.messages == []


def test_where_it_does_not_no_case_is_opened() -> None:
    nothing = line(without_whatsapp="nothing")
    assert why_not(call(), nothing, LANDLINE, Memory(), NOON).startswith("a landline")
    assert why_not(call(), line(), LANDLINE, Memory(), NOON) == ""


def test_a_recording_shows_what_becomes_of_landlines() -> None:
    (person,) = told(shadow(), call(caller="014567890"))
    assert (person.action, person.why) == (Action.PERSON, "a landline")
    (ring,) = told(shadow(without_whatsapp="ring"), call(caller="014567890"))
    assert ring.action is Action.RING


def failed(world: World, code: int = 131026) -> World:
    message = world.messages[0].id
    world.tell(Delivery(wamid="w", message=message, status="failed", code=code, why="undeliverable", at=world.now))
    return world


def reaches(world: World) -> list[bool]:
    return [command.whatsapp for command in world.commands if isinstance(command, Reach)]


def test_whom_whatsapp_does_not_know_is_helped_without_it_at_once() -> None:
    world = failed(contacted())
    assert (world.case.state, world.case.unwritable) == (State.WITH_PERSON, "a number without WhatsApp")
    assert reaches(world) == [False]
    rung = failed(contacted(without_whatsapp="ring"))
    assert rung.case.state is State.PROMISED
    nothing = failed(contacted(without_whatsapp="nothing"))
    assert nothing.case.outcome is Outcome.UNREACHABLE
    assert reaches(nothing) == [False]


def test_a_refusal_by_the_api_itself_says_the_same() -> None:
    world = contacted()
    fact = Refused(
        case=world.case.id, message=world.messages[0].id, scope="recipient", code=131026, why="undeliverable", at=NOON
    )
    world.tell(fact)
    assert (world.case.state, reaches(world)) == (State.WITH_PERSON, [False])


def test_the_next_time_he_is_not_written_to_at_all() -> None:
    world = World(line=line(), no_whatsapp=True)
    world.missed()
    world.fire(Timer.QUIET)
    assert (world.case.state, world.messages) == (State.WITH_PERSON, [])
    nothing = line(without_whatsapp="nothing")
    assert "without WhatsApp" in why_not(call(), nothing, CUSTOMER, Memory(no_whatsapp=True), NOON)


def test_who_answers_has_whatsapp_whatever_became_of_a_message() -> None:
    world = contacted()
    world.says("hola")
    world.no_whatsapp = True
    failed(world)
    assert reaches(world) == []
    world.says("¿y?")
    assert reaches(world) == [True]
