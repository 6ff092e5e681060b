"""Numbers, times and dates as lists of sounds, in Spanish, English and Portuguese. Pure, standard library only.

Each sound is one of `agi/prompts/<language>.toml`; none depends on the PBX's own say.conf, so that it is right whatever
is installed there. Hours are said on the twelve-hour clock with the part of the day, as people do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from agi.groups import groups

Sounds = list[str]

LARGEST = 999
"""The largest number that is said; a larger one is said as this one."""

PAUSE = "pause"
"""A third of a second of silence."""


def digits(text: str, region: str = "") -> Sounds:
    """A telephone number digit by digit, in the groups of its country; what is not a digit is not said.

    `text` begins with + and the country code, or is as dialled in `region` (such as PE).
    """
    plain = "".join(char for char in text if char in "0123456789")
    sounds: Sounds = []
    for size in groups(("+" if text.startswith("+") else "") + plain, region):
        group, plain = plain[:size], plain[size:]
        sounds += [PAUSE] * bool(sounds) + [f"digit-{digit}" for digit in group]
    return sounds


def number(value: int, language: str, *, counting: bool = False) -> Sounds:
    """A whole number from 0 to 999; `counting` before a masculine noun: veintiún minutos, not veintiuno."""
    value = min(max(value, 0), LARGEST)
    hundreds, rest = divmod(value, 100)
    if not hundreds:
        return _below_hundred(rest, language, counting)
    if not rest:
        return [f"hundred-{hundreds}"]
    return [f"hundreds-{hundreds}", *_below_hundred(rest, language, counting)]


def minutes(value: float, language: str) -> Sounds:
    """How long to wait, in minutes: less than one, one, so many, or more than an hour."""
    whole = round(value)
    if value < 1:
        return ["less-than-a-minute"]
    if whole == 1:
        return ["one-minute"]
    if whole > 60:
        return ["more-than-an-hour"]
    return [*number(whole, language, counting=True), "minutes"]


def clock(hour: int, minute: int, language: str) -> Sounds:
    """A time of day with its preposition (a las dos y media de la tarde): hour 0 to 23, minute 0 to 59."""
    return _CLOCKS[language](hour, minute)


def day(when: date, today: date, language: str) -> Sounds:
    """Today, tomorrow, or the weekday with the day of the month and the month: as it stands after "for", para, too."""
    ahead = (when - today).days
    if ahead in (0, 1):
        return ["tomorrow" if ahead else "today"]
    weekday, number_, month = f"weekday-{when.weekday()}", f"day-{when.day}", f"month-{when.month}"
    return [weekday, month, number_] if language == "en" else [weekday, number_, month]


def moment(when: datetime, now: datetime, language: str) -> Sounds:
    """A day and the time of it, both in the line's own time zone."""
    return [*day(when.date(), now.date(), language), *clock(when.hour, when.minute, language)]


def _below_hundred(value: int, language: str, counting: bool) -> Sounds:
    tens, unit = divmod(value, 10)
    apocope = "-counting" if counting and language == "es" and unit == 1 and value != 11 else ""
    if value < 30:
        return [f"number-{value}{apocope}"]
    return [f"tens-{tens}-and", f"number-{unit}{apocope}"] if unit else [f"tens-{tens}"]


def _spanish(hour: int, minute: int) -> Sounds:
    return [f"hour-{hour % 12 or 12}", *_minute(minute), _part(hour, (6, 12, 13, 19))]


def _english(hour: int, minute: int) -> Sounds:
    # twelve A M is noon to some and midnight to others
    if hour in (0, 12) and not minute:
        return ["noon" if hour else "midnight"]
    return [f"hour-{hour % 12 or 12}", *_minute(minute), "am" if hour < 12 else "pm"]


def _portuguese(hour: int, minute: int) -> Sounds:
    if hour in (0, 12):
        return ["noon" if hour else "midnight", *_minute(minute)]
    spoken = f"hour-{hour % 12}" if minute else f"oclock-{hour % 12}"
    return [spoken, *_minute(minute), _part(hour, (6, 12, 12, 18))]


def _minute(minute: int) -> Sounds:
    return [f"minute-{minute}"] if minute else []


def _part(hour: int, begins: tuple[int, int, int, int]) -> str:
    """The part of the day: `begins` are the first hours of morning, noon, afternoon and night."""
    morning, noon, afternoon, night = begins
    if hour == 0 or hour >= night:
        return "at-night"
    if hour < morning:
        return "before-dawn"
    if hour < noon:
        return "in-the-morning"
    return "at-noon" if hour < afternoon else "in-the-afternoon"


_CLOCKS: dict[str, Callable[[int, int], Sounds]] = {"es": _spanish, "en": _english, "pt": _portuguese}
