"""The outbox's protocol: whatever the sender is doing when it dies, nothing is lost and nothing is posted twice."""

from __future__ import annotations

import pytest

from ringback.consent import Act, Consent, Way
from ringback.fact import Accepted, Delivery, PersonActed, Refused, Said
from ringback.journal import Event
from ringback.message import Message, Text
from ringback.record import State
from ringbackd.commands import FailedError
from ringbackd.keys import NO_WHATSAPP_S
from ringbackd.letters import Letters
from ringbackd.outbox import RedisOutbox
from ringbackd.pacing import Pacing
from ringbackd.waiting import Waiting, queued, waiting
from tests.redis.offices import Office, entries
from tests.redis.posting import SENT, Api, Killed, work
from whatsapp.outcome import RetryAt, Scope, Unclear
from whatsapp.sender import Claimed, Pause


async def test_what_was_taken_leaves_the_outbox_and_becomes_a_fact(office: Office) -> None:
    await work(office, Api(SENT))
    (fact,) = await office.facts()
    assert isinstance(fact, Accepted)
    assert await entries(office.store) == []


async def test_a_sender_killed_while_posting_waits_for_word_before_it_posts_again(office: Office) -> None:
    api = Api(Killed(), SENT)
    with pytest.raises(Killed):
        await work(office, api)
    await work(office, api)
    assert len(api.posted) == 1
    office.now += 59
    assert await office.store.fire(office.now) == 0
    office.now += 1
    assert await office.store.fire(office.now) == 1
    await work(office, api)
    assert len(api.posted) == 2


async def test_a_sender_killed_before_it_puts_a_doubt_away_leaves_it_in_doubt(office: Office) -> None:
    api = Api(Killed(), SENT)
    with pytest.raises(Killed):
        await work(office, api)
    ((entry, name),) = await entries(office.store)
    assert await office.outbox.claim(name, "") is None  # the entry stays: it died before it took it off
    assert await office.outbox.claim(name, entry) is None
    assert (await office.message(name))[0] == "doubt"
    office.now += 60
    await office.store.fire(office.now)
    await work(office, api)
    assert len(api.posted) == 2


async def test_what_was_never_sent_does_not_count_as_written_to_him(office: Office) -> None:
    api = Api(*[RetryAt(1.0, "131000")] * 5, SENT)
    for _ in range(6):
        await work(office, api)
        office.now += 60
        await office.store.fire(office.now)
    assert len(api.posted) == 6
    (fact,) = await office.facts()
    assert isinstance(fact, Accepted)


async def test_a_sender_that_stood_still_posts_nothing_that_another_may_have_taken_over(office: Office) -> None:
    class Slow(RedisOutbox):
        async def pace(self, claimed: Claimed) -> Pause | None:
            office.now += 10.1
            return await super().pace(claimed)

    api, quick = Api(SENT), office.outbox
    office.outbox = Slow(office.store, doubt_s=60, limits=Pacing(), clock=lambda: office.now)
    await work(office, api)
    assert api.posted == []
    office.outbox, office.now = quick, office.now + 60
    await office.store.fire(office.now)
    await work(office, api)
    assert len(api.posted) == 1


async def test_a_status_that_comes_meanwhile_settles_the_doubt(office: Office) -> None:
    api = Api(Killed())
    with pytest.raises(Killed):
        await work(office, api)
    await work(office, api)
    (name,) = await office.queued() or [api.posted[0]]
    await office.desk.process(Delivery(wamid="w1", message=name, status="sent", at=office.now))
    office.now += 61
    await office.store.fire(office.now)
    await work(office, api)
    assert len(api.posted) == 1


async def test_an_unclear_answer_is_a_doubt_and_a_clear_refusal_to_connect_is_not(office: Office) -> None:
    api = Api(Unclear("cut"), SENT)
    await work(office, api)
    assert (await office.message(api.posted[0]))[0] == "doubt"
    office.now += 60
    await office.store.fire(office.now)
    await work(office, api)
    assert len(api.posted) == 2


async def test_a_rate_limit_is_waited_out_without_holding_a_worker(office: Office) -> None:
    api = Api(RetryAt(4.0, "rate"), SENT)
    await work(office, api)
    assert await entries(office.store) == []
    await office.store.fire(office.now + 3.9)
    assert await entries(office.store) == []
    await office.store.fire(office.now + 5.3)
    await work(office, api)
    assert len(api.posted) == 2


