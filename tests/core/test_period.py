"""What is kept of a journal for the figures of a period: all that the period needs, in whatever order, and no more."""

from __future__ import annotations

from ringback import kpi
from ringback.journal import Entry
from ringback.period import SLACK_S, Period
from tests.core.test_kpi import called_back, solved
from tests.core.worlds import NOON


def told(entries: list[Entry], since: float) -> Period:
    period = Period(since, NOON + 3600)
    for entry in entries:
        period.tell(entry)
    return period


def test_entries_may_have_been_written_again_later() -> None:
    entries = [*called_back().journal]  # erasing a customer writes some of his entries anew at the end
    assert entries[0] != entries[-1]
    moved = [*entries[2:], *entries[:2]]
    before, after = (kpi.figures(told(found, NOON - 3600)) for found in (entries, moved))
    assert after == before
    assert [figure.n for figure in before.figures][:1] == [1]


def test_of_what_ended_long_before_nothing_is_kept() -> None:
    period = told([*solved().journal], NOON + 2 * SLACK_S)
    assert (period._stories, period._letters, period.misses) == ({}, {}, {})


def test_a_clock_of_the_pbx_that_is_ahead_loses_no_case() -> None:
    entries = [entry.model_copy(update={"at": entry.at - 600}) for entry in called_back().journal]
    period = told(entries, NOON - 60)
    assert len(period.cases) == 1
