from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from ringback.dialling import Trunk
from ringback.phone import Kind, NoNumber, Number, match_key, normalise, whatsapp_number

M, L, E = Kind.MOBILE, Kind.LANDLINE, Kind.EITHER
DIALLED = """
MX 0445512345678 +525512345678
MX 0455512345678 +525512345678
MX 015512345678 +525512345678
MX 15512345678 +525512345678
MX 5512345678 +525512345678
MX 5215512345678 +525512345678
MX +5215512345678 +525512345678
US +5215512345678 +525512345678
AR 0111523456789 +5491123456789 mobile
AR 111523456789 +5491123456789 mobile
AR 91123456789 +5491123456789 mobile
AR 0351155123456 +5493515123456 mobile
AR 1123456789 +541123456789 landline
BR 011987654321 +5511987654321 mobile
BR 01511987654321 +5511987654321 mobile
BR 005519923456789 +5519923456789 mobile
PE 987654321 +51987654321 mobile
PE 0987654321 +51987654321 mobile
PE 0051987654321 +51987654321 mobile
PE +51987654321 +51987654321 mobile
PE 51987654321 +51987654321 mobile
PE 014567890 +5114567890 landline
CL 221234567 +56221234567
CL 600123456 +56600123456
MX 2001234567 +522001234567
CL 0056961234567 +56961234567
CO 3001234567 +573001234567 mobile
CO 033001234567 +573001234567 mobile
EC 0991234567 +593991234567 mobile
UY 099123456 +59899123456 mobile
PY 0981123456 +595981123456 mobile
VE 04121234567 +584121234567 mobile
"""


@pytest.mark.parametrize("row", DIALLED.split("\n")[1:-1])
def test_a_caller_id_becomes_e164_and_keeps_the_form_it_is_dialled_in(row: str) -> None:
    region, dialled, e164, *kind = row.split()
    assert normalise(dialled, region) == Number(e164, dialled, Kind(kind[0]) if kind else E)


TRUNKS = [
    ("AR", Trunk(area_code="11"), "1523456789", Number("+5491123456789", "1523456789", M)),
    ("AR", Trunk(area_code="11"), "23456789", Number("+541123456789", "23456789", L)),
    ("AR", Trunk(area_code="2966"), "451234", Number("+542966451234", "451234", L)),
    ("AR", Trunk(mobile=True), "1123456789", Number("+5491123456789", "1123456789", M)),
    ("AR", Trunk(mobile=True), "+541123456789", Number("+5491123456789", "+541123456789", M)),
    ("AR", Trunk(mobile=True), "+5491123456789", Number("+5491123456789", "+5491123456789", M)),
    ("BR", Trunk(area_code="11"), "987654321", Number("+5511987654321", "987654321", M)),
    ("PE", Trunk(strip="9"), "9987654321", Number("+51987654321", "987654321", M)),
    ("PE", Trunk(strip="9"), "987654321", Number("+51987654321", "987654321", M)),
    ("PE", Trunk(e164=True), "51987654321", Number("+51987654321", "51987654321", M)),
    ("PE", Trunk(e164=True), "34612345678", Number("+34612345678", "34612345678", M)),
    ("MX", Trunk(), "15512345678", Number("+525512345678", "15512345678", E)),
    ("MX", Trunk(e164=True), "15512345678", Number("+15512345678", "15512345678", E)),
    ("MX", Trunk(e164=True), "5512345678", NoNumber.INVALID),
]


@pytest.mark.parametrize(("region", "trunk", "dialled", "number"), TRUNKS)
def test_the_trunk_says_how_it_shows_callers(
    region: str, trunk: Trunk, dialled: str, number: Number | NoNumber
) -> None:
    assert normalise(dialled, region, trunk) == number


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("anonymous", NoNumber.ANONYMOUS),
        ("Anonymous@anonymous.invalid", NoNumber.ANONYMOUS),
        ("Número privado", NoNumber.INVALID),
        ("PRIVADO", NoNumber.ANONYMOUS),
        ("", NoNumber.ANONYMOUS),
        ("  ", NoNumber.ANONYMOUS),
        ("<unknown>", NoNumber.ANONYMOUS),
        ("+266696687", NoNumber.ANONYMOUS),
        ("0000000000", NoNumber.ANONYMOUS),
        ("101", NoNumber.INTERNAL),
        ("20015", NoNumber.INTERNAL),
        ("105", NoNumber.SERVICE),
        ("555010", NoNumber.SHORT),
        ("080012345", NoNumber.SERVICE),
        ("080512345", NoNumber.SERVICE),
        ("98765\r\nAction: Originate", NoNumber.HOSTILE),
        ("987654321\n", NoNumber.HOSTILE),
        ("987654321@evil", NoNumber.HOSTILE),
        ("987654321&SIP/99", NoNumber.HOSTILE),
        ("${SHELL(id)}", NoNumber.HOSTILE),
        ("<script>", NoNumber.HOSTILE),
        ("9876543210987654321", NoNumber.INVALID),
        ("٩٨٧٦٥٤٣٢١", NoNumber.INVALID),
        ("987654321x", NoNumber.INVALID),
    ],
)
def test_what_is_no_number_has_a_reason(text: str, reason: NoNumber) -> None:
    assert normalise(text, "PE") == reason


