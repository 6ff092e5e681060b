"""When a promise cannot be kept: he is told that it takes longer, or, after the last attempt, asked anew."""

from __future__ import annotations

from typing import Any

import pytest

from ringback.call import Verdict
from ringback.callback import attempt_id
from ringback.fact import NotDialled, Timer
from ringback.flow import Flow
from ringback.journal import Event
from ringback.message import Buttons, Template
from ringback.record import Outcome, State
from tests.core.test_case import ours, ringing
from tests.core.worlds import FLOW, NOON, World

HOUR = 3600.0
DAY = 24 * HOUR


def ends(world: World, outcome: str, why: str = "") -> None:
    attempt = attempt_id(world.case.id, world.case.dialled)
    fact = {"case": world.case.id, "attempt": attempt, "outcome": outcome, "why": why, "at": world.now}
    world.tell(NotDialled.model_validate(fact))


def lost(after: float = 2 * DAY, **changes: Any) -> World:
    """One attempt was made, in vain, so long after his last words."""
    world = ringing(callback={"exten": "ventas", "attempts": 1}, **changes)
    world.now += after
    ends(world, "failed", "no trunk")
    return world


def test_a_day_after_his_last_words_a_template_asks_whether_to_try_again() -> None:
    world = lost()
    message = world.messages[-1]
    assert isinstance(message.body, Template)
    assert (message.body.name, message.body.params) == ("ringback_callback_missed", ("Tienda Sol",))
    assert message.not_after == world.now + 2 * HOUR
    assert (world.case.state, world.case.callback) == (State.TALKING, None)
    assert "volvimos" in world.case.transcript[-1].text


def test_his_answer_opens_a_new_promise_with_all_its_attempts() -> None:
    world = lost()
    world.accept()
    world.taps("later")
    world.taps(f"at.{NOON + 2 * DAY + HOUR:.0f}")
    assert world.case.booked == NOON + 2 * DAY + HOUR
    world.fire(Timer.DUE)
    assert (world.case.state, len(world.dials)) == (State.RINGING, 2)
    world.now += 2 * DAY
    ends(world, "failed")
    assert [m.body.name for m in world.messages if isinstance(m.body, Template)].count("ringback_callback_missed") == 2


def test_at_night_it_is_of_use_until_the_morning_after() -> None:
    world = lost(2 * DAY + 11 * HOUR, messaging=dict.fromkeys(("mon", "tue", "wed", "thu"), "09:00-18:00"))
    assert world.messages[-1].not_after == NOON + 2 * DAY + 21 * HOUR + 2 * HOUR


def test_without_an_answer_the_case_is_lost() -> None:
    world = lost()
    world.fire(Timer.EXPIRY)
    assert (world.case.outcome, world.now) == (Outcome.LOST, NOON + 20 + 3 * DAY)


@pytest.mark.parametrize("why", ["stopped", "without it in the flow", "not on WhatsApp"])
def test_who_cannot_be_asked_is_not(why: str) -> None:
    world = ringing(callback={"exten": "ventas", "attempts": 1})
    said = len(world.messages)
    world.now += 2 * DAY
    world.stopped = why == "stopped"
    if why == "without it in the flow":
        world.flow = Flow.model_validate(FLOW.model_dump() | {"lost_template": ""})
    if why == "not on WhatsApp":
        world.current = world.case.model_copy(update={"unwritable": "a landline"})
    ends(world, "failed")
    assert (world.case.outcome, len(world.messages)) == (Outcome.LOST, said)


def waits(world: World, minutes: float) -> None:
    """His moment came so many minutes ago, and still nobody is free."""
    world.now += 60 * minutes
    if world.case.state is State.PROMISED:
        world.fire(Timer.DUE)
    ends(world, "waits", "nobody is free")


def late(world: World) -> list[str]:
    return [m.body.text for m in world.messages if isinstance(m.body, Buttons) and "retraso" in m.body.text]


def test_who_waits_longer_than_promised_is_told_so_once() -> None:
    world = ringing()
    for minutes in (0, 8, 3, 20):
        waits(world, minutes)
    assert late(world) == [
        "Seguimos pendientes de su llamada: vamos con unos 11 minutos de retraso y le llamamos en cuanto alguien quede "
        "libre."
    ]
    assert world.events().count(Event.POSTPONED) == 1
    world.taps("off")
    assert (world.case.outcome, world.case.active) == (Outcome.DECLINED, False)


@pytest.mark.parametrize("changes", [{"late_min": 0}, {"late_min": 60}])
def test_who_is_to_be_told_later_or_never_is_not_told_yet(changes: dict[str, Any]) -> None:
    world = ringing(callback={"exten": "ventas"} | changes)
    waits(world, 40)
    assert not late(world)


def test_nobody_is_told_whose_day_is_over() -> None:
    world = ringing()
    waits(world, 25 * 60)
    assert not late(world)


def test_it_is_said_once_a_promise_however_many_attempts_it_takes() -> None:
    world = ringing()
    waits(world, 0)
    waits(world, 11)
    world.fire(Timer.DUE)
    ends(world, "failed")
    waits(world, 0)
    waits(world, 11)
    assert len(late(world)) == 1


def test_while_the_line_is_closed_nobody_is_late() -> None:
    world = ringing(hours={"mon": "11:00-12:05", "tue": "09:00-12:00"})
    waits(world, 0)
    waits(world, 6)
    opens = NOON + 21 * HOUR
    assert (world.timer(Timer.DUE), world.case.state) == (opens, State.PROMISED)
    waits(world, 0)
    assert not late(world)


def test_a_number_that_nobody_has_is_never_rung_again() -> None:
    world = ringing()
    world.tell(ours(world, Verdict.FAILED, reason="CHANUNAVAIL UNALLOCATED"))
    assert (world.case.state, world.case.callback, len(world.dials)) == (State.WITH_PERSON, None, 1)
    handed = [entry.data["text"] for entry in world.journal if entry.event is Event.HANDED_OVER]
    assert handed == ["nobody has his number any more"]
