"""The consent ledger on a real Redis, and where it is obeyed: at the opening, at the send, at the dial."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ami_listener.dialer import Dial, NotDialled, Queued, Unclear
from ringback.consent import EVERY_BRAND, Act, Consent, Way
from ringback.dialguard import Guard
from ringback.fact import CallEnded, ConsentChanged, Said, Timer, TimerFired
from ringback.fact import NotDialled as NotRung
from ringback.journal import Event
from ringback.record import Outcome, State
from ringbackd.desk import Desk
from ringbackd.scheduler import Scheduler
from ringbackd.store import Store
from tests.core.worlds import FLOW, NOON, SECRET, call, line, payloads
from tests.redis.offices import Office

KEY = "51987654321"
A, B = "Tienda Sol", "Tienda Luna"


def word(act: Act, brand: str = A, at: float = NOON, nonce: str = "1") -> ConsentChanged:
    consent = Consent(at=at, brand=brand, act=act, way=Way.IVR, proof="call 1", text="1", customer="+51987654321")
    return ConsentChanged(nonce=nonce, consent=consent)


def two_brands(store: Store, office: Office, **changes: Any) -> Desk:
    lines = (
        line(quiet_s=0, contact_gap_h=0, **changes),
        line(name="luna", brand=B, dids=("5550200",), queues=(), quiet_s=0, contact_gap_h=0, **changes),
    )
    return Desk(store, lines, {"general": FLOW}, SECRET, lambda: office.now)


async def miss(desk: Desk, did: str, linkedid: str, at: float = NOON) -> None:
    await desk.process(CallEnded(call=call(at=at, linkedid=linkedid, did=did, queue="", queues=())))


async def test_a_word_is_written_once_however_often_it_is_told(store: Store) -> None:
    office = Office(store)
    for _ in range(3):
        await office.desk.process(word(Act.GIVEN))
    assert await store.ledger.of(KEY) == (word(Act.GIVEN).consent,)
    assert await store.ledger.customers() == [KEY]
    assert await office.events() == [Event.OPTED_IN]


async def test_where_consent_is_required_only_who_gave_it_is_written_to(store: Store) -> None:
    office = Office(store, require_consent=True)
    await office.missed(linkedid="1")
    assert await store.active_cases() == []
    await office.desk.process(word(Act.GIVEN))
    await office.missed(linkedid="2")
    assert len(await office.queued()) == 1


async def test_a_stop_reaches_other_brands_unless_he_agreed_to_them(store: Store) -> None:
    office = Office(store)
    desk = two_brands(store, office)
    await miss(desk, "5550200", "2")
    office.now += 1
    await miss(desk, "5550100", "1")
    await desk.process(Said(wamid="in", wa_id=KEY, text="BAJA", at=NOON + 1))
    assert await store.active_cases() == []
    await miss(desk, "5550200", "3", NOON + 2)
    assert await store.active_cases() == []
    await desk.process(word(Act.GIVEN, B, NOON + 3))
    await miss(desk, "5550100", "4", NOON + 4)
    await miss(desk, "5550200", "5", NOON + 4)
    assert [case.line for case in await store.active_cases()] == ["luna"]


async def test_a_case_of_a_brand_he_agreed_to_survives_a_stop_of_another(store: Store) -> None:
    office = Office(store)
    desk = two_brands(store, office)
    await desk.process(word(Act.GIVEN, B, NOON - 5))
    await miss(desk, "5550200", "2")
    office.now += 1
    await miss(desk, "5550100", "1", office.now)
    sol = next(case for case in await store.active_cases() if case.line == "ventas")
    await desk.process(Said(wamid="in", wa_id=KEY, text="STOP", context="", payload=await tap(office, sol.id), at=NOON))
    assert [case.line for case in await store.active_cases()] == ["luna"]


async def tap(office: Office, case: str) -> str:
    _, message = await office.message(f"{case}-m1")
    return payloads(message)[0].replace("|now|", "|none|")


async def test_whatsapps_own_switch_ends_all_cases_and_lets_him_come_back(store: Store) -> None:
    office = Office(store)
    desk = two_brands(store, office)
    await miss(desk, "5550100", "1")
    await miss(desk, "5550200", "2")
    await desk.process(word(Act.WITHDRAWN, EVERY_BRAND, NOON + 1, "stop"))
    assert await store.active_cases() == []
    assert (await store.ledger.ruling(KEY, B)).stopped
    await desk.process(word(Act.GIVEN, EVERY_BRAND, NOON + 2, "resume"))
    await miss(desk, "5550200", "3", NOON + 3)
    assert len(await store.active_cases()) == 1


async def test_after_a_stop_he_may_write_himself_and_be_rung_back_but_hears_nothing_unasked(store: Store) -> None:
    office = Office(store)
    await office.missed(linkedid="1")
    await office.desk.process(Said(wamid="in1", wa_id=KEY, text="baja", at=NOON))
    office.now += 3600
    await office.missed(linkedid="2")
    assert await store.active_cases() == []
    await office.desk.process(Said(wamid="in2", wa_id=KEY, text="Llámenme, por favor", at=office.now))
    (case,) = await store.active_cases()
    assert case.state is State.WITH_PERSON
    await office.desk.process(Said(wamid="in3", wa_id=KEY, text="alta", at=office.now + 1))
    assert not (await store.ledger.ruling(KEY, A)).stopped


class Phone:
    """Stands for the PBX: rings whom it is told to."""

    def __init__(self) -> None:
        self.rung: list[str] = []

    async def originate(self, dial: Dial) -> Queued | NotDialled | Unclear:
        self.rung.append(dial.channel)
        return Queued()


@pytest.mark.parametrize(("asked", "rung"), [(NOON, False), (NOON + 60, True)])
async def test_the_ledger_is_asked_again_before_the_phone_rings(store: Store, asked: float, rung: bool) -> None:
    """A stop that no desk has seen yet, such as one written by another desk while this order was on its way."""
    office = Office(store)
    await office.missed()
    (case,) = await store.active_cases()
    _, message = await office.message(case.pending[0])
    office.now = asked
    await office.desk.process(Said(wamid="in", wa_id=KEY, payload=payloads(message)[0], at=asked))
    (case,) = await store.active_cases()
    await office.desk.process(TimerFired(case=case.id, timer=Timer.DUE, due=asked))
    stop = Consent(at=NOON + 30, brand=A, act=Act.WITHDRAWN, way=Way.LIST)
    await store.commit((), store.ledger.append(KEY, stop))
    phone = Phone()
    scheduler = Scheduler(store, phone, (line(),), Guard(), lambda: office.now)
    rows: Any = await store.redis.xrange(store.keys.dials)
    await scheduler.handle(rows[0][1][b"json"], rows[0][0].decode())
    assert bool(phone.rung) is rung
    refused = [fact for fact in await office.facts() if isinstance(fact, NotRung)]
    assert [fact.why for fact in refused] == ([] if rung else ["he asked not to be contacted"])


async def test_of_an_erased_customer_only_his_stop_is_left_under_a_salted_hash(store: Store) -> None:
    office = Office(store)
    await office.desk.process(word(Act.GIVEN, B, NOON - 9, "1"))
    await office.desk.process(word(Act.WITHDRAWN, A, NOON, "2"))
    await store.commit((), await store.ledger.forget(KEY))
    kept: Any = await store.redis.hgetall(store.keys.of("erased"))
    assert KEY not in repr(kept)
    (trace,) = json.loads(next(iter(kept.values())))
    assert (trace["brand"], trace["customer"], trace["proof"], trace["text"]) == (A, "", "", "")
    assert await store.ledger.customers() == []
    assert (await store.ledger.ruling(KEY, A)).stopped
    assert (await store.ledger.ruling(KEY, B)).stopped, "his word for B is forgotten, his stop is not"
    await office.missed(linkedid="9")
    assert await store.active_cases() == []
    await store.commit((), await store.ledger.forget(KEY))
    assert (await store.ledger.ruling(KEY, A)).stopped, "erased twice"


async def test_who_stopped_us_and_taps_an_old_button_begins_anew(store: Store) -> None:
    office = Office(store)
    await office.missed(linkedid="1")
    (case,) = await store.active_cases()
    _, message = await office.message(case.pending[0])
    await office.desk.process(Said(wamid="in1", wa_id=KEY, text="baja", at=NOON))
    office.now += 60
    await office.desk.process(Said(wamid="in2", wa_id=KEY, payload=payloads(message)[0], at=office.now))
    (again,) = await store.active_cases()
    assert (again.id != case.id, again.state) == (True, State.PROMISED)
    closed = await store.case(case.id)
    assert closed is not None
    assert closed.outcome is Outcome.OPTED_OUT
