from __future__ import annotations

import asyncio

import pytest

from ringback.call import Direction, Verdict
from ringback.fact import Accepted, CallEnded, Delivery, Said, Timer, TimerFired
from ringback.journal import Event
from ringback.record import State
from ringbackd.store import ConflictError, Store
from tests.core.worlds import NOON, call, payloads
from tests.redis.offices import Office


async def test_a_missed_call_becomes_case_journal_and_outbox_in_one_commit(store: Store) -> None:
    office = Office(store)
    await office.missed()
    (case,) = await store.active_cases()
    assert (case.state, case.version, case.customer) == (State.CONTACTED, 1, "+51987654321")
    assert await office.queued() == [f"{case.id}-m1"]
    assert await office.events() == [Event.CALL_ENDED, Event.OPENED, Event.QUEUED]


async def test_the_same_fact_again_changes_nothing(store: Store) -> None:
    office = Office(store)
    await office.missed()
    before = await store.redis.dump(store.keys.journal)
    for _ in range(3):
        await office.missed()
    assert await store.redis.dump(store.keys.journal) == before
    assert len(await office.queued()) == 1


async def test_two_desks_at_once_open_one_case(store: Store) -> None:
    """Eight misses of one customer, decided at the same time: one case, one message, eight counted."""
    office = Office(store)
    misses = [CallEnded(call=call(at=NOON, linkedid=f"{number}")) for number in range(8)]
    await asyncio.gather(*(office.desk.process(fact) for fact in misses))
    (case,) = await store.active_cases()
    assert (case.misses, len(await office.queued())) == (8, 1)


async def test_a_failed_check_writes_nothing(store: Store) -> None:
    with pytest.raises(ConflictError):
        await store.commit([("GET", "{ringback}:a", "x")], [("SET", "{ringback}:a", "y")])
    assert await store.redis.get("{ringback}:a") is None


async def test_misses_that_are_not_followed_up_are_journalled_with_the_reason(store: Store) -> None:
    office = Office(store, contact_gap_h=24)
    await office.missed(caller="anonymous", linkedid="1")
    await office.missed(verdict=Verdict.SHORT, linkedid="2")
    await office.missed(did="999", queue="", queues=(), linkedid="3")
    await office.missed(linkedid="4")
    (case,) = await store.active_cases()
    await office.desk.process(Accepted(case=case.id, message=case.pending[0], wamid="w", at=NOON))
    await office.desk.process(Said(wamid="in", wa_id="51987654321", text="no, gracias", at=NOON))
    office.now += 60
    await office.missed(linkedid="5")
    why = [entry.data["why"] for entry in await store.journal() if entry.event is Event.SUPPRESSED]
    assert [str(reason).split(":")[0] for reason in why] == [
        "no number to write to",
        "short",
        "no line has the number '999' or its queue",
        "written to a short while ago",
    ]
    assert (await store.case(case.id)) is not None


async def test_an_answered_call_closes_what_is_open_for_him_and_outruns_an_older_miss(store: Store) -> None:
    office = Office(store)
    await office.missed(linkedid="1")
    office.now += 60
    await office.desk.process(CallEnded(call=call(Verdict.ANSWERED, at=office.now, linkedid="2")))
    assert await store.active_cases() == []
    late = CallEnded(call=call(at=NOON + 30, linkedid="3"))
    await office.desk.process(late)
    assert await store.active_cases() == []
    assert (await office.message((await office.queued())[0]))[0] == "withdrawn"


async def test_an_agent_who_rang_him_by_hand_counts_as_reached(store: Store) -> None:
    office = Office(store)
    await office.missed(linkedid="1")
    by_hand = call(Verdict.ANSWERED, at=NOON + 60, direction=Direction.OUTBOUND, caller="0800", dialled="987654321")
    await office.desk.process(CallEnded(call=by_hand.model_copy(update={"linkedid": "2"})))
    closed = [entry for entry in await store.journal() if entry.event is Event.CLOSED]
    assert closed[0].data["outcome"] == "manual"


async def test_timers_fire_once_and_reach_the_case(store: Store) -> None:
    office = Office(store, quiet_s=20)
    await office.missed()
    assert await store.fire(NOON + 19.9) == 0
    assert await store.fire(NOON + 20) == 1
    assert await store.fire(NOON + 20) == 0
    (fired,) = await office.facts()
    assert isinstance(fired, TimerFired)
    assert (fired.timer, fired.due) == (Timer.QUIET, NOON + 20)
    office.now += 20
    await office.settle()
    assert len(await office.queued()) == 1


async def test_he_is_not_written_to_while_a_call_of_his_is_live(store: Store) -> None:
    office = Office(store)
    await store.redis.sadd(store.keys.of("live", "51987654321"), "pbx|9")
    await office.missed()
    assert await office.queued() == []
    await store.redis.delete(store.keys.of("live", "51987654321"))
    await store.fire(NOON + 1)
    office.now += 1
    await office.settle()
    assert len(await office.queued()) == 1


async def test_a_tap_finds_its_case_by_payload_by_context_and_by_number(store: Store) -> None:
    office = Office(store)
    await office.missed()
    (name,) = await office.queued()
    _, message = await office.message(name)
    await office.desk.process(Accepted(case=message.case, message=name, wamid="w1", wa_id="51987654321", at=NOON))
    tap = payloads(message)[0]
    await office.desk.process(Said(wamid="in1", wa_id="", user_id="PE.x", payload=tap, at=NOON))
    assert (await store.active_cases())[0].state is State.PROMISED
    await office.desk.process(Said(wamid="in2", text="hola", context="w1", at=NOON))
    await office.desk.process(Said(wamid="in3", text="hola", wa_id="51987654321", at=NOON))
    said = [entry.case for entry in await store.journal() if entry.event is Event.SAID]
    assert said == [message.case] * 3


async def test_a_stranger_who_writes_reaches_a_person(store: Store) -> None:
    office = Office(store)
    await office.desk.process(Said(wamid="in", wa_id="51911222333", name="<b>Eva</b>", text="¿Abren hoy?", at=NOON))
    (case,) = await store.active_cases()
    assert (case.state, case.origin, case.customer) == (State.WITH_PERSON, "message", "+51911222333")


async def test_a_status_stands_in_for_the_answer_that_was_lost(store: Store) -> None:
    office = Office(store)
    await office.missed()
    (name,) = await office.queued()
    await store.redis.hset(store.keys.of("message", name), "state", "sending")
    await office.desk.process(Delivery(wamid="w1", message=name, status="sent", at=NOON))
    await office.desk.process(Delivery(wamid="w1", status="read", at=NOON))
    assert (await office.message(name))[0] == "accepted"
    events = await office.events()
    assert events[-3:] == [Event.ACCEPTED, Event.DELIVERY, Event.DELIVERY]


async def test_who_asked_to_stop_is_not_written_to_again(store: Store) -> None:
    office = Office(store)
    await office.missed(linkedid="1")
    await office.desk.process(Said(wamid="in", wa_id="51987654321", text="BAJA", at=NOON))
    office.now += 3600
    await office.missed(linkedid="2")
    assert await store.active_cases() == []
    assert (await office.events())[-1] is Event.SUPPRESSED
