"""Times as people say them, in the language of the line."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from ringback.line import Language

SOON_S = 90

_DAYS: dict[Language, tuple[str, ...]] = {
    "es": ("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "pt": ("seg", "ter", "qua", "qui", "sex", "sáb", "dom"),
}
_TODAY: dict[Language, tuple[str, str]] = {
    "es": ("hoy", "mañana"),
    "en": ("today", "tomorrow"),
    "pt": ("hoje", "amanhã"),
}
_ON: dict[Language, str] = {"es": "el ", "en": "on ", "pt": ""}
_SOON: dict[Language, str] = {"es": "en unos instantes", "en": "in a moment", "pt": "em instantes"}
_AT: dict[Language, tuple[str, str]] = {"es": ("a la", "a las"), "en": ("at", "at"), "pt": ("à", "às")}


def clock(at: float, zone: str) -> str:
    """The time of day, as 16:05."""
    return datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%H:%M")


def day(at: float, now: float, zone: str, language: Language) -> str:
    """The day as seen from now: hoy, mañana, or lun 23."""
    then, today = (datetime.fromtimestamp(moment, ZoneInfo(zone)) for moment in (at, now))
    ahead = (then.date() - today.date()).days
    if 0 <= ahead < len(_TODAY[language]):
        return _TODAY[language][ahead]
    return f"{_DAYS[language][then.weekday()]} {then.day}"


def slot_title(at: float, now: float, zone: str, language: Language) -> str:
    """A moment as the title of a list's row: Hoy 16:00."""
    words = f"{day(at, now, zone, language)} {clock(at, zone)}"
    return words[0].upper() + words[1:]


def due(at: float, now: float, zone: str, language: Language) -> str:
    """A moment inside a sentence: en unos instantes, or hoy a las 16:00."""
    if at - now < SOON_S:
        return _SOON[language]
    hour, when = clock(at, zone), day(at, now, zone, language)
    on = "" if when in _TODAY[language] else _ON[language]
    return f"{on}{when} {_AT[language][not hour.startswith('01')]} {hour}"
