"""When a line may be rung or may ring: weekly hours in its own time zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOK_AHEAD_DAYS = 61


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone; write it like 'America/Lima'") from error
    return name


ZoneName = Annotated[str, AfterValidator(_zone)]


def _span(text: str) -> str:
    opens, _, closes = text.partition("-")
    try:
        start, end = _clock(opens), _clock(closes)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a span of hours; write it like '09:00-18:00', or '' for closed") from error
    if text and start >= end:
        raise ValueError(f"{text!r} ends before it begins; a span may reach '24:00' but not past midnight")
    return text


def _clock(text: str) -> timedelta:
    if not text:
        return timedelta(0)
    if text == "24:00":
        return timedelta(days=1)
    moment = time.fromisoformat(text)
    return timedelta(hours=moment.hour, minutes=moment.minute)


Span = Annotated[str, AfterValidator(_span)]


class Hours(BaseModel):
    """Opening hours by weekday, as 'HH:MM-HH:MM'; an empty text is a closed day. Open all the time unless said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mon: Span = "00:00-24:00"
    tue: Span = "00:00-24:00"
    wed: Span = "00:00-24:00"
    thu: Span = "00:00-24:00"
    fri: Span = "00:00-24:00"
    sat: Span = "00:00-24:00"
    sun: Span = "00:00-24:00"

    def on(self, day: date, zone: str) -> tuple[float, float] | None:
        """From when to when (epoch seconds) a day is open; None for a closed one."""
        span: str = getattr(self, DAYS[day.weekday()])
        return instants(span, day, zone) if span else None

    def next_open(self, at: float, zone: str, off: Callable[[date], bool] = lambda day: False) -> float | None:
        """The first moment from `at` (epoch seconds) on that is open and not on a day off; None if there is none
        within two months."""
        for day in days(at, zone, LOOK_AHEAD_DAYS):
            span = None if off(day) else self.on(day, zone)
            if span and at < span[1]:
                return max(at, span[0])
        return None


def instants(span: str, day: date, zone: str) -> tuple[float, float]:
    """When a span of hours of a day begins and ends (epoch seconds).

    An hour that the clocks leap over counts as the moment of the leap or after it; of one that comes twice, the first.
    """
    midnight = datetime.combine(day, time(), ZoneInfo(zone))
    opens, _, closes = span.partition("-")
    return (midnight + _clock(opens)).timestamp(), (midnight + _clock(closes)).timestamp()


def days(at: float, zone: str, count: int) -> Iterator[date]:
    """The day of a moment (epoch seconds) in a time zone, and those that follow, `count` in all."""
    first = datetime.fromtimestamp(at, ZoneInfo(zone)).date()
    return (first + timedelta(days=ahead) for ahead in range(count))
