from __future__ import annotations

import pytest

from ringback.call import Verdict
from ringback.fact import CallEnded, Delivery, PersonActed, Timer
from ringback.journal import Entry, Event
from ringback.kpi import Figure, Report, report
from tests.core import worlds
from tests.core.test_case import ours, ringing
from tests.core.worlds import FLOW, NOON, World, call, contacted


def fold(*worlds: World) -> Report:
    entries = [
        entry.model_copy(update={"case": f"{number}-{entry.case}"})
        for number, world in enumerate(worlds)
        for entry in world.journal
    ]
    return report(entries, NOON - 3600, NOON + 3600)


def figure(found: Report, name: str) -> Figure:
    return next(figure for figure in found.figures if figure.name == name)


def called_back() -> World:
    world = ringing()
    world.now += 60
    world.tell(ours(world, Verdict.ANSWERED, agent="101", talk=30.0, customer_up=True))
    world.taps("rate_4")
    return world


def returned() -> World:
    world = contacted()
    world.now += 60
    world.tell(CallEnded(call=call(Verdict.ANSWERED, at=world.now, agent="101", talk=30.0)))
    return world


def solved() -> World:
    world = contacted()
    world.tell(Delivery(wamid="w", message=world.messages[0].id, status="read", at=world.now))
    for option in ("write", "info", "solved", "rate_2"):
        world.taps(option)
    return world


def handed_over() -> World:
    world = contacted()
    world.says("hola")
    world.now += 30
    world.tell(PersonActed(nonce="1", case=world.case.id, act="reply", text="Sí", at=world.now))
    return world


def unanswered() -> World:
    world = contacted()
    world.fire(Timer.EXPIRY)
    return world


def test_the_five_figures_of_five_cases() -> None:
    found = fold(called_back(), returned(), solved(), handed_over(), unanswered())
    assert found.missed_calls == 5
    recovery = figure(found, "recovery_rate")
    assert (recovery.value, recovery.n) == (3 / 5, 5)
    assert recovery.parts == {"callback": 1, "solved": 1, "returned": 1, "manual": 0, "assisted": 2 / 5}
    response = figure(found, "first_response_time")
    assert (response.value, response.n) == (20.0, 5)
    assert response.parts["first_human_n"] == 3
    assert (figure(found, "solved_in_whatsapp").value, figure(found, "solved_in_whatsapp").n) == (1.0, 1)
    assert figure(found, "escalated").value == pytest.approx(1 / 3)
    satisfaction = figure(found, "satisfaction")
    assert (satisfaction.value, satisfaction.n, satisfaction.parts) == (0.5, 2, {"asked": 2, "response_rate": 1.0})


def test_an_empty_period_has_no_values_and_no_lies() -> None:
    found = report([], NOON, NOON + 1)
    assert [(figure.value, figure.n) for figure in found.figures] == [(None, 0)] * 6


def test_a_recovery_after_a_day_does_not_count() -> None:
    world = contacted()
    world.now += 25 * 3600
    world.tell(CallEnded(call=call(Verdict.ANSWERED, at=world.now)))
    assert figure(fold(world), "recovery_rate").value == 0.0


def test_solved_does_not_count_when_he_had_to_call_again() -> None:
    first, again = solved(), World(now=NOON + 600)
    again.missed()
    assert figure(fold(first, again), "solved_in_whatsapp").value == 0.0


def test_solved_does_not_count_when_his_next_missed_call_was_not_followed_up() -> None:
    world = solved()
    again = Entry(
        at=world.now + 600, event=Event.SUPPRESSED, customer=world.case.customer, data={"why": "written to a while ago"}
    )
    found = report([*world.journal, again], NOON - 3600, NOON + 3600)
    assert figure(found, "solved_in_whatsapp").value == 0.0


def test_a_survey_counts_whatever_its_step_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = FLOW.steps | {"stars": FLOW.steps["survey"]}
    monkeypatch.setattr(worlds, "FLOW", FLOW.model_copy(update={"survey": "stars", "steps": steps}))
    assert figure(fold(called_back()), "satisfaction").parts["asked"] == 1


def test_minutes_without_a_link_are_counted_inside_the_period() -> None:
    def entry(event: Event, at: float) -> Entry:
        return Entry(at=at, event=event, data={"pbx": "pbx"})

    journal = [entry(Event.LINK_DOWN, NOON - 60), entry(Event.LINK_UP, NOON + 60), entry(Event.LINK_DOWN, NOON + 240)]
    assert report(journal, NOON, NOON + 300).link_down_minutes == 2.0
