"""Who is asked how it was, with what, and how often."""

from __future__ import annotations

import pytest

from ringback.call import Direction, Verdict
from ringback.fact import Accepted, CallEnded, Delivery, PersonActed
from ringback.journal import Event
from ringback.kpi import Figure, report
from ringback.line import SurveyPlan
from ringback.message import Template
from ringback.record import Outcome
from tests.core.test_case import ours, ringing
from tests.core.worlds import NOON, World, call, contacted

BY_TEMPLATE = SurveyPlan(template=True)


def talks(world: World, **changes: object) -> None:
    """He calls again, and a person answers."""
    world.now += 60
    world.tell(CallEnded(call=call(Verdict.ANSWERED, at=world.now, agent="101", talk=30.0, **changes)))


def surveys(world: World) -> list[str]:
    """The kinds of the messages that asked for a rating."""
    asked = [entry.data for entry in world.journal if entry.event is Event.QUEUED and entry.data["survey"]]
    return [str(data["body"]) for data in asked]


def satisfaction(world: World) -> Figure:
    figures = report(world.journal, NOON - 3600, NOON + 3600).figures
    return next(figure for figure in figures if figure.name == "satisfaction")


def test_who_wrote_and_then_talked_to_a_person_is_asked_with_a_list() -> None:
    world = contacted()
    world.taps("write")
    talks(world)
    assert (world.case.outcome, surveys(world)) == (Outcome.RETURNED, ["menu"])
    world.taps("rate_5")
    assert (satisfaction(world).value, satisfaction(world).parts) == (1.0, {"asked": 1, "response_rate": 1.0})


def test_a_rating_may_be_corrected_and_the_same_tap_again_is_not_answered_again() -> None:
    world = contacted()
    world.taps("write")
    talks(world)
    for option, answers in (("rate_2", 1), ("rate_2", 0), ("rate_4", 1)):
        before = len(world.messages)
        world.taps(option)
        assert len(world.messages) - before == answers
    assert (world.case.rating, satisfaction(world).value, satisfaction(world).n) == (4, 1.0, 1)


@pytest.mark.parametrize(
    ("plan", "agreed", "stopped", "kinds"),
    [
        (BY_TEMPLATE, True, False, ["template"]),
        (BY_TEMPLATE, False, False, []),
        (BY_TEMPLATE, True, True, []),
        (SurveyPlan(), True, False, []),
        (SurveyPlan(ask=False, template=True), True, False, []),
    ],
)
def test_outside_the_24_hours_only_a_template_the_line_wants_for_who_agreed(
    plan: SurveyPlan, agreed: bool, stopped: bool, kinds: list[str]
) -> None:
    world = contacted(survey=plan)
    world.agreed, world.stopped = agreed, stopped
    talks(world)
    assert surveys(world) == kinds


def test_the_template_is_answered_and_is_no_first_contact() -> None:
    world = World()
    world.line = world.line.model_copy(update={"survey": BY_TEMPLATE})
    world.missed()
    world.agreed = True
    talks(world)
    (message,) = world.messages
    assert isinstance(message.body, Template)
    assert (message.body.name, message.body.params) == ("ringback_survey", ("Tienda Sol",))
    assert message.not_after == world.now + world.line.stale_h * 3600
    world.tell(Accepted(case=world.case.id, message=message.id, wamid="w", at=world.now))
    world.tell(Delivery(wamid="w", message=message.id, status="read", at=world.now))
    world.taps("rate_3")
    found = {figure.name: figure for figure in report(world.journal, NOON - 3600, NOON + 3600).figures}
    assert (found["satisfaction"].value, found["satisfaction"].n) == (0.0, 1)
    assert [found[name].n for name in ("first_response_time", "solved_in_whatsapp", "escalated")] == [0, 0, 0]


def test_one_case_asks_once() -> None:
    world = ringing()
    world.tell(ours(world, Verdict.ANSWERED, agent="101", talk=30.0, customer_up=True))
    talks(world)
    world.tell(PersonActed(nonce="1", case=world.case.id, act="solve", at=world.now))
    world.tell(ours(world, Verdict.ANSWERED, agent="101", talk=30.0, customer_up=True))
    assert surveys(world) == ["menu"]


@pytest.mark.parametrize("called_back", [True, False])
def test_the_key_pressed_after_the_talk_is_the_rating(called_back: bool) -> None:
    world = ringing()
    if called_back:
        world.tell(ours(world, Verdict.ANSWERED, agent="101", talk=30.0, customer_up=True, score=2))
    else:
        talks(world, score=2)
    assert (world.case.rating, surveys(world)) == (2, [])
    assert (satisfaction(world).value, satisfaction(world).parts) == (0.0, {"asked": 1, "response_rate": 1.0})


def test_the_rating_of_another_line_is_not_this_one_s() -> None:
    world = contacted()
    world.taps("write")
    talks(world, did="5550199", queue="soporte", queues=("soporte",), score=5)
    assert world.case.rating == 0


def test_the_line_that_he_called_asks_and_no_other() -> None:
    world = contacted()
    world.taps("write")
    talks(world, did="5550199", queue="soporte", queues=("soporte",))
    assert (world.case.outcome, surveys(world)) == (Outcome.RETURNED, [])


def test_whom_we_called_by_hand_is_asked_too() -> None:
    world = contacted()
    world.taps("write")
    talks(world, direction=Direction.OUTBOUND, did="", queue="", queues=(), dialled="987654321")
    assert (world.case.outcome, surveys(world)) == (Outcome.MANUAL, ["menu"])


def test_who_asked_not_to_be_contacted_is_not_asked() -> None:
    world = contacted()
    world.says("BAJA")
    talks(world)
    assert surveys(world) == []
