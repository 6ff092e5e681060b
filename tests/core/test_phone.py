from __future__ import annotations

import pytest

from ringback.phone import NoNumber, Number, match_key, normalise

DIALLED = """
MX 0445512345678 +525512345678
MX 015512345678 +525512345678
MX 15512345678 +525512345678
MX 5512345678 +525512345678
MX 5215512345678 +525512345678
AR 0111523456789 +5491123456789
AR 91123456789 +5491123456789
AR 0351155123456 +5493515123456
BR 011987654321 +5511987654321
BR 01511987654321 +5511987654321
PE 987654321 +51987654321
PE 0987654321 +51987654321
PE 0051987654321 +51987654321
PE +51987654321 +51987654321
PE 014567890 +5114567890
CO 3001234567 +573001234567
CO 033001234567 +573001234567
EC 0991234567 +593991234567
UY 099123456 +59899123456
PY 0981123456 +595981123456
VE 04121234567 +584121234567
"""


@pytest.mark.parametrize("row", DIALLED.split("\n")[1:-1])
def test_a_caller_id_becomes_e164_and_keeps_the_form_it_is_dialled_in(row: str) -> None:
    region, dialled, e164 = row.split()
    assert normalise(dialled, region) == Number(e164=e164, dial=dialled)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("anonymous", NoNumber.ANONYMOUS),
        ("", NoNumber.ANONYMOUS),
        ("<unknown>", NoNumber.ANONYMOUS),
        ("101", NoNumber.SHORT),
        ("98765\r\nAction: Originate", NoNumber.INVALID),
        ("9876543210987654321", NoNumber.INVALID),
        ("987654321@evil", NoNumber.INVALID),
        ("٩٨٧٦٥٤٣٢١", NoNumber.INVALID),
    ],
)
def test_what_is_no_number_has_a_reason(text: str, reason: NoNumber) -> None:
    assert normalise(text, "PE") == reason


@pytest.mark.parametrize(
    ("one", "other"),
    [("5215512345678", "+525512345678"), ("5491123456789", "541123456789"), ("551187654321", "+5511987654321")],
)
def test_two_spellings_of_a_subscriber_have_one_key(one: str, other: str) -> None:
    assert match_key(one) == match_key(other)
