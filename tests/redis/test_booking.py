"""A promise is booked with its case or not at all, and no slot is promised to more than it holds."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback.callback import Callback
from ringback.fact import CallEnded, Fact, Said
from ringback.line import Line
from ringback.payload import Tap, sign
from ringback.record import Case, State
from ringbackd import booking
from ringbackd.desk import Desk
from ringbackd.store import ConflictError, Op, Store
from tests.core.worlds import FLOW, NOON, SECRET, call, line, payloads
from tests.redis.offices import Office

FIRST, SECOND = NOON + 1800, NOON + 3600
"""The first two slots that are offered at noon."""


def phone(number: int) -> str:
    return f"98{number:07}"


def shop(people: int = 1, talk_min: float = 10, **changes: Any) -> Line:
    """With three calls in half an hour."""
    plan = {"exten": "ventas", "people": people, "talk_min": talk_min}
    return line(quiet_s=0, contact_gap_h=0, callback=plan, **changes)


class Shop(Office):
    def __init__(self, store: Store, **changes: Any) -> None:
        super().__init__(store)
        self.line = shop(**changes)
        self.desks = [Desk(store, (self.line,), {"general": FLOW}, SECRET, lambda: self.now) for _ in range(4)]
        self.desk = self.desks[0]
        self.said = 0

    async def customer(self, number: int) -> Case:
        """He called in vain and was written to."""
        await self.missed(caller=phone(number), linkedid=f"{number}.{self.now}")
        (case,) = await self.store.cases_of(f"51{phone(number)}")
        return case

    async def taps(self, number: int, option: str, desk: int = 0) -> Case:
        (case,) = await self.store.cases_of(f"51{phone(number)}")
        step = "when" if option.startswith("at.") else "first_contact"
        await self.desks[desk].process(self.tap(case, step, option))
        return await self.case(case)

    def tap(self, case: Case, step: str, option: str) -> Fact:
        self.said += 1
        carried = sign(SECRET, Tap(case.id, step, option))
        return Said(wamid=f"in{self.said}", wa_id=case.key, payload=carried, tapped=True, at=self.now)

    async def case(self, case: Case) -> Case:
        found = await self.store.case(case.id)
        assert found
        return found

    async def held(self) -> dict[str, float]:
        return await self.store.scores(self.store.keys.of("promised", self.line.name))

    async def holds(self) -> None:
        """What is booked is what the active cases say, and no slot has more than three."""
        held = await self.held()
        assert held == {case.id: case.booked for case in await self.store.active_cases() if case.booked}
        counts = [list(held.values()).count(begins) for begins in set(held.values())]
        assert max(counts, default=0) <= 3


async def test_the_last_place_of_a_slot_goes_to_one_of_two_who_tap_at_the_same_time(store: Store) -> None:
    office = Shop(store)
    for number in range(8):
        await office.customer(number)
    cases = await asyncio.gather(*(office.taps(number, f"at.{FIRST:.0f}", number % 4) for number in range(8)))
    await office.holds()
    assert sorted(case.state for case in cases) == [State.PROMISED] * 3 + [State.TALKING] * 5
    message = (await office.message((await office.queued())[-1]))[1]
    assert not any(f"at.{FIRST:.0f}" in payload for payload in payloads(message))


async def test_who_moves_or_calls_it_off_leaves_his_place_to_others(store: Store) -> None:
    office = Shop(store)
    for number in range(5):
        await office.customer(number)
    for number in range(3):
        await office.taps(number, f"at.{FIRST:.0f}")
    assert (await office.taps(3, f"at.{FIRST:.0f}")).state is State.TALKING
    assert (await office.taps(0, f"at.{SECOND:.0f}")).booked == SECOND
    assert (await office.taps(3, f"at.{FIRST:.0f}")).booked == FIRST
    await office.desk.process(Said(wamid="no", wa_id=f"51{phone(1)}", text="BAJA", at=NOON))
    assert (await office.taps(4, f"at.{FIRST:.0f}")).booked == FIRST
    assert (await office.taps(4, f"at.{FIRST:.0f}")).booked == FIRST
    await office.holds()


async def test_who_wants_a_call_at_night_gets_the_first_slot_with_room(store: Store) -> None:
    """Seven customers at midnight: three at nine, three at half past, one at ten, and each is told his own time."""
    office = Shop(store, hours=dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "14:00-18:00"))
    for number in range(7):
        await office.customer(number)
    cases = await asyncio.gather(*(office.taps(number, "now", number % 4) for number in range(7)))
    opens = NOON + 2 * 3600
    assert sorted(case.booked for case in cases) == [opens] * 3 + [opens + 1800] * 3 + [opens + 3600]
    await office.holds()


async def test_a_commit_that_does_not_happen_books_nothing(store: Store) -> None:
    office = Shop(store)
    case = await office.customer(1)
    after = case.model_copy(update={"state": State.PROMISED, "callback": Callback(due=FIRST, slot=FIRST)})
    checks: list[Op] = [("HGET", store.keys.of("case", case.id), "version", "99")]
    checks += booking.has_room(store.keys, office.line, case, after)
    with pytest.raises(ConflictError):
        await store.commit(checks, booking.booked(store.keys, case, after))
    assert await office.held() == {}


async def test_what_redis_lost_is_booked_again_from_the_cases(store: Store) -> None:
    office = Shop(store)
    for number in range(3):
        await office.customer(number)
        await office.taps(number, f"at.{FIRST:.0f}")
    promises = store.keys.of("promised", office.line.name)
    kept = list(await office.held())
    await store.redis.zadd(promises, {"ghost": FIRST, kept[0]: SECOND})
    await store.redis.zrem(promises, kept[1])
    assert await booking.reconcile(store, (office.line,)) == 3
    await office.holds()
    assert await booking.reconcile(store, (office.line,)) == 0


async def test_what_is_offered_has_room(store: Store) -> None:
    office = Shop(store)
    for number in range(3):
        await office.customer(number)
        await office.taps(number, f"at.{FIRST:.0f}")
    found = await booking.offered(store, office.line, NOON, 3)
    assert [slot.begins for slot in found] == [SECOND, SECOND + 1800, SECOND + 3600]


acts = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(["now", "no", f"at.{FIRST:.0f}", f"at.{SECOND:.0f}"])),
    min_size=4,
    max_size=24,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(acts, min_size=1, max_size=3))
async def test_whatever_many_do_at_once_no_slot_is_promised_to_more_than_it_holds(
    store: Store, rounds: list[list[tuple[int, str]]]
) -> None:
    await store.redis.flushdb()
    office = Shop(store, hours=dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "12:10-18:00"))
    for number in range(10):
        await office.desk.process(CallEnded(call=call(at=NOON, caller=phone(number), linkedid=f"{number}")))
    cases = {number: (await store.cases_of(f"51{phone(number)}"))[0] for number in range(10)}
    for together in rounds:
        facts = []
        for number, option in together:
            step = "when" if option.startswith("at.") else "first_contact"
            facts.append(office.tap(cases[number], step, option))
        await asyncio.gather(*(office.desks[place % 4].process(fact) for place, fact in enumerate(facts)))
        await office.holds()
