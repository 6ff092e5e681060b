"""Whom we may ring at all, and how often: calls back must not be of use to a fraudster. Pure.

What fraud does to a PBX that rings back: callers with numbers that cost (premium, satellite, far countries) ring
shortly and hope for our call (wangiri); whole ranges of numbers call, one after the other; one calls
again and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType
from pydantic import BaseModel, ConfigDict, Field

from ringback.call import Call
from ringback.line import Line, Prefix
from ringback.phone import NoNumber, Number

RINGABLE = frozenset(
    {
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
    }
)
"""Kinds of numbers behind which an ordinary telephone is; every other kind may cost what its owner likes."""
NOWHERE = "001"
"""The region that phonenumbers gives to satellites, ships and international services: they belong to no country."""
BLOCK = 4
"""Digits at the end that the numbers of one block differ in: 10,000 neighbours."""

SHORT_RING_S = 15.0
"""Who hung up sooner rang to be rung back, perhaps."""


class Guard(BaseModel):
    """The limits of all calls back together. Counts are of the last hour or day, not of the clock's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number_day: Annotated[int, Field(ge=1, le=1_000)] = 6
    """Calls to one number, on whatever line, in a day."""
    block_hour: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Calls to numbers that differ in their last four digits only, in an hour."""
    hour: Annotated[int, Field(ge=1, le=1_000_000)] = 600
    day: Annotated[int, Field(ge=1, le=10_000_000)] = 5_000
    spend_day: Annotated[float, Field(ge=0)] = 0
    """What the calls of a day (UTC) may cost by `prices`; 0 for no limit."""
    price: Annotated[float, Field(ge=0)] = 0
    """Of a minute to a number that `prices` does not name."""
    prices: dict[Prefix, Annotated[float, Field(ge=0)]] = {}
    """Of a minute, by how the number begins (+51, +519); the longest that fits counts."""
    burst_callers: Annotated[int, Field(ge=1, le=100_000)] = 10
    """So many different callers from abroad who hung up at once, within `burst_min`: then nobody abroad is rung."""
    burst_min: Annotated[float, Field(gt=0, le=1440)] = 10
    burst_stop_min: Annotated[float, Field(gt=0, le=10_080)] = 60
    """How long nobody abroad is rung after a burst."""

    def cost(self, number: str, minutes: float) -> float:
        """What a call of so long to a number (E.164) is expected to cost."""
        fits = [prefix for prefix in self.prices if number.startswith(prefix)]
        return minutes * (self.prices[max(fits, key=len)] if fits else self.price)


DEFAULT = Guard()


@dataclass(frozen=True, slots=True)
class Ringable:
    """A number that may be rung: `e164`, its `block` of neighbours, whether it is `abroad` of the line."""

    e164: str
    region: str
    abroad: bool

    @property
    def block(self) -> str:
        """The number without its last digits."""
        return self.e164[:-BLOCK]


def ringable(dial: str, key: str, line: Line) -> Ringable | str:
    """Read a number as it would be dialled on a line, for a customer with this match key; or why it is never rung."""
    number = line.number(dial)
    if isinstance(number, NoNumber):
        return f"no number to ring: {number}"
    if number.key != key:
        return "not the number that he called from or confirmed"
    parsed = phonenumbers.parse(number.e164)
    region = phonenumbers.region_code_for_number(parsed) or NOWHERE
    return _never(number.e164, parsed, region, line) or Ringable(number.e164, region, abroad=region != line.region)


def is_bait(call: Call, number: Number, line: Line) -> bool:
    """Whether a missed call looks like one of a burst from abroad."""
    region = phonenumbers.region_code_for_number(phonenumbers.parse(number.e164))
    return region != line.region and call.ended - call.started < SHORT_RING_S


def _never(e164: str, parsed: PhoneNumber, region: str, line: Line) -> str:
    plan = line.callback
    kind = phonenumbers.number_type(parsed)
    denied = next((prefix for prefix in plan.never if e164.startswith(prefix)), "")
    reasons = (
        (region == NOWHERE, "a number of no country: satellite, ship or international service"),
        (region not in (plan.countries or (line.region,)), f"{region} is not among the countries that are rung"),
        (kind not in RINGABLE, f"no ordinary telephone: {PhoneNumberType.to_string(kind).replace('_', ' ').lower()}"),
        (denied, f"begins with {denied}, which is never rung"),
    )
    return next((why for holds, why in reasons if holds), "")
