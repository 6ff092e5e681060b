"""What a customer is called comes from outside: it must not break what is said to him."""

from __future__ import annotations

import pytest

from ringback import words
from ringback.fact import Timer
from ringback.line import Language
from ringback.message import Template
from tests.core import worlds
from tests.core.worlds import FLOW, NOON, World


@pytest.mark.parametrize(("name", "said"), [("   ", "Tienda Sol"), ("Ana\n  Paz", "Ana Paz"), ("x" * 4000, "x" * 60)])
def test_a_name_fits_into_the_template(name: str, said: str) -> None:
    first = FLOW.steps["first_contact"]
    texts = first.text.model_copy(update={"es": "Hola {name}, le saluda {brand}."})
    steps = FLOW.steps | {"first_contact": first.model_copy(update={"text": texts})}
    world = World(flow=FLOW.model_copy(update={"steps": steps}))
    world.missed(caller_name=name)
    world.fire(Timer.QUIET)
    body = world.messages[0].body
    assert isinstance(body, Template)
    assert body.params[0] == said


def test_a_person_reads_what_the_customer_read() -> None:
    assert "Tienda Sol" in worlds.contacted().case.transcript[0].text


@pytest.mark.parametrize(
    ("days", "language", "said"),
    [
        (0, "es", "hoy a las 13:00"),
        (1, "en", "tomorrow at 13:00"),
        (3, "es", "el jue 26 a las 13:00"),
        (3, "en", "on Thu 26 at 13:00"),
        (3, "pt", "qui 26 às 13:00"),
    ],
)
def test_a_moment_is_said_inside_a_sentence(days: int, language: Language, said: str) -> None:
    at = NOON + 3600 + days * 86400
    assert words.due(at, NOON, "America/Lima", language) == said
