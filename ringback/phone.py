"""From the text a PBX shows as caller id to a number in E.164, or the reason why there is none.

`phonenumbers` knows the plans; what it does not know of Latin America's dialling habits is in the tables here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers

ANONYMOUS = frozenset(
    {"", "anonymous", "private", "blocked", "unknown", "<unknown>", "restricted", "unavailable", "withheld", "asterisk"}
)
SHORTEST = 7
"""Digits; what is shorter is an extension or a service number."""


class NoNumber(StrEnum):
    """Why a caller id is nobody we can write to."""

    ANONYMOUS = "anonymous"
    SHORT = "short"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Number:
    """A customer's number: `e164` (+ and digits) to write to, `dial` as the caller id came, to ring him back with."""

    e164: str
    dial: str

    @property
    def key(self) -> str:
        """The same for every spelling of the number: for matching only, never to send or dial."""
        return match_key(self.e164)


_REWRITES: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    # Mexico: the prefixes of before 2019 and 2020 are still seen in caller ids.
    "MX": ((re.compile(r"^(?:044|045|01|1)(\d{10})$"), r"\1"), (re.compile(r"^521(\d{10})$"), r"52\1")),
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


def normalise(text: str, region: str) -> Number | NoNumber:
    """Read a caller id as a number of `region` (ISO 3166 code of the PBX's country)."""
    shown = text.strip()
    if shown.lower() in ANONYMOUS:
        return NoNumber.ANONYMOUS
    if not re.fullmatch(r"\+?[0-9 ().-]{1,32}", shown):
        return NoNumber.INVALID
    digits = re.sub(r"\D", "", shown)
    if len(digits) < SHORTEST:
        return NoNumber.SHORT
    dial = "+" * shown.startswith("+") + digits
    for spelling in _spellings(dial, region):
        e164 = _valid(spelling, region)
        if e164:
            return Number(e164=e164, dial=dial)
    return NoNumber.INVALID


def whatsapp_number(wa_id: str, region: str) -> Number | NoNumber:
    """Read a WhatsApp id. One that is no valid number to us (a Brazilian mobile without its 9) is still where he writes
    from, so it stands as it is."""
    number = normalise(f"+{wa_id}", region) if wa_id else NoNumber.ANONYMOUS
    if number is NoNumber.INVALID and re.fullmatch(r"[1-9][0-9]{6,14}", wa_id):
        return Number(e164=f"+{wa_id}", dial=f"+{wa_id}")
    return number


def _spellings(dial: str, region: str) -> list[str]:
    """The readings to try, the likeliest first: national after our rewrites, as it is, with + in front."""
    digits = dial.lstrip("+")
    rewritten = digits
    for pattern, replacement in _REWRITES.get(region, ()):
        rewritten = pattern.sub(replacement, rewritten)
    return ["+" + rewritten, dial] if dial.startswith("+") else [rewritten, digits, "+" + rewritten]


def _valid(spelling: str, region: str) -> str:
    try:
        number = phonenumbers.parse(spelling, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def match_key(number: str) -> str:
    """Digits equal for wa_id, E.164 and dialled form of one subscriber (521 -> 52, 549 -> 54, BR 55 DDD 9 -> no 9)."""
    digits = re.sub(r"\D", "", number)
    if re.fullmatch(r"521\d{10}", digits):
        return "52" + digits[3:]
    if re.fullmatch(r"549\d{10}", digits):
        return "54" + digits[3:]
    if re.fullmatch(r"55\d{2}9\d{8}", digits):
        return digits[:4] + digits[5:]
    return digits
