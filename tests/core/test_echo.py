"""A person of the business writes to the customer from the phone's own app: the bot has nothing more to say."""

from __future__ import annotations

import pytest

from ringback.command import ClearTimer, Withdraw
from ringback.fact import Echoed, Timer
from ringback.journal import Event
from ringback.record import State
from tests.core.test_case import ringing
from tests.core.worlds import World, contacted


def writes(world: World, text: str = "Hola, soy Luz, ¿la llamo?") -> None:
    world.tell(Echoed(wamid="e", wa_id="51987654321", text=text, at=world.now))


def test_who_was_about_to_be_written_to_is_left_to_the_person_who_was_faster() -> None:
    world = World()
    world.missed()
    writes(world)
    assert (world.case.state, world.messages) == (State.WITH_PERSON, [])
    assert ClearTimer(Timer.QUIET) in world.commands
    world.fire(Timer.QUIET)
    assert world.messages == []


def test_what_whatsapp_has_not_taken_yet_is_withdrawn_and_the_bot_is_silent() -> None:
    world = World()
    world.missed()
    world.fire(Timer.QUIET)
    waiting = world.case.pending
    writes(world)
    assert [Withdraw(message) for message in waiting] == [c for c in world.commands if isinstance(c, Withdraw)]
    before = len(world.messages)
    world.says("Sí, por favor")
    assert (world.case.state, len(world.messages)) == (State.WITH_PERSON, before)
    assert [(line.who, line.text) for line in world.case.transcript][-2:] == [
        ("person", "Hola, soy Luz, ¿la llamo?"),
        ("customer", "Sí, por favor"),
    ]
    replied = [entry.data["who"] for entry in world.journal if entry.event is Event.PERSON_REPLIED]
    assert replied == ["the phone app"]


@pytest.mark.parametrize("state", [State.PROMISED, State.RINGING])
def test_a_promised_call_stays_promised(state: State) -> None:
    world = ringing() if state is State.RINGING else contacted()
    if state is State.PROMISED:
        world.taps("now")
    writes(world)
    assert (world.case.state, world.case.handed_over) == (state, True)
