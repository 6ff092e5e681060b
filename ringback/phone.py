"""From the text a PBX shows as caller id to a number in E.164, or the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

from ringback.dialling import PLAIN_TRUNK, Reading, Trunk, readings

_NAMES = ("anonymous", "private", "blocked", "unknown", "restricted", "unavailable", "withheld")
_KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
ANONYMOUS = frozenset(
    {"", "<unknown>", "asterisk", "anonimo", "anónimo", "anônimo", "privado", "desconocido", "desconhecido"}
    | {"oculto", "restringido", "restrito", "confidencial", "no disponible", *_NAMES}
)
_SPELLED = frozenset(name.translate(_KEYPAD) for name in _NAMES)
"""Carriers that can only carry digits spell these words on the keypad: 266696687 is no number of Lesotho."""
USER_ID = r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}"
"""What Meta calls a customer who hides his number (a business-scoped user id): it can be written to, not rung."""
SHORTEST = 7
"""Digits; what is shorter is an extension or a service number (one fewer where an area code completes it)."""
EXTENSION = 5
"""Digits of the longest extension of a PBX that we suppose."""
_HOSTILE = re.compile(r"[\x00-\x1f\x7f@&|<>$\"'`\\;{}\[\]%=,?!]")


class NoNumber(StrEnum):
    """Why a caller id is nobody we can write to or ring."""

    ANONYMOUS = "anonymous"
    SHORT = "short"
    INTERNAL = "internal"
    SERVICE = "service number"
    INVALID = "invalid"
    HOSTILE = "hostile"


class Kind(StrEnum):
    """What kind of telephone a number is, as far as its country's plan tells."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    EITHER = "mobile or landline"


@dataclass(frozen=True, slots=True)
class Number:
    """A customer's number: `e164` (+ and digits) to write to, `dial` as the caller id came, to ring him back with."""

    e164: str
    dial: str
    kind: Kind = Kind.EITHER

    @property
    def key(self) -> str:
        """The same for every spelling of the number: for matching only, never to send or dial."""
        return match_key(self.e164)


_UNTOLD = frozenset({52, 56})
"""Mexico and Chile: one plan for mobiles and landlines; only WhatsApp's refusal (131026) tells them apart."""
_KINDS = {PhoneNumberType.MOBILE: Kind.MOBILE, PhoneNumberType.FIXED_LINE: Kind.LANDLINE}
_SERVICES = frozenset(
    {
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
        PhoneNumberType.PAGER,
    }
)


def normalise(text: str, region: str, trunk: Trunk = PLAIN_TRUNK) -> Number | NoNumber:
    """Read a caller id as a number of `region` (ISO 3166 code of the PBX's country), shown as `trunk` shows them."""
    shown = text.strip()
    if shown.lower().partition("@")[0] in ANONYMOUS:
        return NoNumber.ANONYMOUS
    if _HOSTILE.search(text.rstrip(" ")):
        return NoNumber.HOSTILE
    if not re.fullmatch(r"\+?[0-9 ().-]{1,32}", shown):
        return NoNumber.INVALID
    dial = "+" * shown.startswith("+") + re.sub(r"\D", "", shown)
    return _without_number(dial.lstrip("+"), region, trunk) or _read(dial, region, trunk)


def _without_number(digits: str, region: str, trunk: Trunk) -> NoNumber | None:
    if digits in _SPELLED or not digits.strip("0"):
        return NoNumber.ANONYMOUS
    if len(digits) >= SHORTEST - bool(trunk.area_code):
        return None
    short = PhoneNumber(country_code=phonenumbers.country_code_for_region(region), national_number=int(digits))
    if phonenumbers.is_valid_short_number_for_region(short, region):
        return NoNumber.SERVICE
    return NoNumber.INTERNAL if len(digits) <= EXTENSION else NoNumber.SHORT


def _read(dial: str, region: str, trunk: Trunk) -> Number | NoNumber:
    for reading, number in tried(dial, region, trunk):
        if number is not None:
            return _number(number, reading.dial, region, trunk)
    return NoNumber.INVALID


def tried(dial: str, region: str, trunk: Trunk = PLAIN_TRUNK) -> Iterator[tuple[Reading, PhoneNumber | None]]:
    """Each reading of a caller id with the valid number that it gives, None where it gives none."""
    for reading in readings(dial, region, trunk):
        yield reading, _valid(reading.spelling, region)


def _valid(spelling: str, region: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(spelling, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _number(found: PhoneNumber, dial: str, region: str, trunk: Trunk) -> Number | NoNumber:
    kind = phonenumbers.number_type(found)
    if kind in _SERVICES:
        return NoNumber.SERVICE
    e164 = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    if trunk.mobile and region == "AR" and re.fullmatch(r"\+54[1-8]\d{9}", e164):
        return Number(e164=f"+549{e164[3:]}", dial=dial, kind=Kind.MOBILE)
    told = Kind.EITHER if found.country_code in _UNTOLD else _KINDS.get(kind, Kind.EITHER)
    return Number(e164=e164, dial=dial, kind=told)


def whatsapp_number(wa_id: str, region: str) -> Number | NoNumber:
    """Read a WhatsApp id. One that is no valid number to us (a Brazilian mobile without its 9) is still where he writes
    from, so it stands as it is."""
    number = normalise(f"+{wa_id}", region) if wa_id else NoNumber.ANONYMOUS
    if number is NoNumber.INVALID and re.fullmatch(r"[1-9][0-9]{6,14}", wa_id):
        return Number(e164=f"+{wa_id}", dial=f"+{wa_id}")
    return number


def match_key(number: str) -> str:
    """Digits equal for wa_id, E.164 and dialled form of one subscriber (521 -> 52, 549 -> 54, BR 55 DDD 9 -> no 9).

    A user id is its own key.
    """
    if re.fullmatch(USER_ID, number):
        return number
    digits = re.sub(r"\D", "", number)
    if re.fullmatch(r"521\d{10}", digits):
        return "52" + digits[3:]
    if re.fullmatch(r"549\d{10}", digits):
        return "54" + digits[3:]
    if re.fullmatch(r"55\d{2}9\d{8}", digits):
        return digits[:4] + digits[5:]
    return digits
