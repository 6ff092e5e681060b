from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ringback.when import WhenError, moment
from tests.core.worlds import NOON

LIMA = "America/Lima"


@pytest.mark.parametrize("text", ["16:30", " 16:30 ", "2026-11-23 16:30", "2026-11-23T16:30"])
def test_a_time_is_read_on_the_clock_of_the_line(text: str) -> None:
    assert moment(text, LIMA, NOON) == NOON + 4.5 * 3600


@pytest.mark.parametrize(
    "text", ["", "soon", "16:60", "2026-11-23", "2026-02-30 10:00", "2026-11-23T16:30+09:00", "٤:٣٠", "9" * 400]
)
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(WhenError, match=r"is no time; write it like 16:30"):
        moment(text, LIMA, NOON)


def test_what_has_passed_or_never_comes_is_told() -> None:
    with pytest.raises(WhenError, match="has passed; it is 2026-11-23 12:00 in America/Lima"):
        moment("12:00", LIMA, NOON)
    with pytest.raises(WhenError, match="leap over it"):
        moment("2027-09-05 00:30", "America/Santiago", NOON)


def test_of_an_hour_that_comes_twice_it_is_the_first() -> None:
    at = moment("2027-04-03 23:30", "America/Santiago", NOON)
    assert datetime.fromtimestamp(at, ZoneInfo("America/Santiago")).fold == 0
