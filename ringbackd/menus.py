"""The menu of what callers may be offered, made from the settings, the promised slots and the ledger of consent."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence

from phonenumbers import PhoneMetadata

from agi import voice
from agi.menu import Entered, LineMenu, Menu, Numbers, Span, hashed
from ringback.consent import ruling
from ringback.dialguard import ringable
from ringback.hours import Hours, days
from ringback.line import Line
from ringback.phone import Kind, NoNumber, normalise
from ringback.slots import Taken, next_slots
from ringbackd import booking
from ringbackd.store import Store

AHEAD_DAYS = 8
"""For so long the script can offer something though the daemon is away."""
SLOTS = 60
TOGETHER = 200
"""Ledgers that are read at a time."""
UNTOLD = ("MX", "CL")
"""One plan for mobiles and landlines."""


def new_salt() -> str:
    """A salt for those who asked not to be contacted."""
    return secrets.token_hex(16)


def line_menu(line: Line, taken: Taken, now: float) -> LineMenu:
    """What a line can offer from now (epoch seconds) on."""
    texts = voice.texts(line.language)
    return LineMenu(
        name=line.name,
        language=line.language,
        timezone=line.timezone,
        region=line.region,
        dids=line.dids,
        queues=line.queues,
        messaging=_spans(line, line.messaging, now),
        calling=_spans(line, line.hours, now, closed=True),
        slots=tuple(slot.begins for slot in next_slots(line, taken, now, SLOTS)),
        notice_s=line.callback.notice_min * 60,
        numbers=_numbers(line),
        texts={choice: texts[f"offer-{choice}"] for choice in ("whatsapp", "callback")},
    )


def _spans(line: Line, hours: Hours, now: float, *, closed: bool = False) -> tuple[Span, ...]:
    ahead = [day for day in days(now, line.timezone, AHEAD_DAYS) if not (closed and line.closed_on(day))]
    return tuple(span for day in ahead if (span := hours.on(day, line.timezone)))


def _numbers(line: Line) -> Numbers:
    """The line's country as its plan says, for who has no plan at hand. Source: the metadata of phonenumbers."""
    plan = PhoneMetadata.metadata_for_region(line.region)
    if plan is None:
        return Numbers()
    trunk, code = plan.national_prefix or "", str(plan.country_code)
    prefixes = dict.fromkeys(["", trunk, f"00{code}", code, line.trunk.strip, line.trunk.strip + trunk])
    mobile, fixed = (one.national_number_pattern or "" if one else "" for one in (plan.mobile, plan.fixed_line))
    return Numbers(
        prefixes=tuple(prefixes),
        mobile="" if mobile == fixed or line.region in UNTOLD else mobile,
        any="|".join(f"(?:{one})" for one in dict.fromkeys((mobile, fixed)) if one),
        area=line.trunk.area_code,
    )


def read(line: Line, digits: str) -> Entered:
    """Read a number by its country's whole plan: whether it may be rung, whether it may have WhatsApp."""
    number = line.number(digits)
    if isinstance(number, NoNumber):
        number = normalise(digits, line.region)  # typed as people dial, not as the trunk shows callers
    if isinstance(number, NoNumber):
        return Entered(digits, why="not-allowed" if number is NoNumber.SERVICE else "wrong-number")
    rings = not isinstance(ringable(number.dial, number.key, line), str)
    return Entered(digits, None if number.kind is Kind.EITHER else number.kind is Kind.MOBILE, rings=rings)


async def open_lines(store: Store, lines: Sequence[Line], now: float) -> tuple[LineMenu, ...]:
    """What every line can offer. Raises redis.RedisError."""
    return tuple([line_menu(line, await booking.taken(store, line.name, now), now) for line in lines])


async def who_stopped(store: Store, lines: Sequence[Line], salt: str) -> Mapping[str, tuple[str, ...]]:
    """By line, the hashes of those who asked not to be contacted. Raises redis.RedisError."""
    stopped: dict[str, list[str]] = {line.name: [] for line in lines}
    keys = [key for key in await store.ledger.customers() if key.isdigit()]
    for start in range(0, len(keys), TOGETHER):
        some = keys[start : start + TOGETHER]
        for key, words in zip(some, await asyncio.gather(*map(store.ledger.of, some)), strict=True):
            for line in lines:
                if ruling(words, line.brand).stopped:
                    stopped[line.name].append(hashed(salt, key))
    return {name: tuple(hashes) for name, hashes in stopped.items()}


def remembered(menu: Menu, lines: Sequence[Line], now: float, pbx: str) -> Menu:
    """A menu to begin with, before Redis was asked: who stopped is known from the last one."""
    opened = tuple(line_menu(line, Taken(), now) for line in lines)
    return Menu(pbx=pbx, lines=opened, salt=menu.salt or new_salt(), stopped=menu.stopped)
