"""The days on which a line does not ring anybody: national holidays, and those of the business itself."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def _day(text: str) -> str:
    try:
        if not re.fullmatch(r"(\d{4}-)?\d{2}-\d{2}", text, re.ASCII):
            raise ValueError(text)
        date.fromisoformat(text if len(text) > 5 else f"2024-{text}")  # a leap year has every day
    except ValueError:
        raise ValueError(f"{text!r} is no day; write it like '2026-12-24', or '12-24' for every year") from None
    return text


Day = Annotated[str, AfterValidator(_day)]


class DaysOff(BaseModel):
    """Which days are closed whatever the hours say. `open` are exceptions: holidays on which the business works."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    national: bool = False
    """Whether the public holidays of the line's country (`region`) are closed."""
    subdivision: str = ""
    """The part of the country whose own holidays count too, as ISO 3166-2 has it behind the dash: 'SP', 'B'."""
    closed: tuple[Day, ...] = ()
    open: tuple[Day, ...] = ()

    def off(self, day: date, country: str) -> bool:
        """Whether a day is closed in this country (two letters)."""
        names = {day.isoformat(), day.isoformat()[5:]}
        if names & set(self.open):
            return False
        return bool(names & set(self.closed)) or (self.national and day in _public(country, self.subdivision, day.year))

    def trouble(self, country: str) -> str:
        """Why the public holidays of this country cannot be known, "" if they are."""
        if not self.national:
            return "" if not self.subdivision else "subdivision says something only beside national = true"
        try:
            _public(country, self.subdivision, 2026)
        except NotImplementedError as error:
            return f"{error}; leave it out, and write days under closed"
        return ""


@cache
def _public(country: str, subdivision: str, year: int) -> frozenset[date]:
    """Raises NotImplementedError for a country or a part of it that is not known."""
    from holidays import country_holidays  # a tenth of a second: only for lines that ask for it

    return frozenset(country_holidays(country, subdiv=subdivision or None, years=year))
