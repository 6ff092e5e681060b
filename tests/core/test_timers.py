"""No case is left without a timer, whatever the clocks do and in whichever order timers and words arrive."""

from __future__ import annotations

import pytest

from ringback.call import Direction, Verdict
from ringback.fact import CallEnded, NotDialled, Timer, TimerFired
from ringback.hours import DAYS, Hours
from ringback.record import Outcome, State
from tests.core.worlds import NOON, World, call, contacted, line

HOUR = 3600.0
DAY = 24 * HOUR


def fired(world: World, timer: Timer, due: float) -> None:
    world.tell(TimerFired(case=world.case.id, timer=timer, due=due))


def ended(world: World, verdict: Verdict) -> None:
    attempt = world.dials[-1].attempt
    world.tell(CallEnded(call=call(verdict, at=world.now, linkedid=attempt, direction=Direction.OURS)))


def test_a_clock_a_little_behind_the_one_that_fired_the_timer_loses_nobody() -> None:
    world = World()
    world.missed()
    due = world.timer(Timer.QUIET)
    world.now = due - 0.4
    fired(world, Timer.QUIET, due)
    assert world.case.state is State.CONTACTED
    world.taps("now")
    due = world.timer(Timer.DUE)
    world.now = due - 0.4
    fired(world, Timer.DUE, due)
    assert len(world.dials) == 1


def test_a_quiet_timer_that_was_moved_while_it_was_on_its_way_writes_to_nobody() -> None:
    world = World()
    world.missed()
    early = world.timer(Timer.QUIET)
    world.now += 15
    world.missed()
    world.now = early
    fired(world, Timer.QUIET, early)
    assert world.messages == []


def test_an_older_miss_that_comes_late_does_not_set_a_timer_that_was_used_up() -> None:
    world = World()
    world.missed()
    world.on_call = True
    world.fire(Timer.QUIET)
    used = world.timer(Timer.QUIET) - world.line.quiet_s
    world.now += 5
    world.tell(CallEnded(call=call(at=NOON - 60, linkedid="late")))
    assert world.timer(Timer.QUIET) > used


def test_who_writes_before_he_was_written_to_has_a_case_that_ends() -> None:
    world = World()
    world.missed()
    world.says("hola")
    assert world.case.state is State.WITH_PERSON
    world.fire(Timer.EXPIRY)
    assert world.case.outcome is Outcome.EXPIRED


@pytest.mark.parametrize(("option", "state"), [("write", State.TALKING), ("later", State.TALKING)])
def test_who_answers_late_has_his_whole_time_for_the_conversation(option: str, state: State) -> None:
    world = contacted()
    first = world.timer(Timer.EXPIRY)
    world.now = first - 60
    world.taps(option)
    world.now = first
    fired(world, Timer.EXPIRY, first)
    assert world.case.state is state


def test_an_expiry_on_its_way_does_not_break_a_promise_made_before_it() -> None:
    world = contacted()
    first = world.timer(Timer.EXPIRY)
    world.now = first - 1
    world.taps("now")
    fired(world, Timer.EXPIRY, first)
    assert world.case.state is State.PROMISED


def test_a_second_attempt_after_the_weekend_is_not_given_up_before() -> None:
    hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-18:00") | {"sat": "", "sun": ""}
    world = contacted(hours=hours)
    world.now = NOON + 4 * DAY + 5.9 * HOUR  # Friday 17:54
    world.taps("now")
    world.fire(Timer.DUE)
    ended(world, Verdict.NO_ANSWER)
    assert world.timer(Timer.EXPIRY) > world.timer(Timer.DUE) > NOON + 6 * DAY


def test_a_call_back_that_the_pbx_cannot_make_is_not_tried_for_ever() -> None:
    world = contacted()
    world.taps("now")
    until = world.timer(Timer.EXPIRY)
    for _ in range(3):
        world.fire(Timer.DUE)
        attempt = world.dials[-1].attempt
        world.tell(NotDialled(case=world.case.id, attempt=attempt, outcome="unwanted", why="no link", at=world.now))
    assert world.timer(Timer.EXPIRY) == until
    world.fire(Timer.EXPIRY)
    assert world.case.outcome is Outcome.LOST


def test_a_line_without_an_open_hour_gives_him_to_a_person_instead_of_an_empty_list() -> None:
    closed = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "")
    world = contacted(hours=closed)
    world.taps("later")
    assert world.case.state is State.WITH_PERSON
    assert line(hours=closed).next_open(NOON) is None


def test_whoever_called_at_night_is_written_to_in_the_morning_and_not_taken_for_late() -> None:
    world = World(line(messaging=Hours(**dict.fromkeys(DAYS, "18:00-22:00")), timezone="UTC"))
    world.missed()
    world.fire(Timer.QUIET)
    assert world.messages == []
    morning = world.timer(Timer.QUIET)
    assert morning == NOON + HOUR
    world.fire(Timer.QUIET)
    (message,) = world.messages
    assert message.not_after == morning + 2 * HOUR
