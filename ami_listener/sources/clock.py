"""Times as Asterisk writes them into files and tables, in seconds since the epoch. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from math import isfinite
from zoneinfo import ZoneInfo

BORN = re.compile(r"(?:^|-)([0-9]{9,11})\.[0-9]+$")
"""Asterisk's Uniqueid: seconds since the epoch, a dot, a counter; before it the systemname and a dash, if set."""

EARLIER_S = 1.0
"""Whole seconds: what is written of a channel may seem so much older than the channel."""


def born(uniqueid: str) -> float:
    """When a channel was made, from its Uniqueid; 0.0 where we or somebody else chose that freely."""
    found = BORN.search(uniqueid)
    return float(found[1]) if found else 0.0


class LocalClock:
    """Reads the local times of a PBX. `zone` is an IANA name; "" is the zone of this machine."""

    def __init__(self, zone: str = "") -> None:
        self._zone = ZoneInfo(zone) if zone else None

    def epoch(self, written: object, uniqueid: str = "") -> float | None:
        """Seconds since the epoch of a date, of its text, or of a number that is one already; None for anything else.

        In the hour that comes twice a year the channel's age decides: nothing is written of it before it is there.
        """
        if isinstance(written, (int, float)):
            return float(written) if isfinite(written) else None
        if isinstance(written, str):
            return self._of_text(written, uniqueid)
        return self._of_date(written, uniqueid) if isinstance(written, datetime) else None

    def local(self, at: float) -> datetime:
        """The wall clock of the PBX at `at`."""
        return datetime.fromtimestamp(at, self._zone).replace(tzinfo=None)

    def _of_text(self, text: str, uniqueid: str) -> float | None:
        try:
            return self.epoch(float(text))
        except ValueError:
            pass
        try:
            return self._of_date(datetime.fromisoformat(text), uniqueid)
        except ValueError:
            return None

    def _of_date(self, date: datetime, uniqueid: str) -> float | None:
        zone = date.tzinfo or self._zone
        try:
            twice = [date.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1)]
        except (OverflowError, OSError, ValueError):
            return None
        possible = [at for at in twice if at >= born(uniqueid) - EARLIER_S]
        return min(possible, default=max(twice))
