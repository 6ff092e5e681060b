"""What happens between two decisions: taken back while posting, lines removed, numbers nobody can read, opt-outs."""

from __future__ import annotations

from typing import Any

import pytest

from ami_listener.gap import Mark
from ami_listener.tracker import CallStarted
from ringback.call import Direction, Verdict
from ringback.fact import Accepted, CallEnded, Said, Timer, TimerFired
from ringback.journal import Event
from ringback.kpi import report
from ringback.record import Outcome as Ended
from ringback.record import State
from ringbackd.desk import Desk
from ringbackd.patience import Patience
from ringbackd.pbxsink import RedisSink
from ringbackd.store import Store
from ringbackd.waiting import waiting
from tests.core.worlds import FLOW, NOON, SECRET, call, line, payloads
from tests.redis.offices import Office, entries
from tests.redis.posting import SENT, Api, Killed, work
from whatsapp.outcome import Outcome, Refused, Scope


async def returned(office: Office, linkedid: str) -> None:
    """He calls again and reaches an agent."""
    office.now += 10
    await office.desk.process(CallEnded(call=call(Verdict.ANSWERED, at=office.now, linkedid=linkedid)))


async def test_a_first_message_that_was_never_sent_does_not_silence_the_next_miss(store: Store) -> None:
    office = Office(store, contact_gap_h=24)
    await office.missed(linkedid="1")
    await returned(office, "2")
    office.now += 3600
    await office.missed(linkedid="3")
    assert len(await store.active_cases()) == 1


async def test_a_first_message_that_was_taken_silences_the_next_miss(store: Store) -> None:
    office = Office(store, contact_gap_h=24)
    await office.missed(linkedid="1")
    (name,) = await office.queued()
    case = (await store.active_cases())[0].id
    await office.desk.process(Accepted(case=case, message=name, wamid="w", at=office.now))
    await returned(office, "2")
    office.now += 3600
    await office.missed(linkedid="3")
    assert await store.active_cases() == []


async def test_a_message_in_doubt_is_not_posted_again_when_the_case_is_closed(store: Store) -> None:
    office = Office(store)
    await office.missed(linkedid="1")
    api = Api(Killed(), SENT)
    with pytest.raises(Killed):
        await work(office, api)
    await returned(office, "2")
    await work(office, api)
    office.now += 61
    await store.fire(office.now)
    await work(office, api)
    assert len(api.posted) == 1


async def test_a_kept_message_of_a_closed_case_is_not_kept_any_longer(store: Store) -> None:
    office = Office(store)
    await office.missed(linkedid="1")
    await work(office, Api(Refused(Scope.TEMPLATE, 132001, "no such template")))
    await office.settle()
    await returned(office, "2")
    assert await waiting(office.store) == []


async def test_what_was_refused_while_its_case_was_closed_is_not_kept(store: Store) -> None:
    office = Office(store)
    await office.missed(linkedid="1")

    class Slow(Api):
        async def send(self, message: Any, attempt: int = 0) -> Outcome:
            await returned(office, "2")
            return await super().send(message, attempt)

    await work(office, Slow(Refused(Scope.ACCOUNT, 190, "token expired")))
    assert await waiting(office.store) == []


async def test_words_reach_a_person_though_an_open_case_is_on_a_line_that_was_removed(store: Store) -> None:
    await Office(store, name="old").missed()
    desk = Desk(store, (line(),), {"general": FLOW}, SECRET, lambda: NOON + 60)
    await desk.process(Said(wamid="in", wa_id="51987654321", text="¿Abren hoy?", at=NOON + 60))
    assert [case.line for case in await store.active_cases() if case.state is State.WITH_PERSON] == ["ventas"]


@pytest.mark.parametrize("wa_id", ["551187654321", "5218187654321", "59899123456"])
async def test_a_stranger_is_heard_whatever_his_whatsapp_id_looks_like(store: Store, wa_id: str) -> None:
    office = Office(store, region="BR", timezone="America/Sao_Paulo", language="pt")
    await office.desk.process(Said(wamid="in", wa_id=wa_id, text="oi", at=NOON))
    (case,) = await store.active_cases()
    assert case.state is State.WITH_PERSON


async def test_stop_is_said_to_the_whole_business(store: Store) -> None:
    office = Office(store)
    lines = (line(quiet_s=0), line(name="soporte", dids=("5550200",), queues=(), quiet_s=0))
    desk = Desk(store, lines, {"general": FLOW}, SECRET, lambda: office.now)
    for number, did in enumerate(("5550100", "5550200")):
        await desk.process(CallEnded(call=call(at=NOON, linkedid=str(number), did=did)))
    assert len(await store.active_cases()) == 2
    await desk.process(Said(wamid="in", wa_id="51987654321", text="Baja", at=NOON))
    assert await store.active_cases() == []


