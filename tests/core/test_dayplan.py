from __future__ import annotations

from dataclasses import dataclass

import pytest

from ringback.call import Verdict
from ringback.dayplan import Place, day_plan
from ringback.fact import CallEnded, PersonActed, Timer
from ringback.hours import DAYS
from tests.core.test_case import ours
from tests.core.test_promises import promised
from tests.core.worlds import NOON, World, call, contacted, line

HOUR = 3600.0


@dataclass
class Of:
    """What is in the plan where anything is: the begin of the slot in hours from noon, promised, done, missed."""

    world: World

    def at(self, now: float) -> list[tuple[float, int, int, int]]:
        plan = day_plan(self.world.line, self.world.journal, now)
        busy = [place for place in plan if place.promised or place.done or place.missed]
        return [((place.begins - NOON) / HOUR, place.promised, place.done, place.missed) for place in busy]


def test_a_call_is_promised_until_it_was_made_or_its_slot_is_over() -> None:
    world = promised(NOON + HOUR)
    assert Of(world).at(NOON) == [(1, 1, 0, 0)]
    assert Of(world).at(NOON + 1.5 * HOUR) == [(1, 0, 0, 1)]
    world.fire(Timer.DUE)
    world.tell(ours(world, Verdict.NO_ANSWER))
    assert Of(world).at(NOON + 1.4 * HOUR) == [(1, 1, 0, 0)]
    world.fire(Timer.DUE)
    world.tell(ours(world, Verdict.ANSWERED, agent="101", talk=60.0))
    assert Of(world).at(NOON + 3 * HOUR) == [(1, 0, 1, 0)]


def test_a_moved_call_stands_where_it_was_moved_to_and_one_that_is_not_needed_nowhere() -> None:
    world = promised(NOON + HOUR)
    world.tell(PersonActed(nonce="1", case=world.case.id, act="call", due=NOON + 2 * HOUR, at=world.now))
    assert Of(world).at(NOON) == [(2, 1, 0, 0)]
    world.tell(CallEnded(call=call(Verdict.ANSWERED, at=world.now + 60)))
    assert Of(world).at(NOON) == []


def test_a_call_as_soon_as_possible_stands_in_the_slot_that_has_begun() -> None:
    world = contacted()
    world.now = NOON + 0.75 * HOUR
    world.taps("now")
    assert Of(world).at(world.now) == [(0.5, 1, 0, 0)]


def test_calls_of_other_days_and_lines_are_not_in_it() -> None:
    world = promised(NOON + 4 * HOUR)
    assert day_plan(world.line, world.journal, NOON - 24 * HOUR) == day_plan(world.line, (), NOON - 24 * HOUR)
    assert all(not place.promised for place in day_plan(line(name="soporte"), world.journal, NOON))


@pytest.mark.parametrize("now", [NOON, NOON + 5 * HOUR])
def test_a_whole_day_has_its_slots_and_a_closed_one_none(now: float) -> None:
    short = line(hours=dict.fromkeys(DAYS, "12:00-13:00"), callback={"exten": "ventas", "people": 1})
    assert day_plan(short, (), now) == [Place(NOON, NOON + 1800, 6), Place(NOON + 1800, NOON + HOUR, 6)]
    assert day_plan(line(holidays={"closed": ["11-23"]}), (), now) == []


def test_a_call_back_in_which_the_case_was_closed_was_made() -> None:
    world = promised(NOON + HOUR)
    world.fire(Timer.DUE)
    world.tell(PersonActed(nonce="1", case=world.case.id, act="solve", at=world.now))
    assert Of(world).at(NOON + HOUR) == []
    world.tell(ours(world, Verdict.ANSWERED, agent="101", talk=60.0))
    assert Of(world).at(NOON + HOUR) == [(1, 0, 1, 0)]
