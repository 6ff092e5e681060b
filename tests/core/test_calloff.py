"""A call back that rings is ended when it is not wanted any more; one that his own call crossed does not count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest

from ringback.call import Direction, Verdict
from ringback.command import CallOff
from ringback.consent import Act, Consent, Way
from ringback.fact import CallEnded, ConsentChanged, PersonActed, Timer
from ringback.journal import Event
from ringback.record import Outcome, State
from ringback.settled import says_settled
from tests.core.test_case import ours, ringing
from tests.core.worlds import World, call


def calls_in(world: World) -> None:
    world.tell(CallEnded(call=call(Verdict.ANSWERED, at=world.now, agent="101")))


def is_called(world: World) -> None:
    by_hand = {"direction": Direction.OUTBOUND, "dialled": "987654321"}
    world.tell(CallEnded(call=call(Verdict.ANSWERED, at=world.now, agent="101", **by_hand)))


def stops(world: World) -> None:
    word = Consent(at=world.now, brand="Tienda Sol", act=Act.WITHDRAWN, way=Way.LIST, customer="+51987654321")
    world.tell(ConsentChanged(nonce="1", consent=word))


def is_cancelled(world: World) -> None:
    world.tell(PersonActed(nonce="1", case=world.case.id, act="cancel", who="Ana", at=world.now))


WAYS: dict[Callable[[World], object], Outcome] = {
    calls_in: Outcome.RETURNED,
    is_called: Outcome.MANUAL,
    stops: Outcome.OPTED_OUT,
    is_cancelled: Outcome.DECLINED,
    lambda world: world.says("¡Ya está resuelto, gracias!"): Outcome.DECLINED,
    lambda world: world.says("BAJA"): Outcome.OPTED_OUT,
}


@pytest.mark.parametrize(("happens", "outcome"), WAYS.items(), ids=map(str, range(len(WAYS))))
def test_what_ends_the_case_ends_the_ringing(happens: Callable[[World], object], outcome: Outcome) -> None:
    world = ringing()
    happens(world)
    (attempt,) = [dial.attempt for dial in world.dials]
    assert (world.case.state, world.case.outcome) == (State.CLOSED, outcome)
    assert [one for one in world.commands if isinstance(one, CallOff)] == [CallOff(attempt, world.now)]
    world.tell(ours(world, Verdict.NO_ANSWER))
    assert world.case.outcome is outcome


@pytest.mark.parametrize(("happens", "outcome"), WAYS.items(), ids=map(str, range(len(WAYS))))
def test_what_only_waits_is_not_dialled(happens: Callable[[World], object], outcome: Outcome) -> None:
    world = ringing()
    world.tell(ours(world, Verdict.NO_ANSWER))
    happens(world)
    assert world.case.outcome is outcome
    assert not [one for one in world.commands if isinstance(one, CallOff)]
    world.fire(Timer.DUE)
    assert len(world.dials) == 1


def test_he_is_told_that_the_call_is_off() -> None:
    world = ringing()
    world.says("ya lo resolví")
    assert "Cancelamos la llamada" in str(world.messages[-1].body)


def test_an_attempt_during_which_he_called_us_does_not_count() -> None:
    world = ringing()
    world.on_call = True
    world.tell(ours(world, Verdict.NO_ANSWER))
    assert world.case.callback
    assert (world.case.state, world.case.callback.tried) == (State.PROMISED, 0)
    assert world.timer(Timer.DUE) == world.now + 30
    assert world.journal[-2].event is Event.ATTEMPT_ENDED
    assert world.journal[-2].data["outcome"] == "unwanted"


def test_a_talk_is_not_called_off_by_its_own_end() -> None:
    world = ringing()
    world.tell(ours(world, Verdict.ANSWERED, agent="101", talk=30.0, customer_up=True))
    assert world.case.outcome is Outcome.CALLBACK
    assert not [one for one in world.commands if isinstance(one, CallOff)]


@pytest.mark.parametrize(
    "text", ["Ya resuelto", "ya está resuelto, gracias", "It's solved!", "Já foi resolvido", "No me llamen"]
)
def test_words_that_settle_it(text: str) -> None:
    assert says_settled(text)


@pytest.mark.parametrize("text", ["¿está resuelto lo de mi pedido?", "no está resuelto", "gracias", ""])
def test_other_words_do_not(text: str) -> None:
    assert not says_settled(text)


@pytest.mark.parametrize("act", ["solve", "cancel"])
def test_a_case_closed_while_they_talk_was_recovered_by_the_call_that_goes_on(act: Literal["solve", "cancel"]) -> None:
    world = ringing()
    world.tell(PersonActed(nonce="1", case=world.case.id, act=act, who="Eva", at=world.now))
    before = world.case
    world.tell(ours(world, Verdict.ANSWERED, agent="101", talk=2.0))
    assert world.case == before
    world.tell(ours(world, Verdict.ANSWERED, agent="101", talk=60.0))
    assert (world.case.state, world.case.outcome, world.case.closed) == (State.CLOSED, Outcome.CALLBACK, before.closed)
    closed = [entry.data for entry in world.journal if entry.event is Event.CLOSED]
    assert (len(closed), closed[-1]["talk"], closed[-1]["agent"]) == (2, 60.0, "101")
    world.tell(ours(world, Verdict.ANSWERED, agent="101", talk=60.0))
    assert len([entry for entry in world.journal if entry.event is Event.CLOSED]) == 2


def test_who_asked_to_be_left_in_peace_and_talks_all_the_same_stays_so() -> None:
    world = ringing()
    world.says("BAJA")
    world.tell(ours(world, Verdict.ANSWERED, agent="101", talk=60.0))
    assert world.case.outcome is Outcome.OPTED_OUT
