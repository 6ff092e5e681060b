"""What a caller hears is said rightly in three languages: every sound exists, and the words are those people use."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import accumulate
from pathlib import Path

import phonenumbers
import pytest

from agi import say
from agi.groups import _CODES
from agi.offer import SLOTS

ROOT = Path(__file__).parents[2]
LANGUAGES = ("es", "en", "pt")
TEXTS = {
    language: {
        name: text
        for part in tomllib.loads((files("agi") / f"prompts/{language}.toml").read_text(encoding="utf-8")).values()
        for name, text in part.items()
    }
    for language in LANGUAGES
}
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


def words(sounds: list[str], language: str) -> str:
    return " ".join(TEXTS[language][sound] for sound in sounds if sound != say.PAUSE)


@pytest.mark.parametrize(
    ("language", "hour", "minute", "spoken"),
    [
        ("es", 13, 0, "a la una de la tarde"),
        ("es", 14, 30, "a las dos y media de la tarde"),
        ("es", 8, 15, "a las ocho y cuarto de la mañana"),
        ("es", 0, 5, "a las doce y cinco de la noche"),
        ("es", 12, 0, "a las doce del mediodía"),
        ("es", 3, 21, "a las tres y veintiuno de la madrugada"),
        ("es", 20, 45, "a las ocho y cuarenta y cinco de la noche"),
        ("en", 14, 5, "at two oh five P M"),
        ("en", 0, 0, "at midnight"),
        ("en", 12, 0, "at noon"),
        ("en", 0, 30, "at twelve thirty A M"),
        ("en", 12, 30, "at twelve thirty P M"),
        ("pt", 13, 0, "à uma hora da tarde"),
        ("pt", 14, 30, "às duas e meia da tarde"),
        ("pt", 12, 30, "ao meio-dia e meia"),
        ("pt", 0, 0, "à meia-noite"),
        ("pt", 9, 0, "às nove horas da manhã"),
    ],
)
def test_a_time_is_said_as_people_say_it(language: str, hour: int, minute: int, spoken: str) -> None:
    assert words(say.clock(hour, minute, language), language) == spoken


@pytest.mark.parametrize(
    ("language", "value", "spoken"),
    [
        ("es", 1, "un minuto"),
        ("es", 21, "veintiún minutos"),
        ("es", 31, "treinta y un minutos"),
        ("es", 0.4, "menos de un minuto"),
        ("es", 90, "más de una hora"),
        ("en", 45, "forty five minutes"),
        ("pt", 22, "vinte e dois minutos"),
        ("pt", 41, "quarenta e um minutos"),
    ],
)
def test_a_wait_is_said_in_minutes(language: str, value: float, spoken: str) -> None:
    assert words(say.minutes(value, language), language) == spoken


@pytest.mark.parametrize(
    ("language", "value", "spoken"),
    [
        ("es", 100, "cien"),
        ("es", 131, "ciento treinta y uno"),
        ("es", 900, "novecientos"),
        ("pt", 100, "cem"),
        ("pt", 121, "cento e vinte e um"),
        ("en", 305, "three hundred five"),
        ("es", 5000, "novecientos noventa y nueve"),
        ("es", -3, "cero"),
    ],
)
def test_a_number_is_said_in_words(language: str, value: int, spoken: str) -> None:
    assert words(say.number(value, language), language) == spoken


@pytest.mark.parametrize(
    ("language", "ahead", "spoken"),
    [
        ("es", 0, "hoy a las nueve de la mañana"),
        ("es", 1, "mañana a las nueve de la mañana"),
        ("es", 8, "el martes primero de diciembre a las nueve de la mañana"),
        ("en", 8, "Tuesday December first at nine A M"),
        ("pt", 12, "sábado dia cinco de dezembro às nove horas da manhã"),
    ],
)
def test_a_day_is_said_as_seen_from_now(language: str, ahead: int, spoken: str) -> None:
    assert words(say.moment(MONDAY + timedelta(days=ahead), MONDAY, language), language) == spoken


@pytest.mark.parametrize(
    ("language", "ahead", "spoken"),
    [
        ("es", 1, "Marque dos para mañana a las nueve de la mañana"),
        ("es", 5, "Marque dos para el sábado veintiocho de noviembre a las nueve de la mañana"),
        ("en", 1, "Press two for tomorrow at nine A M"),
        ("en", 5, "Press two for Saturday November twenty eighth at nine A M"),
        ("pt", 0, "Digite dois para hoje às nove horas da manhã"),
        ("pt", 4, "Digite dois para sexta-feira dia vinte e sete de novembro às nove horas da manhã"),
        ("pt", 5, "Digite dois para sábado dia vinte e oito de novembro às nove horas da manhã"),
    ],
)
def test_a_slot_is_offered_in_a_whole_sentence(language: str, ahead: int, spoken: str) -> None:
    moment = say.moment(MONDAY + timedelta(days=ahead), MONDAY, language)
    assert words(["press-2", "for", *moment], language) == spoken


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("before", ["for", "promised-for", "bye-callback-at"])
def test_no_two_prepositions_stand_before_a_day(language: str, before: str) -> None:
    said = [words([before, *say.day(MONDAY + timedelta(days=d), MONDAY, language)], language) for d in range(9)]
    assert [each for each in said if re.search(r"\b(for|para|at) (on|at|em|na|no|à|às|ao|a)\b", each)] == []


@pytest.mark.parametrize(
    ("number", "region", "spoken"),
    [
        ("+55 (11) 98765-4321", "", "55-11-98765-4321"),
        ("11987654321", "BR", "11-98765-4321"),
        ("987654321", "PE", "987-654-321"),
        ("014567890", "PE", "01-456-7890"),
        ("5512345678", "MX", "55-1234-5678"),
        ("2221234567", "MX", "222-123-4567"),
        ("+5491123456789", "AR", "54-9-11-2345-6789"),
        ("01123456789", "AR", "011-2345-6789"),
        ("0991234567", "EC", "099-123-4567"),
        ("912345678", "CL", "9-1234-5678"),
        ("612345678", "ES", "612-34-56-78"),
        ("12", "", "12"),
        ("101", "PE", "101"),
        ("+999987654321", "PE", "999-987-654-321"),
        ("987654321", "XX", "987-654-321"),
    ],
)
def test_a_number_is_told_in_the_groups_of_its_country(number: str, region: str, spoken: str) -> None:
    assert "".join("-" if sound == say.PAUSE else sound[-1] for sound in say.digits(number, region)) == spoken


@pytest.mark.parametrize("region", sorted(_CODES))
@pytest.mark.parametrize("kind", [phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE])
def test_the_groups_are_those_in_which_the_number_is_written(region: str, kind: int) -> None:
    """Ours may be smaller; only toll-free numbers, which nobody is called back at, are left out."""
    number = phonenumbers.example_number_for_type(region, kind)
    assert number
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    said = say.digits(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if not re.search(r" [68]00 ", written):
        assert _ends(re.split(r"[ -]", written[1:])) <= _ends("".join(_sign(sound) for sound in said).split("-"))


def _sign(sound: str) -> str:
    return "-" if sound == say.PAUSE else sound[-1]


def _ends(parts: list[str]) -> set[int]:
    return set(accumulate(map(len, parts)))


@pytest.mark.parametrize("count", range(1, 20))
def test_no_digit_is_lost_or_added(count: int) -> None:
    number = "".join(str(at % 10) for at in range(count))
    assert "".join(sound[-1] for sound in say.digits(number) if sound != say.PAUSE) == number


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_minute_every_day_and_every_number_has_its_sounds(language: str) -> None:
    said = {sound for hour in range(24) for minute in range(60) for sound in say.clock(hour, minute, language)}
    days = (date(2028, 1, 1) + timedelta(days=ahead) for ahead in range(366))
    said |= {sound for day in days for sound in say.day(day, date(2027, 1, 1), language)}
    for counting in (False, True):
        said |= {s for value in range(1000) for s in say.number(value, language, counting=counting)}
    said |= {sound for value in range(70) for sound in say.minutes(value, language)}
    assert said <= set(TEXTS[language])


def test_nothing_is_shipped_that_nobody_says() -> None:
    places = [*files("agi").iterdir(), files("dialplan") / "extensions_ringback.conf", ROOT / "docs/offer-recipes.md"]
    said = "".join(
        place.read_text(encoding="utf-8") for place in places if place.name.endswith((".py", ".conf", ".md"))
    )
    made = {"offer-whatsapp", "offer-callback", *(f"press-{key}" for key in range(1, SLOTS + 2))}
    dialogue = tomllib.loads((files("agi") / "prompts/es.toml").read_text(encoding="utf-8"))["dialogue"]
    assert [name for name in dialogue if name not in made and not re.search(rf"[\"/]{name}\b", said)] == []


def test_the_three_languages_have_the_same_dialogue() -> None:
    dialogues = [
        set(tomllib.loads((files("agi") / f"prompts/{language}.toml").read_text(encoding="utf-8"))["dialogue"])
        for language in LANGUAGES
    ]
    assert dialogues[0] == dialogues[1] == dialogues[2]
