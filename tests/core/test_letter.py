"""How far a message came: only forward, whatever order the news comes in; its life and the figures of all messages."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.command import Note
from ringback.fact import Delivery, Refused
from ringback.journal import Event
from ringback.kpi import Figure, report
from ringback.letter import Letter, letters
from ringback.receipt import Tick, counts
from tests.core.worlds import NOON, World, contacted

ORDER = ("", "sent", "delivered", "read", "played")


def final(*news: str) -> str:
    known = ""
    for one in news:
        known = one if counts(one, known) else known
    return known


@pytest.mark.parametrize("news", list(permutations(["sent", "delivered", "read"])))
def test_the_furthest_of_what_was_told_stays(news: tuple[str, ...]) -> None:
    assert final(*news) == "read"


@pytest.mark.parametrize(
    ("news", "stays"),
    [
        (("failed",), "failed"),
        (("sent", "failed"), "failed"),
        (("failed", "sent"), "failed"),
        (("delivered", "failed"), "delivered"),
        (("read", "failed"), "read"),
        (("failed", "delivered"), "failed"),
        (("sent", "sent"), "sent"),
        (("read", "delivered"), "read"),
    ],
)
def test_a_failure_counts_only_before_it_was_delivered(news: tuple[str, ...], stays: str) -> None:
    assert final(*news) == stays


@given(st.lists(st.sampled_from([tick.value for tick in Tick])))
def test_nothing_ever_goes_back(news: list[str]) -> None:
    known = ""
    for one in news:
        if counts(one, known):
            assert one == "failed" or ORDER.index(one) > ORDER.index(known)
            known = one
    assert not any(counts(one, known) for one in news if one in {known, "failed"} and known == "failed")


def told(world: World, status: str, **more: object) -> None:
    world.now += 1
    fact = {"wamid": "w", "message": world.messages[0].id, "status": status, "at": world.now} | more
    world.tell(Delivery.model_validate(fact))


def life(world: World) -> Letter:
    return letters(world.journal)[world.messages[0].id]


def test_the_life_of_a_message() -> None:
    world = contacted()
    told(world, "sent", category="utility", billable=True)
    told(world, "read")
    told(world, "delivered")
    told(world, "failed", code=131026, why="undeliverable")
    letter = life(world)
    assert [(moment.what, moment.late) for moment in letter.moments] == [
        ("queued", False),
        ("accepted", False),
        ("sent", False),
        ("read", False),
        ("delivered", True),
        ("failed", True),
    ]
    assert (letter.status, letter.category, letter.billable, letter.code) == ("read", "utility", True, 0)
    assert (letter.case, letter.customer) == (world.case.id, "+51987654321")


def test_a_status_may_come_before_the_answer_of_the_send() -> None:
    world = contacted()
    journal = world.journal
    told(world, "delivered")
    accepted = next(entry for entry in journal if entry.event == "accepted")
    journal.remove(accepted)
    assert letters([*journal, *world.journal[-1:], accepted])[world.messages[0].id].status == "delivered"


def figures(*worlds: World) -> dict[str, Figure]:
    entries = [
        entry.model_copy(update={"data": {**entry.data, "message": f"{number}"}}) if "message" in entry.data else entry
        for number, world in enumerate(worlds)
        for entry in world.journal
    ]
    return {figure.name: figure for figure in report(entries, NOON - 60, NOON + 3600).messages}


def test_the_rates_of_messages_have_their_n() -> None:
    read, delivered, failed, silent = (contacted() for _ in range(4))
    told(read, "read", billable=True)
    told(delivered, "delivered")
    told(delivered, "failed")
    told(failed, "failed", code=131026)
    refused = contacted()
    stale = contacted()
    for world, scope in ((refused, "recipient"), (stale, "stale")):
        world.commands = [
            command
            for command in world.commands
            if not (isinstance(command, Note) and command.entry.event is Event.ACCEPTED)
        ]
        fact = {"case": world.case.id, "message": world.messages[0].id, "scope": scope, "why": "no", "at": NOON}
        world.tell(Refused.model_validate(fact))
    found = figures(read, delivered, failed, silent, refused, stale)
    assert [(found[name].value, found[name].n) for name in ("delivered", "read", "failed")] == [
        (2 / 4, 4),
        (1 / 2, 2),
        (3 / 6, 6),
    ]
    assert found["delivered"].parts == {"billed": 1}
    assert found["failed"].parts == {"failed": 1, "refused": 2}