async def test_nothing_is_posted_past_its_usefulness(office: Office) -> None:
    api = Api()
    office.now += 3 * 3600
    await work(office, api)
    (fact,) = await office.facts()
    assert isinstance(fact, Refused)
    assert fact.scope == "stale"


async def test_a_message_taken_back_is_not_posted(office: Office) -> None:
    api = Api()
    (_, name), *_ = await entries(office.store)
    await office.store.redis.hset(office.store.keys.of("message", name), "state", "withdrawn")
    await work(office, api)
    assert api.posted == []
    assert await entries(office.store) == []


async def test_he_who_opted_out_meanwhile_and_he_who_is_on_a_call_are_not_written_to(office: Office) -> None:
    api = Api()
    live = office.store.keys.of("live", "51987654321")
    await office.store.redis.sadd(live, "pbx|1")
    await work(office, api)
    await office.store.redis.delete(live)
    stop = Consent(at=office.now, brand="Tienda Sol", act=Act.WITHDRAWN, way=Way.LIST, customer="+51987654321")
    await office.store.commit((), office.store.ledger.append("51987654321", stop))
    await office.store.fire(office.now + 10)
    await work(office, api)
    assert api.posted == []


async def test_a_message_that_waits_can_be_dropped_and_its_case_learns_it(office: Office) -> None:
    await work(office, Api(RetryAt(40.0, "rate")))
    (late,) = await waiting(office.store)
    assert await office.outbox.drop(late.message)
    assert not await office.outbox.drop(late.message)
    await office.settle()
    assert await office.store.active_cases() == []
    office.now += 60
    await office.store.fire(office.now)
    api = Api()
    await work(office, api)
    assert api.posted == []


async def test_a_message_that_nobody_took_up_yet_is_found_and_can_be_dropped(office: Office) -> None:
    """The service is stopped: nothing waits for a time, all of it for the sender."""
    (name,) = await office.queued()
    letters = Letters(office.store, office.outbox)
    assert (await waiting(office.store), await queued(office.store)) == ([], 1)
    found = await letters.find(name)
    assert isinstance(found, Waiting)
    assert (found.message.id, found.at) == (name, office.now)
    assert await office.outbox.drop(found.message)
    api = Api()
    await work(office, api)
    assert (api.posted, await queued(office.store)) == ([], 0)
    with pytest.raises(FailedError, match="ringback outbox list"):
        await letters.find(name)


async def test_whom_whatsapp_did_not_reach_is_not_written_to_again_until_he_writes(office: Office) -> None:
    await work(office, Api(SENT))
    await office.settle()
    (name,) = [entry.data["message"] for entry in await office.store.journal() if entry.event is Event.QUEUED]
    await office.desk.process(Delivery(wamid="w1", message=str(name), status="failed", code=131026, at=office.now))
    (case,) = await office.store.active_cases()
    await office.desk.process(PersonActed(nonce="1", case=case.id, act="solve", at=office.now))
    await office.missed(linkedid="2")
    assert await entries(office.store) == []
    (again,) = await office.store.active_cases()
    assert (again.state, again.unwritable) == (State.WITH_PERSON, "a number without WhatsApp")
    assert 0 < await office.store.redis.ttl(office.store.keys.of("nowhatsapp", again.key)) <= NO_WHATSAPP_S
    await office.desk.process(Said(wamid="in1", wa_id="51987654321", text="hola", at=office.now))
    assert not await office.store.no_whatsapp(again.key)


async def test_too_much_to_one_recipient_holds_everything_for_him_and_nothing_for_others(office: Office) -> None:
    api = Api(RetryAt(16.0, "pair rate limit", Scope.PAIR), SENT)
    await work(office, api)
    his = Message(id="x-m1", case="x", line="ventas", to="+51987654321", body=Text(text="hola"), not_after=4e9)
    pause = await office.outbox.limits.take(his, "51987654321")
    assert pause
    assert pause.seconds == pytest.approx(16, abs=0.1)
    assert await office.outbox.limits.take(his.model_copy(update={"to": "+51987654322"}), "51987654322") is None
    office.now += 17
    assert await office.outbox.limits.take(his, "51987654321") is None
