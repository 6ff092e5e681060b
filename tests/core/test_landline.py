"""Callers whom WhatsApp does not reach."""

from __future__ import annotations

from ringback.case import open_missed
from ringback.fact import CallEnded, Timer
from ringback.journal import Event
from ringback.phone import Kind, Number
from ringback.policy import Memory, why_not
from ringback.record import State
from ringbackd.decision import Action
from tests.core.worlds import NOON, World, call, line
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
