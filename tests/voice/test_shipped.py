"""What is shipped is whole, of today's texts, small, and as long as its words."""

from __future__ import annotations

from itertools import chain

import pytest

from agi import voice
from ringback.line import Language
from ringbackd.promptcheck import judge, seconds
from ringbackd.prompts import shipped, wanted
from ringbackd.speaking import AS_SHIPPED

SHIPPED = shipped()


@pytest.mark.parametrize("language", voice.LANGUAGES)
def test_every_prompt_is_there_and_says_what_its_text_says_today(language: Language) -> None:
    stale = [
        prompt.key for prompt in wanted(language) if SHIPPED.made(prompt.key) != AS_SHIPPED.made(prompt.text, language)
    ]
    assert stale == []
    assert [finding for prompt in wanted(language) for finding in judge(prompt, SHIPPED, AS_SHIPPED)] == []


def test_there_is_nothing_else() -> None:
    assert SHIPPED.keys == sorted(prompt.key for language in voice.LANGUAGES for prompt in wanted(language))
    assert [key for key in SHIPPED.keys if SHIPPED.recorded(key)] == []


def test_both_rates_of_a_prompt_are_equally_long() -> None:
    for key in SHIPPED.keys:
        narrow, wide = sorted(SHIPPED.files(key), key=lambda path: path.suffix, reverse=True)
        assert (narrow.suffix, wide.suffix) == (".gsm", ".g722")
        assert seconds(narrow) == pytest.approx(seconds(wide), abs=0.021), key


def test_all_together_are_small() -> None:
    files = chain.from_iterable(SHIPPED.files(key) for key in SHIPPED.keys)
    assert sum(path.stat().st_size for path in files) < 8_000_000
