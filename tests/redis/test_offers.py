"""What callers choose who are offered WhatsApp or a call back: it counts once, whatever else is told of the call."""

from __future__ import annotations

from typing import Any

import pytest

from ringback.call import Source, Verdict
from ringback.consent import Act, Consent, Way
from ringback.fact import CallEnded, ConsentChanged
from ringback.journal import Event
from ringback.kpi import report
from ringback.offered import Choice, Offered
from ringback.record import Outcome, State
from ringbackd.store import Store
from tests.core.worlds import NOON, call
from tests.redis.offices import Office

KEY, BRAND = "51987654321", "Tienda Sol"


def offer(choice: Choice = Choice.WHATSAPP, **changes: Any) -> Offered:
    told = {"pbx": "pbx", "linkedid": "1", "line": "ventas", "caller": "987654321", "key": "1", "at": NOON}
    return Offered.model_validate(told | {"choice": choice, "text": "marque 1"} | changes)


async def test_who_takes_whatsapp_is_written_to_at_once_and_his_key_is_his_consent(store: Store) -> None:
    office = Office(store, quiet_s=60, require_consent=True)
    await office.desk.process(offer())
    (case,) = await store.active_cases()
    assert (case.state, case.origin, len(await office.queued())) == (State.CONTACTED, "offer", 1)
    (word,) = await store.ledger.of(KEY)
    assert (word.act, word.way, word.proof, word.text) == (Act.GIVEN, Way.IVR, "pbx 1 key 1", "marque 1")


@pytest.mark.parametrize("order", [0, 1, 2, 3])
async def test_the_fact_and_the_end_of_the_call_in_any_order_are_one_message(store: Store, order: int) -> None:
    """The verdict may be deflected, or, where the user event was not heard, what it would have been without."""
    office = Office(store)
    verdict = Verdict.DEFLECTED if order < 2 else Verdict.ABANDONED_QUEUE
    facts = [offer(), CallEnded(call=call(verdict, linkedid="1"))]
    for fact in (*(facts if order % 2 else reversed(facts)), *facts):
        await office.desk.process(fact)
    assert len(await store.active_cases()) == 1
    assert len(await office.queued()) == 1


@pytest.mark.parametrize("verdict", [Verdict.DEFLECTED, Verdict.ABANDONED_QUEUE, Verdict.QUEUE_TIMEOUT])
async def test_the_call_of_who_took_the_offer_is_deflected_and_no_missed_one(store: Store, verdict: Verdict) -> None:
    """Also where the PBX was told nothing of it: he hung up with the key still down, or it was read afterwards."""
    office = Office(store)
    reason = "whatsapp" if verdict is Verdict.DEFLECTED else ""
    for fact in (offer(), CallEnded(call=call(verdict, linkedid="1", source=Source.CEL, reason=reason))):
        await office.desk.process(fact)
    (ended,) = (entry for entry in await store.journal() if entry.event is Event.CALL_ENDED)
    assert (ended.data["verdict"], ended.data["reason"]) == ("deflected", "whatsapp")
    assert report(await store.journal(), NOON - 1, NOON + 1).missed_calls == 0


async def test_who_was_answered_after_all_was_answered(store: Store) -> None:
    office = Office(store)
    for fact in (offer(), CallEnded(call=call(Verdict.ANSWERED, linkedid="1"))):
        await office.desk.process(fact)
    (ended,) = (entry for entry in await store.journal() if entry.event is Event.CALL_ENDED)
    assert ended.data["verdict"] == "answered"


async def test_a_verdict_of_an_offer_whose_fact_was_lost_is_followed_up_all_the_same(store: Store) -> None:
    office = Office(store)
    await office.desk.process(CallEnded(call=call(Verdict.DEFLECTED, linkedid="1")))
    assert len(await store.active_cases()) == 1


async def test_who_wants_a_call_is_promised_one_in_his_slot(store: Store) -> None:
    office = Office(store)
    await office.desk.process(offer(Choice.CALLBACK, key="2", slot=NOON + 7200))
    (case,) = await store.active_cases()
    assert case.callback is not None
    assert (case.state, case.callback.due, case.booked) == (State.PROMISED, NOON + 7200, NOON + 7200)
    assert await office.queued() == []


async def test_as_soon_as_possible_is_now(store: Store) -> None:
    office = Office(store)
    await office.desk.process(offer(Choice.CALLBACK, key="2"))
    (case,) = await store.active_cases()
    assert case.callback is not None
    assert case.callback.due == NOON


async def test_a_typed_number_is_the_one_that_counts(store: Store) -> None:
    office = Office(store)
    await office.desk.process(offer(caller="anonymous", number="912345678"))
    (case,) = await store.active_cases()
    assert (case.customer, case.dial) == ("+51912345678", "912345678")


@pytest.mark.parametrize("caller", ["anonymous", "", "987654321;rm -rf", "100"])
async def test_who_has_no_number_gets_no_case_and_is_counted(store: Store, caller: str) -> None:
    office = Office(store)
    await office.desk.process(offer(caller=caller))
    assert await store.active_cases() == []
    assert await office.events() == [Event.OFFERED]


