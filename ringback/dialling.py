"""How callers' numbers are shown: the readings of a caller id that are worth trying, the likeliest first.

`phonenumbers` knows the plans; what it does not know of Latin America's dialling habits is in the table here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{0,6}$")]


class Trunk(BaseModel):
    """How the trunk that brings a line's calls shows callers, where it differs from the country's habit.

    `area_code` is put before local numbers, `strip` is a prefix that the carrier adds. `e164`: every caller id begins
    with a country code, though without a plus. `mobile` (Argentina): callers without 9 and 15 are mobiles too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    area_code: Digits = ""
    strip: Digits = ""
    e164: bool = False
    mobile: bool = False


PLAIN_TRUNK = Trunk()


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a caller id: what `phonenumbers` is asked about, how it was arrived at, and what to dial if it
    holds (the caller id as it came, without a prefix of the carrier's)."""

    spelling: str
    how: str
    dial: str


_Rewrites = tuple[tuple[re.Pattern[str], str], ...]
_REWRITES: dict[str, _Rewrites] = {
    # Mexico: the prefixes of before 2019 and 2020 are still seen in caller ids.
    "MX": ((re.compile(r"^(?:044|045|01|1)(\d{10})$"), r"\1"),),
    # Argentina: 15 marks a mobile after the area code; abroad it is a 9 before it.
    "AR": (
        (re.compile(r"^0?(11)15(\d{8})$"), r"9\1\2"),
        (re.compile(r"^0?(\d{3})15(\d{7})$"), r"9\1\2"),
        (re.compile(r"^0?(\d{4})15(\d{6})$"), r"9\1\2"),
    ),
    # Brazil: a trunk 0, perhaps a carrier's two digits, then area and number.
    "BR": ((re.compile(r"^0(?:\d{2})?(\d{2}9?\d{8})$"), r"\1"),),
    # Colombia: 03 was dialled before mobiles.
    "CO": ((re.compile(r"^03(3\d{9})$"), r"\1"),),
}
_OLD_MEXICO = re.compile(r"^521(\d{10})$")
_LOCAL_MOBILE = re.compile(r"^15(\d{6,8})$")


def readings(dial: str, region: str, trunk: Trunk = PLAIN_TRUNK) -> Iterator[Reading]:
    """Every reading of `dial` (digits, perhaps with a plus before them) as seen from `region`."""
    if dial.startswith("+"):
        yield from _abroad(dial[1:], "with its country code", dial)
        return
    if trunk.strip and dial.startswith(trunk.strip):
        bare = dial.removeprefix(trunk.strip)
        for reading in _bare(bare, region, trunk):
            yield Reading(reading.spelling, f"{reading.how}, without the prefix {trunk.strip}", bare)
    yield from _bare(dial, region, trunk)


def _bare(digits: str, region: str, trunk: Trunk) -> Iterator[Reading]:
    if digits.startswith("00"):  # before any national reading: no number of any country begins so
        yield from _abroad(digits[2:], "dialled with 00", digits)
    if not trunk.e164:
        yield from _at_home(digits, region, trunk)
    yield from _abroad(digits, "with its country code, without a plus", digits)


def _at_home(digits: str, region: str, trunk: Trunk) -> Iterator[Reading]:
    rewritten = digits
    for pattern, replacement in _REWRITES.get(region, ()):
        rewritten = pattern.sub(replacement, rewritten)
    if rewritten != digits:
        yield Reading(rewritten, f"as it is dialled in {region}", digits)
    yield Reading(digits, f"as a number of {region}", digits)
    if trunk.area_code:
        yield Reading(_local(digits, region, trunk.area_code), f"with the area code {trunk.area_code}", digits)


def _local(digits: str, region: str, area: str) -> str:
    mobile = _LOCAL_MOBILE.match(digits) if region == "AR" else None
    return f"9{area}{mobile[1]}" if mobile else area + digits


def _abroad(digits: str, how: str, dial: str) -> Iterator[Reading]:
    if old := _OLD_MEXICO.match(digits):
        yield Reading(f"+52{old[1]}", f"{how}, in Mexico's form of today", dial)
    yield Reading("+" + digits, how, dial)
