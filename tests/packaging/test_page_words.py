"""The sandbox page has words for everything that it may have to show."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from ringback import kpi
from ringback.call import Verdict
from ringback.callback import Ended
from ringback.journal import Event
from ringback.offered import Choice
from ringback.record import Outcome, State
from ringback.step import LANGUAGES
from tests.core.worlds import FLOW

TEXTS = tomllib.loads(files("ringbackd.sandbox").joinpath("page/texts.toml").read_text(encoding="utf-8"))
SHOWN = {
    "event": tuple(Event),
    "state": tuple(State),
    "outcome": tuple(Outcome),
    "verdict": tuple(Verdict),
    "ended": tuple(Ended),
    "step": tuple(FLOW.steps),
    "figure": tuple(figure.name for figure in kpi.report((), 0, 1).figures),
    "part": tuple(f"offer_{choice}" for choice in Choice if choice is not Choice.CANCELLED),
}


@pytest.mark.parametrize("part", SHOWN)
def test_everything_that_is_shown_has_words(part: str) -> None:
    assert [name for name in SHOWN[part] if name not in TEXTS[part]] == []


def test_every_text_is_there_in_every_language() -> None:
    assert [key for part in TEXTS.values() for key, text in part.items() if set(text) != set(LANGUAGES)] == []
