"""Slots: the line's hours, its holidays, its time zone, its people, and what is promised already."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ringback.line import CallbackPlan, Line
from ringback.slots import NOTHING_TAKEN, Slot, Taken, free_from, next_slots, slot_at, slots_of
from tests.core.worlds import NOON, line

CLOCKS = ("America/Lima", "America/Santiago", "America/Mexico_City", "America/Asuncion", "America/Havana", "UTC")


def shop(**changes: object) -> Line:
    plan = {name: value for name, value in changes.items() if name in CallbackPlan.model_fields}
    rest = {name: value for name, value in changes.items() if name not in plan}
    return line(callback={"exten": "ventas"} | plan, **rest)


def clock(slots: list[Slot], zone: str = "America/Lima") -> list[str]:
    return [f"{datetime.fromtimestamp(slot.begins, ZoneInfo(zone)):%d %H:%M}" for slot in slots]


def test_the_next_slots_begin_inside_the_hours_and_end_before_the_line_closes() -> None:
    found = next_slots(shop(hours={"mon": "09:00-13:15", "tue": "", "wed": "10:00-11:00"}), NOTHING_TAKEN, NOON, 4)
    assert clock(found) == ["23 12:30", "25 10:00", "25 10:30", "26 00:00"]


def test_what_begins_in_a_few_minutes_is_not_offered() -> None:
    assert clock(next_slots(shop(notice_min=31), NOTHING_TAKEN, NOON, 1)) == ["23 13:00"]


def test_a_full_slot_is_not_offered_and_one_with_room_says_how_much() -> None:
    busy = shop(people=1, talk_min=10)
    taken = Taken({NOON + 1800: 3, NOON + 3600: 2})
    first, second = next_slots(busy, taken, NOON, 2)
    assert (first.begins, first.capacity, first.taken, first.left) == (NOON + 3600, 3, 2, 1)
    assert second.left == 3


def test_calls_promised_within_a_slot_count_in_it_wherever_they_begin() -> None:
    taken = Taken({NOON + 3600 - 1: 1, NOON + 3600: 1, NOON + 3600 + 1799: 1, NOON + 3600 + 1800: 1})
    slot = slot_at(shop(), taken, NOON + 3600)
    assert slot is not None
    assert slot.taken == 2


def test_a_shift_says_how_many_people_there_are_and_nobody_means_no_slot() -> None:
    shifts = [{"days": ["mon"], "span": "12:00-13:00", "people": 0}, {"span": "13:00-14:00", "people": 6}]
    (first,) = next_slots(shop(shifts=shifts, people=1), NOTHING_TAKEN, NOON, 1)
    assert (clock([first]), first.capacity) == (["23 13:00"], 36)


def test_public_and_own_holidays_are_closed_except_those_on_which_the_business_works() -> None:
    peru = {"national": True, "closed": ["2026-12-24", "12-31"], "open": ["12-08"]}
    shut = shop(hours=dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "10:00-10:30"), holidays=peru)
    at = datetime(2026, 12, 7, 9, tzinfo=ZoneInfo("America/Lima")).timestamp()
    days = {text[:2] for text in clock(next_slots(shut, NOTHING_TAKEN, at, 31))} | {
        text[:2] for text in clock(next_slots(shut, NOTHING_TAKEN, at + 14 * 86400, 31))
    }
    # 8 and 9 December are public holidays in Peru, as is Christmas
    assert {"07", "08", "10", "23", "26", "30"} <= days
    assert not {"09", "24", "25", "31"} & days
    assert not list(slots_of(shop(holidays={"national": True}, region="BR"), date(2026, 9, 7)))


def test_a_line_that_is_closed_for_holidays_opens_after_them() -> None:
    shut = shop(holidays={"closed": ["11-23", "11-24"]}, hours={"wed": "09:00-18:00"})
    assert clock(next_slots(shut, NOTHING_TAKEN, NOON, 1)) == ["25 09:00"]
    assert shut.next_open(NOON) == NOON + 2 * 86400 - 3 * 3600


@pytest.mark.parametrize(
    ("holidays", "words"),
    [
        ({"closed": ["24-12"]}, "'24-12' is no day"),
        ({"closed": ["2026-02-30"]}, "is no day"),
        ({"national": True, "subdivision": "XX"}, "subdivision XX"),
        ({"subdivision": "LIM"}, "only beside national"),
    ],
)
def test_holidays_that_cannot_be_known_are_told(holidays: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        line(holidays=holidays)


def test_people_who_cannot_end_one_call_within_a_slot_are_told() -> None:
    with pytest.raises(ValidationError, match="1 cannot end a call of 40 minutes within slot_min"):
        shop(people=1, talk_min=40)


@pytest.mark.parametrize(
    ("zone", "region", "day", "hours", "expected"),
    [
        # Santiago, 6 September 2026: at 24:00 of the 5th it is 01:00
        ("America/Santiago", "CL", "2026-09-06", "00:00-03:00", ["06 01:00", "06 02:00"]),
        ("America/Santiago", "CL", "2026-09-05", "22:00-24:00", ["05 22:00", "05 23:00"]),
        # Santiago, 4 April 2026: at 24:00 it is 23:00 again; 23:00 is offered once
        ("America/Santiago", "CL", "2026-04-04", "22:00-24:00", ["04 22:00", "04 23:00"]),
        # Havana, 8 March 2026: 00:00 is 01:00; 1 November 2026: 01:00 is 00:00 again
        ("America/Havana", "CU", "2026-03-08", "00:00-02:00", ["08 01:00"]),
        ("America/Havana", "CU", "2026-11-01", "00:00-02:00", ["01 00:00", "01 01:00"]),
        # Tijuana, 8 March 2026: 02:00 is 03:00
        ("America/Tijuana", "MX", "2026-03-08", "01:00-04:00", ["08 01:00", "08 03:00"]),
        # Mexico City and Asuncion do not change their clocks any more
        ("America/Mexico_City", "MX", "2026-04-05", "01:00-04:00", ["05 01:00", "05 02:00", "05 03:00"]),
        ("America/Asuncion", "PY", "2026-10-04", "00:00-02:00", ["04 00:00", "04 01:00"]),
    ],
)
def test_when_the_clocks_change(zone: str, region: str, day: str, hours: str, expected: list[str]) -> None:
    everyday = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), hours)
    there = shop(timezone=zone, region=region, hours=everyday, slot_min=60)
    assert clock(list(slots_of(there, date.fromisoformat(day))), zone) == expected


moments = st.floats(min_value=1_767_225_600, max_value=1_830_297_600)  # 2026 and 2027
spans = st.sampled_from(["", "00:00-24:00", "09:00-18:00", "00:30-02:30", "22:15-24:00", "08:00-08:20"])


@given(
    zone=st.sampled_from(CLOCKS),
    now=moments,
    week=st.lists(spans, min_size=7, max_size=7),
    length=st.sampled_from([5, 10, 15, 20, 30, 60, 120]),
    promised=st.dictionaries(st.integers(0, 40), st.integers(1, 9), max_size=8),
)
def test_whatever_the_clocks_and_hours_slots_are_open_apart_in_order_and_have_room(
    zone: str, now: float, week: list[str], length: int, promised: dict[int, int]
) -> None:
    hours = dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), week, strict=True))
    there = shop(timezone=zone, hours=hours, slot_min=length, people=3, talk_min=5, holidays={"national": True})
    taken = Taken({now // 1800 * 1800 + 1800 * number: count for number, count in promised.items()})
    found = next_slots(there, taken, now, 30)
    assert all(slot.begins >= now + 600 and 0 < slot.left <= slot.capacity for slot in found)
    assert all(one.ends <= other.begins for one, other in pairwise(found))
    shown = clock(found, zone)
    assert len(set(shown)) == len(shown)
    for slot in found:
        assert there.next_open(slot.begins) == slot.begins
        assert there.next_open(slot.ends - 1) == slot.ends - 1
        assert slot_at(there, taken, slot.begins) == slot
        assert free_from(there, taken, slot.begins) == slot