async def test_an_offer_refused_or_ignored_changes_nothing(store: Store) -> None:
    office = Office(store)
    for choice in (Choice.REFUSED, Choice.IGNORED):
        await office.desk.process(offer(choice))
    assert await store.active_cases() == []
    await office.desk.process(CallEnded(call=call(linkedid="1")))
    assert len(await store.active_cases()) == 1


async def test_a_landline_that_takes_whatsapp_is_given_to_a_person(store: Store) -> None:
    office = Office(store)
    await office.desk.process(offer(caller="014445566"))
    (case,) = await store.active_cases()
    assert (case.state, await office.queued()) == (State.WITH_PERSON, [])


async def test_who_waits_for_our_message_gets_it_sooner_and_who_has_a_promise_moves_it(store: Store) -> None:
    office = Office(store, quiet_s=600)
    await office.missed(linkedid="0")
    await office.desk.process(offer())
    (case,) = await store.active_cases()
    assert (case.state, len(await office.queued())) == (State.CONTACTED, 1)
    await office.desk.process(offer(Choice.CALLBACK, linkedid="2", slot=NOON + 7200))
    await office.desk.process(offer(Choice.CALLBACK, linkedid="3", slot=NOON + 10800))
    (case,) = await store.active_cases()
    assert case.booked == NOON + 10800


@pytest.mark.parametrize("order", [0, 1])
async def test_who_calls_off_his_promise_is_not_rung_and_his_slot_is_free_again(store: Store, order: int) -> None:
    office = Office(store)
    await office.desk.process(offer(Choice.CALLBACK, key="2", slot=NOON + 7200))
    (case,) = await store.active_cases()
    off = offer(Choice.CANCELLED, key="3", linkedid="2")
    deflected = CallEnded(call=call(Verdict.DEFLECTED, linkedid="2"))
    for fact in ((off, deflected), (deflected, off))[order]:
        await office.desk.process(fact)
    found = await store.case(case.id)
    assert found
    assert (found.outcome, await store.scores(store.keys.of("promised", "ventas"))) == (Outcome.DECLINED, {})
    assert await store.active_cases() == []
    assert await office.queued() == []


async def test_what_is_called_off_and_was_never_promised_changes_nothing(store: Store) -> None:
    office = Office(store)
    await office.desk.process(offer(Choice.CANCELLED, key="3"))
    await office.desk.process(CallEnded(call=call(Verdict.DEFLECTED, linkedid="1")))
    assert await store.active_cases() == []
    figure = next(one for one in report(await store.journal(), 0, NOON + 1).figures if one.name == "offers_taken")
    assert figure.n == 0


async def test_a_key_pressed_in_a_call_takes_an_older_stop_back(store: Store) -> None:
    office = Office(store)
    word = {"at": NOON - 9, "brand": BRAND, "act": Act.WITHDRAWN, "way": Way.LIST, "customer": f"+{KEY}"}
    await office.desk.process(ConsentChanged(nonce="s", consent=Consent.model_validate(word)))
    await office.desk.process(offer())
    assert (await store.ledger.ruling(KEY, BRAND)).agreed
    assert len(await office.queued()) == 1


async def test_who_had_asked_us_to_stop_and_wants_a_call_is_called(store: Store) -> None:
    office = Office(store)
    word = {"at": NOON - 9, "brand": BRAND, "act": Act.WITHDRAWN, "way": Way.LIST, "customer": f"+{KEY}"}
    await office.desk.process(ConsentChanged(nonce="s", consent=Consent.model_validate(word)))
    await office.desk.process(offer(Choice.CALLBACK, key="2"))
    (case,) = await store.active_cases()
    ruling = await store.ledger.ruling(KEY, BRAND)
    assert (case.state, ruling.forbids(case.asked)) == (State.PROMISED, False)


async def test_outside_messaging_hours_he_is_written_to_when_they_begin(store: Store) -> None:
    office = Office(store, messaging={"mon": "13:00-20:00"})
    await office.desk.process(offer())
    (case,) = await store.active_cases()
    assert (case.state, await office.queued()) == (State.WAITING, [])
    assert NOON + 3600 in (await store.scores(store.keys.timers)).values()


async def test_an_offer_that_is_told_hours_late_is_a_person_s_affair(store: Store) -> None:
    office = Office(store, stale_h=2)
    office.now += 3 * 3600
    await office.desk.process(offer())
    (case,) = await store.active_cases()
    assert (case.state, await office.queued()) == (State.WITH_PERSON, [])


async def test_the_report_counts_calls_not_facts(store: Store) -> None:
    office = Office(store)
    for fact in (
        *(offer(Choice.IGNORED, linkedid="1"), offer(linkedid="1"), offer(linkedid="1")),
        *(offer(Choice.REFUSED, linkedid="2", key="9"), offer(Choice.CALLBACK, linkedid="3", key="2")),
    ):
        await office.desk.process(fact)
    found = report(await store.journal(), NOON - 1, NOON + 1)
    figure = next(figure for figure in found.figures if figure.name == "offers_taken")
    assert (figure.n, figure.value) == (3, 2 / 3)
    assert figure.parts == {
        "offer_whatsapp": 1,
        "offer_callback": 1,
        "offer_refused": 1,
        "offer_ignored": 0,
        "key_1": 1,
        "key_2": 1,
        "key_9": 1,
    }
    assert found.missed_calls == 0
