"""When a line may be rung or may ring: weekly hours in its own time zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOK_AHEAD_DAYS = 14


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

    def _today(self, moment: datetime) -> tuple[datetime, datetime] | None:
        span: str = getattr(self, DAYS[moment.weekday()])
        if not span:
            return None
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        opens, _, closes = span.partition("-")
        return midnight + _clock(opens), midnight + _clock(closes)

    def next_open(self, at: float, zone: str) -> float | None:
        """The first moment from `at` (epoch seconds) on that is open; None if there is none within two weeks."""
        moment = datetime.fromtimestamp(at, ZoneInfo(zone))
        for ahead in range(LOOK_AHEAD_DAYS + 1):
            span = self._today(moment + timedelta(days=ahead))
            if span and at < span[1].timestamp():
                return max(at, span[0].timestamp())
        return None

    def slots(self, after: float, zone: str, count: int) -> list[float]:
        """The next `count` whole hours (epoch seconds) that begin while the line is open, at least ten minutes away."""
        found: list[float] = []
        moment = datetime.fromtimestamp(after + 600, ZoneInfo(zone)).replace(minute=0, second=0, microsecond=0)
        for ahead in range(1, LOOK_AHEAD_DAYS * 24):
            begins = (moment + timedelta(hours=ahead)).timestamp()
            if len(found) == count:
                break
            if self.next_open(begins, zone) == begins:
                found.append(begins)
        return found
