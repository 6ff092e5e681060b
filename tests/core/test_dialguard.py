"""Whom we never ring, and what a call is expected to cost."""

from __future__ import annotations

from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType as Kind

from ringback.dialguard import Guard, Ringable, is_bait, ringable
from ringback.line import CallbackPlan, Line
from ringback.phone import Number, match_key
from tests.core.worlds import NOON, call, line


def rung(dial: str, **plan: Any) -> Ringable | str:
    """What the guard says of a number whose owner called from it."""
    on = line(callback=CallbackPlan(exten="ventas", **plan))
    number = on.number(dial)
    return ringable(dial, number.key if isinstance(number, Number) else match_key(dial), on)


@pytest.mark.parametrize("dial", ["987654321", "+51987654321", "0051987654321", "014445566", "5114445566"])
def test_an_ordinary_number_of_the_country_is_rung(dial: str) -> None:
    found = rung(dial)
    assert isinstance(found, Ringable)
    assert (found.region, found.abroad) == ("PE", False)


@pytest.mark.parametrize(
    ("dial", "why"),
    [
        ("+8816234567890", "no country"),  # Iridium
        ("+870773111632", "no country"),  # Inmarsat
        ("+88213300655", "no country"),  # a network of its own
        ("+80012345678", "service number"),
        ("+979123456789", "service number"),  # international premium
        ("80500123", "service number"),  # Peru, premium
        ("+56223456789", "CL is not among"),
        ("+18765551234", "JM is not among"),  # looks like a number of the United States
        ("+19005551234", "service number"),
        ("105", "service number"),
        ("+447012345678", "GB is not among"),
        ("+53512345", "no number to ring"),
        ("987654321;foo", "hostile"),
        ("987654321\r\nVariable: X=1", "hostile"),
        ("", "anonymous"),
    ],
)
def test_a_number_that_may_cost_is_never_rung(dial: str, why: str) -> None:
    assert why in str(rung(dial))


def test_other_countries_are_rung_where_the_line_says_so() -> None:
    found = rung("+56223456789", countries=("PE", "CL"))
    assert isinstance(found, Ringable)
    assert found.abroad


def test_a_number_behind_which_no_ordinary_telephone_is_says_which() -> None:
    assert rung("+447012345678", countries=("GB",)) == "no ordinary telephone: personal number"


def test_the_own_country_is_not_rung_when_only_others_are_listed() -> None:
    assert rung("987654321", countries=("CL",)) == "PE is not among the countries that are rung"


def test_a_denied_beginning_is_never_rung() -> None:
    assert rung("987654321", never=("+519876",)) == "begins with +519876, which is never rung"


def test_only_the_number_of_the_customer_himself_is_rung() -> None:
    assert ringable("987654321", "51900000000", line()) == "not the number that he called from or confirmed"


REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


@given(st.sampled_from(REGIONS), st.sampled_from([Kind.PREMIUM_RATE, Kind.SHARED_COST, Kind.UAN, Kind.PAGER]))
def test_no_country_s_special_numbers_are_rung_even_where_the_country_is_allowed(region: str, kind: int) -> None:
    example = phonenumbers.example_number_for_type(region, kind)
    if example is None or phonenumbers.number_type(example) != kind:
        return
    dial = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    assert isinstance(rung(dial, countries=tuple(REGIONS)), str)


@given(st.text(max_size=40), st.sampled_from(["AR", "BR", "CL", "CO", "ES", "MX", "PE", "US"]))
def test_whatever_is_rung_has_digits_only_and_is_of_an_allowed_country(dial: str, region: str) -> None:
    on = Line.model_validate(line().model_dump() | {"region": region})
    number = on.number(dial)
    found = ringable(dial, number.key if isinstance(number, Number) else "", on)
    if isinstance(found, Ringable):
        assert found.region == region
        assert found.e164.startswith("+")
        assert found.e164[1:].isdigit()


def test_the_longest_beginning_of_the_price_table_counts() -> None:
    guard = Guard(price=1, prices={"+51": 0.1, "+519": 0.2})
    assert [guard.cost(number, 5) for number in ("+51987654321", "+5114445566", "+56223456789")] == [1.0, 0.5, 5]


@pytest.mark.parametrize(("e164", "seconds", "bait"), [("+56223456789", 3, True), ("+56223456789", 40, False)])
def test_a_caller_from_abroad_who_hangs_up_at_once_may_be_bait(e164: str, seconds: float, bait: bool) -> None:
    missed = call(started=NOON - seconds)
    assert is_bait(missed, Number(e164, e164), line()) is bait
    assert not is_bait(missed, Number("+51987654321", ""), line())
