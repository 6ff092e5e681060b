"""Every minute, day and number, against a second writing that knows nothing of sounds: words by arithmetic."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from agi import say
from ringback.line import Language
from tests.agi.test_say import words

ES = [
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
]
EN = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
PT = [
    "zero",
    "um",
    "dois",
    "três",
    "quatro",
    "cinco",
    "seis",
    "sete",
    "oito",
    "nove",
    "dez",
    "onze",
    "doze",
    "treze",
    "catorze",
    "quinze",
    "dezesseis",
    "dezessete",
    "dezoito",
    "dezenove",
]
TENS = {
    "es": ["treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"],
    "en": ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
    "pt": ["vinte", "trinta", "quarenta", "cinquenta", "sessenta", "setenta", "oitenta", "noventa"],
}
ACCENTED = {"dos": "dós", "tres": "trés", "seis": "séis"}


def spanish(value: int) -> str:
    if value <= 20:
        return ES[value]
    if value < 30:
        unit = ES[value - 20]
        return "veinti" + ACCENTED.get(unit, unit)
    if value < 100:
        ten = TENS["es"][value // 10 - 3]
        return f"{ten} y {ES[value % 10]}" if value % 10 else ten
    if value == 100:
        return "cien"
    irregular = {1: "ciento", 5: "quinientos", 7: "setecientos", 9: "novecientos"}
    hundred = irregular.get(value // 100, ES[value // 100] + "cientos")
    return f"{hundred} {spanish(value % 100)}" if value % 100 else hundred


def english(value: int) -> str:
    if value < 20:
        return EN[value]
    if value < 100:
        ten = TENS["en"][value // 10 - 2]
        return f"{ten} {EN[value % 10]}" if value % 10 else ten
    hundred = f"{EN[value // 100]} hundred"
    return f"{hundred} {english(value % 100)}" if value % 100 else hundred


def portuguese(value: int) -> str:
    if value < 20:
        return PT[value]
    if value < 100:
        ten = TENS["pt"][value // 10 - 2]
        return f"{ten} e {PT[value % 10]}" if value % 10 else ten
    if value == 100:
        return "cem"
    names = [
        "cento",
        "duzentos",
        "trezentos",
        "quatrocentos",
        "quinhentos",
        "seiscentos",
        "setecentos",
        "oitocentos",
        "novecentos",
    ]
    hundred = names[value // 100 - 1]
    return f"{hundred} e {portuguese(value % 100)}" if value % 100 else hundred


NUMBERS = {"es": spanish, "en": english, "pt": portuguese}


def spanish_time(hour: int, minute: int) -> str:
    twelve = (hour - 1) % 12 + 1
    begin = "a la una" if twelve == 1 else f"a las {spanish(twelve)}"
    past = {0: "", 15: " y cuarto", 30: " y media"}.get(minute, f" y {spanish(minute)}")
    names = ["noche"] + ["madrugada"] * 5 + ["mañana"] * 6 + ["mediodía"] + ["tarde"] * 6 + ["noche"] * 5
    return f"{begin}{past} {'del' if hour == 12 else 'de la'} {names[hour]}"


def english_time(hour: int, minute: int) -> str:
    if minute == 0 and hour in (0, 12):
        return ("at midnight", "at noon")[hour // 12]
    past = f" {'oh ' if minute < 10 else ''}{english(minute)}" if minute else ""
    return f"at {english((hour - 1) % 12 + 1)}{past} {'P' if hour >= 12 else 'A'} M"


def portuguese_time(hour: int, minute: int) -> str:
    past = "" if not minute else " e meia" if minute == 30 else f" e {portuguese(minute)}"
    if hour in (0, 12):
        return ("à meia-noite", "ao meio-dia")[hour // 12] + past
    twelve = hour % 12
    name = {1: "uma", 2: "duas"}.get(twelve, portuguese(twelve))
    begin = f"{'à' if twelve == 1 else 'às'} {name}"
    hours = "" if minute else " hora" if twelve == 1 else " horas"
    part = "madrugada" if hour < 6 else "manhã" if hour < 12 else "tarde" if hour < 18 else "noite"
    return f"{begin}{past}{hours} da {part}"


TIMES = {"es": spanish_time, "en": english_time, "pt": portuguese_time}


@pytest.mark.parametrize("language", ["es", "en", "pt"])
def test_every_minute_of_a_day(language: Language) -> None:
    for moment in range(1440):
        hour, minute = divmod(moment, 60)
        assert words(say.clock(hour, minute, language), language) == TIMES[language](hour, minute)


@pytest.mark.parametrize("language", ["es", "en", "pt"])
def test_every_number(language: Language) -> None:
    for value in range(1000):
        assert words(say.number(value, language), language) == NUMBERS[language](value)


def counted(value: int, language: Language) -> str:
    """A number before minutos: Spanish shortens uno, and writes veintiún with an accent."""
    text = NUMBERS[language](value)
    if language == "es" and text.endswith("uno"):
        return "veintiún" if text == "veintiuno" else text[:-1]
    return text


@pytest.mark.parametrize("language", ["es", "en", "pt"])
def test_every_wait(language: Language) -> None:
    minutes = {"es": "minutos", "en": "minutes", "pt": "minutos"}[language]
    for value in range(2, 61):
        assert words(say.minutes(value, language), language) == f"{counted(value, language)} {minutes}"


WEEK = {
    "es": ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "pt": ["segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo"],
}
YEAR = {
    "es": [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "pt": [
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ],
}
ORDINALS = {1: "first", 2: "second", 3: "third", 5: "fifth", 8: "eighth", 9: "ninth", 12: "twelfth"}


def ordinal(value: int) -> str:
    if value in ORDINALS:
        return ORDINALS[value]
    if value < 20:
        return english(value) + "th"
    if value % 10:
        return f"{english(value // 10 * 10)} {ordinal(value % 10)}"
    return english(value)[:-1] + "ieth"


def dated(when: date, language: Language) -> str:
    name, month = WEEK[language][when.weekday()], YEAR[language][when.month - 1]
    if language == "en":
        return f"{name} {month} {ordinal(when.day)}"
    first = {"es": "primero", "pt": "primeiro"}[language]
    number = first if when.day == 1 else NUMBERS[language](when.day)
    if language == "es":
        return f"el {name} {number} de {month}"
    return f"{name} dia {number} de {month}"


@pytest.mark.parametrize("language", ["es", "en", "pt"])
def test_every_day_of_a_leap_year(language: Language) -> None:
    for ahead in range(366):
        when = date(2028, 1, 1) + timedelta(days=ahead)
        assert words(say.day(when, date(2027, 12, 1), language), language) == dated(when, language)
