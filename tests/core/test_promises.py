"""What is promised: reminded of in time, moved and called off by the customer and by people, told in his language."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import pytest

from ringback.fact import PersonActed, Timer, TimerFired
from ringback.journal import Event
from ringback.message import Template
from ringback.record import Outcome, State
from ringback.slots import Taken
from tests.core.test_case import ringing
from tests.core.worlds import NOON, World, contacted, line

HOUR = 3600.0


def acts(world: World, act: Literal["call", "cancel"], due: float = 0.0) -> None:
    nonce = f"{act}{due}{world.now}"
    world.tell(PersonActed(nonce=nonce, case=world.case.id, act=act, due=due, who="Ana", at=world.now))


def promised(due: float = NOON + 5 * HOUR, **changes: Any) -> World:
    world = contacted(**changes)
    world.taps("later")
    world.taps(f"at.{due:.0f}")
    return world


def told(world: World) -> dict[str, Any]:
    return world.messages[-1].body.model_dump()


def test_who_is_to_be_rung_much_later_is_reminded_by_a_template_that_is_no_use_afterwards() -> None:
    world = promised(NOON + 4.5 * HOUR)
    assert world.timer(Timer.REMIND) == NOON + 4.25 * HOUR
    world.fire(Timer.REMIND)
    message = world.messages[-1]
    assert isinstance(message.body, Template)
    assert (message.body.name, message.body.params) == ("ringback_callback_reminder", ("Tienda Sol", "hoy a las 16:30"))
    assert message.not_after == NOON + 4.5 * HOUR
    world.taps("keep")
    assert (world.case.state, world.case.booked) == (State.PROMISED, NOON + 4.5 * HOUR)
    world.taps("now")
    assert world.timer(Timer.DUE) == world.now
    assert world.case.booked == 0


@pytest.mark.parametrize(
    "changes",
    [
        {},  # too near
        {"due": NOON + 5 * HOUR, "messaging": {"mon": "08:00-16:30"}},
        {"due": NOON + 5 * HOUR, "callback": {"exten": "ventas", "remind_min": 0}},
    ],
)
def test_who_need_not_or_may_not_be_reminded_is_not(changes: dict[str, Any]) -> None:
    world = promised(**{"due": NOON + HOUR} | changes)
    with pytest.raises(IndexError):
        world.timer(Timer.REMIND)


def test_a_reminder_of_a_time_that_was_moved_is_not_sent() -> None:
    world = promised()
    moment = world.timer(Timer.REMIND)
    world.taps("other")
    world.taps(f"at.{NOON + 4 * HOUR:.0f}")
    said = len(world.messages)
    world.now = moment
    world.tell(TimerFired(case=world.case.id, timer=Timer.REMIND, due=moment))
    assert len(world.messages) == said


def test_he_chooses_another_time_in_the_chat() -> None:
    world = promised()
    world.taps("other")
    assert told(world)["kind"] == "menu"
    world.taps(f"at.{NOON + HOUR:.0f}")
    assert (world.case.booked, world.timer(Timer.DUE)) == (NOON + HOUR, NOON + HOUR)
    assert told(world)["text"] == "Listo: le llamamos hoy a las 13:00."


def test_who_chose_a_slot_that_others_took_is_offered_others() -> None:
    world = contacted()
    world.taps("later")
    world.taken = Taken({NOON + HOUR: 12})
    world.taps(f"at.{NOON + HOUR:.0f}")
    assert (world.case.state, world.case.callback) == (State.TALKING, None)
    assert told(world)["text"] == "Esa hora ya no está libre. ¿Cuál de estas le conviene?"
    assert "Hoy 13:00" not in str(told(world)["rows"])


def test_who_has_the_last_place_may_take_it_again_and_move_within_what_he_frees() -> None:
    world = promised(NOON + HOUR)
    world.taken = Taken({NOON + HOUR: 12})
    world.taps(f"at.{NOON + HOUR:.0f}")
    assert (world.case.booked, told(world)["text"]) == (NOON + HOUR, "Listo: le llamamos hoy a las 13:00.")
    world.taps("other")
    assert "Hoy 13:00" in str(told(world)["rows"])


def test_after_a_long_holiday_the_first_slots_are_shared_out_too() -> None:
    closed = [f"{month:02}-{day:02}" for month, days in ((11, range(22, 31)), (12, range(1, 28))) for day in days]
    world = contacted(holidays={"closed": closed})
    opens = NOON + 35 * 24 * HOUR - 12 * HOUR
    world.taken = Taken({opens: 12})
    world.taps("now")
    assert (world.case.booked, world.timer(Timer.DUE)) == (opens + 1800, opens + 1800)


@pytest.mark.parametrize(
    ("evening", "due", "words"),
    [
        ("2026-09-05T22:00:00-04:00", "2026-09-06T09:00:00-03:00", "mañana a las 09:00"),  # the clocks leap at midnight
        ("2026-04-04T22:30:00-03:00", "2026-04-05T09:00:00-04:00", "mañana a las 09:00"),  # and go back
        ("2026-04-04T23:30:00-04:00", "2026-04-05T09:00:00-04:00", "mañana a las 09:00"),  # the second 23:30
        ("2026-09-17T20:00:00-03:00", "2026-09-20T09:00:00-03:00", "el dom 20 a las 09:00"),  # two days of holidays
    ],
)
def test_in_santiago_he_is_rung_when_the_clock_on_the_wall_says_so(evening: str, due: str, words: str) -> None:
    hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "09:00-18:00")
    santiago = line(timezone="America/Santiago", region="CL", hours=hours, holidays={"national": True})
    world = World(line=santiago, now=datetime.fromisoformat(evening).timestamp())
    world.missed()
    world.fire(Timer.QUIET)
    world.taps("now")
    assert world.timer(Timer.DUE) == world.case.booked == datetime.fromisoformat(due).timestamp()
    assert words in told(world)["text"]
    world.fire(Timer.DUE)
    assert len(world.dials) == 1


def test_three_slots_or_fewer_are_buttons() -> None:
    world = contacted(hours={"mon": "12:00-14:00"}, callback={"exten": "ventas", "horizon_days": 1})
    world.taps("later")
    assert [button["title"] for button in told(world)["buttons"]] == ["Hoy 12:30", "Hoy 13:00", "Hoy 13:30"]


def test_an_agent_moves_the_call_and_the_customer_is_told() -> None:
    world = promised()
    acts(world, "call", NOON + 2 * HOUR)
    assert (world.case.booked, world.timer(Timer.DUE)) == (NOON + 2 * HOUR, NOON + 2 * HOUR)
    assert told(world)["text"] == "Listo: le llamamos hoy a las 14:00."
    entry = next(entry for entry in world.journal if entry.event is Event.PERSON_PLANNED)
    assert (entry.data["who"], entry.data["act"], entry.data["refused"]) == ("Ana", "call", "")


def test_a_time_between_two_slots_or_in_a_full_one_becomes_the_next_with_room() -> None:
    world = promised()
    world.taken = Taken({NOON + 2.5 * HOUR: 12, NOON + 5 * HOUR: 1})
    acts(world, "call", NOON + 2 * HOUR + 600)
    assert world.case.booked == NOON + 3 * HOUR


def test_a_time_is_not_promised_when_all_is_full_from_then_on_but_as_soon_as_possible_always_is() -> None:
    world = promised()
    world.taken = Taken({NOON + half * 1800: 12 for half in range(48 * 14)})
    before = world.case
    acts(world, "call", NOON + 6 * HOUR)
    assert world.case == before
    assert world.journal[-1].data["refused"] == "all slots from then on are full"
    acts(world, "call")
    assert (world.case.booked, world.timer(Timer.DUE)) == (0, world.now)


def test_a_person_promises_a_call_to_whom_nobody_promised_one() -> None:
    world = contacted()
    world.taps("write")
    world.taps("person")
    world.says("¿Tienen talla 40?")
    assert world.case.state is State.WITH_PERSON
    acts(world, "call")
    assert (world.case.state, world.timer(Timer.DUE)) == (State.PROMISED, NOON + 20)


def test_an_agent_calls_it_off() -> None:
    world = promised()
    acts(world, "cancel")
    assert (world.case.state, world.case.outcome, world.case.booked) == (State.CLOSED, Outcome.DECLINED, 0)
    assert "Cancelamos" in told(world)["text"]


def test_nothing_is_promised_anew_while_he_is_being_rung() -> None:
    world = ringing()
    before = world.case
    acts(world, "call", NOON + 2 * HOUR)
    assert world.case == before
    assert "being rung" in str(world.journal[-1].data["refused"])


def test_a_slot_is_kept_over_the_attempts_and_free_when_they_are_over() -> None:
    world = promised(NOON + HOUR)
    world.fire(Timer.DUE)
    assert world.case.booked == NOON + HOUR
    world.fire(Timer.DOUBT)
    assert world.case.booked == NOON + HOUR
    world.taps("off")
    assert world.case.booked == 0
