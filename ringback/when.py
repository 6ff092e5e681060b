"""A moment as a person types it, on the clock of a line."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo


class WhenError(ValueError):
    """What was typed is no moment to come; the text says why and how to write one."""


def moment(text: str, zone: str, now: float) -> float:
    """The moment (epoch seconds) that '16:30' (today) or '2026-11-24 16:30' means in a time zone.

    Of an hour that the clocks show twice it is the first. Raises WhenError.
    """
    place = ZoneInfo(zone)
    try:
        then = _read(text.strip(), datetime.fromtimestamp(now, place))
        at = then.timestamp()
    except (ValueError, OverflowError):
        raise WhenError(f"{text!r} is no time; write it like 16:30 or '2026-11-24 16:30'") from None
    if datetime.fromtimestamp(at, place).replace(tzinfo=None) != then.replace(tzinfo=None):
        raise WhenError(f"{text!r} does not exist: the clocks of {zone} leap over it")
    if at <= now:
        raise WhenError(f"{text!r} has passed; it is {datetime.fromtimestamp(now, place):%Y-%m-%d %H:%M} in {zone}")
    return at


def _read(text: str, now: datetime) -> datetime:
    """Raises ValueError for anything but a time of day or a day with a time, in local terms."""
    if len(text) <= len("16:30"):
        return datetime.combine(now.date(), time.fromisoformat(text), now.tzinfo)
    then = datetime.fromisoformat(text)
    if then.tzinfo or len(text) < len("2026-11-24 16:30"):
        raise ValueError(text)
    return then.replace(tzinfo=now.tzinfo)