@given(st.text(max_size=40))
def test_whatever_comes_is_a_number_of_digits_or_a_reason(text: str) -> None:
    found = normalise(text, "PE")
    assert isinstance(found, NoNumber) or found.e164.lstrip("+").isdigit()


COUNTRIES = [
    *("AR", "BO", "BR", "CL", "CO", "CR", "CU", "DO", "EC", "SV", "GT", "HN"),
    *("MX", "NI", "PA", "PY", "PE", "PR", "UY", "VE", "US", "ES"),
]
PEOPLE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
SERVICES = (PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)


def example(region: str, kind: int) -> phonenumbers.PhoneNumber:
    found = phonenumbers.example_number_for_type(region, kind)
    assert found is not None
    return found


def dialled_forms(number: phonenumbers.PhoneNumber, region: str) -> set[str]:
    """How exchanges show it at home: as it is dialled there, and with the country code in three spellings."""
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    mobile = phonenumbers.format_number_for_mobile_dialing(number, region, with_formatting=False)
    return {e164, e164[1:], f"00{e164[1:]}", national, "".join(filter(str.isdigit, national)), mobile} - {""}


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, phonenumbers.PhoneNumber]:
    """A valid number of a country: its example with other digits at the end."""
    region, kind = draw(st.sampled_from(COUNTRIES)), draw(st.sampled_from(PEOPLE))
    national = str(example(region, kind).national_number)
    tail = draw(st.text("0123456789", min_size=4, max_size=len(national) - 1))
    code = phonenumbers.country_code_for_region(region)
    changed = phonenumbers.PhoneNumber(country_code=code, national_number=int(national[: -len(tail)] + tail))
    usable = phonenumbers.is_valid_number_for_region(changed, region) and phonenumbers.number_type(changed) in PERSONAL
    return region, changed if usable and unambiguous(changed, region) else example(region, kind)


def unambiguous(number: phonenumbers.PhoneNumber, region: str) -> bool:
    """Whether its national form means itself: 011 15... in Argentina is a mobile number, in whatever district."""
    again = phonenumbers.parse(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL), region)
    return (again.country_code, again.national_number) == (number.country_code, number.national_number) and (
        phonenumbers.is_valid_number(again)
    )


PERSONAL = (*PEOPLE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def agrees(region: str, number: phonenumbers.PhoneNumber) -> None:
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    for shown in dialled_forms(number, region):
        found = normalise(shown, region)
        assert isinstance(found, Number), (region, shown)
        assert (found.e164, found.key) == (e164, match_key(e164)), (region, shown)
        assert found.dial == "+" * shown.startswith("+") + "".join(filter(str.isdigit, shown)), "rung as he came"


@pytest.mark.parametrize("kind", PEOPLE)
@pytest.mark.parametrize("region", COUNTRIES)
def test_every_dialled_form_of_a_countrys_example_is_its_e164(region: str, kind: int) -> None:
    agrees(region, example(region, kind))


@settings(max_examples=400)
@given(numbers())
def test_every_dialled_form_of_a_number_is_its_e164(given_number: tuple[str, phonenumbers.PhoneNumber]) -> None:
    agrees(*given_number)


@pytest.mark.parametrize("home", COUNTRIES)
def test_a_foreigner_is_read_as_one_from_everywhere(home: str) -> None:
    for region in COUNTRIES:
        e164 = phonenumbers.format_number(example(region, PhoneNumberType.MOBILE), PhoneNumberFormat.E164)
        for shown in (e164, f"00{e164[1:]}"):
            found = normalise(shown, home)
            assert isinstance(found, Number)
            assert found.e164 == e164


@pytest.mark.parametrize("region", COUNTRIES)
def test_nobody_is_behind_a_service_number(region: str) -> None:
    for kind in SERVICES:
        found = phonenumbers.example_number_for_type(region, kind)
        if found:
            shown = phonenumbers.format_number(found, PhoneNumberFormat.E164)
            assert normalise(shown, region) is NoNumber.SERVICE, shown


@given(numbers())
def test_the_key_of_what_whatsapp_calls_him_is_the_key_of_his_number(
    given_number: tuple[str, phonenumbers.PhoneNumber],
) -> None:
    e164 = phonenumbers.format_number(given_number[1], PhoneNumberFormat.E164)
    spellings = {"MX": f"521{e164[3:]}", "AR": f"549{e164[3:].removeprefix('9')}"}
    wa_id = spellings.get(given_number[0], e164[1:])
    assert match_key(wa_id) == match_key(e164)
    found = whatsapp_number(wa_id, given_number[0])
    assert isinstance(found, Number)
    assert found.key == match_key(e164)


@pytest.mark.parametrize(
    ("one", "other"),
    [("5215512345678", "+525512345678"), ("5491123456789", "541123456789"), ("551187654321", "+5511987654321")],
)
def test_two_spellings_of_a_subscriber_have_one_key(one: str, other: str) -> None:
    assert match_key(one) == match_key(other)