async def test_an_older_miss_after_our_own_call_back_opens_nothing(store: Store) -> None:
    office = Office(store)
    await office.missed(linkedid="1")
    (case,) = await store.active_cases()
    office.now += 300
    ours = call(Verdict.ANSWERED, at=office.now, linkedid=f"rb-{case.id}-1", direction=Direction.OURS)
    await office.desk.process(CallEnded(call=ours))
    found = await store.case(case.id)
    assert found is not None
    assert found.outcome is Ended.CALLBACK
    await office.desk.process(CallEnded(call=call(at=NOON + 60, linkedid="late")))
    assert await store.active_cases() == []
    assert (await office.events())[-1] is Event.SUPPRESSED


@pytest.mark.parametrize(("seconds", "talked"), [(4.0, False), (6.0, True)])
async def test_who_was_cut_off_on_our_call_has_not_talked_to_anybody(
    store: Store, seconds: float, talked: bool
) -> None:
    office = Office(store)
    await office.missed(linkedid="1")
    (case,) = await store.active_cases()
    office.now += 300
    ours = {"linkedid": f"rb-{case.id}-1", "direction": Direction.OURS, "talk": seconds}
    await office.desk.process(CallEnded(call=call(Verdict.ANSWERED, at=office.now, **ours)))
    memory = await store.memory(office.desk.lines[0], case.key)
    assert memory.talked == (office.now if talked else 0)


async def test_he_is_on_a_call_also_while_we_ring_him(store: Store) -> None:
    """Or another line of ours would ring him, or write to him, at the same time."""
    office = Office(store)
    await office.missed(linkedid="1")
    (case,) = await store.active_cases()
    sink = RedisSink(store, "pbx", office.desk.lines, Patience(store.redis, ""), lambda: office.now)
    attempt = f"rb-{case.id}-1"
    await sink.call_started(CallStarted("pbx", attempt, "987654321", "", Direction.OURS, NOON))
    assert (await store.live(attempt), await store.live(case.key)) == (True, True)
    await sink.call_ended(call(Verdict.NO_ANSWER, linkedid=attempt, direction=Direction.OURS))
    assert (await store.live(attempt), await store.live(case.key)) == (False, False)


async def test_waiting_for_a_call_to_end_is_no_failed_try(store: Store) -> None:
    office = Office(store)
    await office.missed(linkedid="1")
    live = store.keys.of("live", "51987654321")
    await store.redis.sadd(live, "pbx|1")
    for _ in range(20):
        await work(office, Api())
        office.now += 5
        await store.fire(office.now)
    await store.redis.delete(live)
    ((entry, name),) = await entries(store)
    claimed = await office.outbox.claim(name, entry)
    assert claimed is not None
    assert claimed.tries == 0


async def test_whoever_taps_after_his_case_ran_out_gets_a_new_one_and_is_called(store: Store) -> None:
    office = Office(store)
    await office.missed()
    (name,) = await office.queued()
    _, message = await office.message(name)
    office.now += 25 * 3600
    await office.desk.process(TimerFired(case=message.case, timer=Timer.EXPIRY, due=office.now))
    closed = await store.case(message.case)
    assert closed
    assert closed.outcome is Ended.EXPIRED
    await office.desk.process(Said(wamid="in", wa_id="51987654321", payload=payloads(message)[0], at=office.now))
    (case,) = await store.active_cases()
    assert (case.id != message.case, case.state, case.dial) == (True, State.PROMISED, "987654321")


async def test_the_minutes_in_which_nobody_watched_are_counted(store: Store) -> None:
    now = [NOON]
    sink = RedisSink(store, "pbx", (line(),), Patience(store.redis, ""), lambda: now[0])
    assert await sink.last_heard() is None
    await sink.heard(Mark(NOON, NOON - 30))
    now[0] += 600
    assert await sink.last_heard() == Mark(NOON, NOON - 30)
    for _ in range(2):  # told again by whoever had no answer: noted once
        await sink.link_up(now[0])
        await sink.lost(now[0], 7)
    figures = report(await store.journal(), NOON - 60, NOON + 3600)
    assert (figures.link_down_minutes, figures.lost) == (10.0, 7)
    assert await store.redis.get(store.keys.of("lost", "pbx")) == b"7"
    assert [entry.event for entry in await store.journal()] == [Event.LINK_DOWN, Event.LINK_UP, Event.LOST]
