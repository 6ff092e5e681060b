"""The outbox's protocol: whatever the sender is doing when it dies, nothing is lost and nothing is posted twice."""

from __future__ import annotations

from typing import Any

import pytest

from ringback.consent import Act, Consent, Way
from ringback.fact import Accepted, AccountNews, Delivery, PersonActed, Refused, Said
from ringback.journal import Event
from ringback.message import Message, Text
from ringback.record import State
from ringbackd.commands import FailedError
from ringbackd.keys import NO_WHATSAPP_S
from ringbackd.letters import Letters
from ringbackd.outbox import RedisOutbox
from ringbackd.pacing import Pacing
from ringbackd.store import Store
from ringbackd.waiting import Waiting, queued, waiting
from tests.redis.offices import Office, entries
from whatsapp.outcome import Outcome, RetryAt, Scope, Sent, Unclear
from whatsapp.outcome import Refused as NotTaken
from whatsapp.sender import Claimed, Pause, Sender


class Api:
    """Stands for the network beyond the client: answers as told, and counts what was posted."""

    def __init__(self, *answers: Outcome | BaseException) -> None:
        self.answers, self.posted = list(answers), [""][:0]

    async def send(self, message: Any, attempt: int = 0) -> Outcome:
        self.posted.append(message.id)
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


SENT = Sent("w1", "51987654321")


class Killed(BaseException):
    """The process dies here."""


async def work(office: Office, api: Api) -> None:
    """One pass over the outbox, as the worker does it."""
    sender = Sender(office.outbox, api, lambda: office.now)
    for entry, message in await entries(office.store):
        await sender.handle(message, entry)


@pytest.fixture
async def office(store: Store) -> Office:
    office = Office(store)
    await office.missed()
    return office


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


async def test_a_broken_template_keeps_its_messages_and_closes_by_itself(office: Office) -> None:
    api = Api(NotTaken(Scope.TEMPLATE, 132001, "no such template"), SENT, SENT)
    await work(office, api)
    (late,) = await waiting(office.store)
    message, why, at = late.message, late.why, late.at
    assert why == "(132001) no such template"
    assert at == pytest.approx(office.now + 60, abs=1)
    assert [why for why, _ in (await office.outbox.limits.circuits.broken()).values()] == [why]
    await office.missed(caller="987654322", linkedid="2")
    await office.settle()
    await office.store.fire(office.now)
    await office.settle()
    await work(office, api)
    assert api.posted == [message.id]
    office.now += 61
    await office.store.fire(office.now)
    await office.store.fire(office.now + 5)
    await work(office, api)
    assert api.posted[:2] == [message.id, message.id]
    assert await office.outbox.limits.circuits.broken() == {}


async def test_what_is_broken_is_tried_at_once_when_somebody_says_that_he_mended_it(office: Office) -> None:
    api = Api(NotTaken(Scope.ACCOUNT, 190, "token expired"), SENT)
    await work(office, api)
    assert await office.outbox.retry() == (1, 0)
    await office.store.fire(office.now)
    await work(office, api)
    assert len(api.posted) == 2
    assert await waiting(office.store) == []


async def test_what_is_in_doubt_is_not_counted_among_what_is_tried_again(office: Office) -> None:
    api = Api(Unclear("cut"), NotTaken(Scope.ACCOUNT, 190, "token expired"))
    await work(office, api)
    await office.missed(caller="987654322", linkedid="2")
    await work(office, api)
    assert await office.outbox.retry() == (1, 1)
    await office.store.fire(office.now)
    ((_, name),) = await entries(office.store)
    assert name == api.posted[1]


async def test_meta_pauses_a_template_and_takes_it_again_before_any_message_tries(office: Office) -> None:
    async def hear(event: str, language: str = "es") -> None:
        field, subject = "message_template_status_update", f"ringback_missed_call {language}"
        await office.desk.process(AccountNews(field=field, subject=subject, event=event, detail="x", at=office.now))

    api = Api(SENT)
    await hear("PAUSED")
    await work(office, api)
    (late,) = await waiting(office.store)
    assert (api.posted, late.why) == ([], "Meta says: PAUSED: x")
    office.now += 1
    await hear("APPROVED", "pt-BR")
    await office.store.fire(office.now)
    assert await entries(office.store) == []
    office.now += 1
    await hear("REINSTATED")
    assert await office.outbox.limits.circuits.broken() == {}
    await office.store.fire(office.now)
    await work(office, api)
    assert api.posted == [late.message.id]


async def test_a_template_that_is_flagged_or_in_review_is_left_to_its_messages(office: Office) -> None:
    for event in ("FLAGGED", "LOCKED", "PENDING", "IN_APPEAL"):
        office.now += 1
        news = {"field": "message_template_status_update", "subject": "ringback_missed_call es", "event": event}
        await office.desk.process(AccountNews(**news, at=office.now))
        assert await office.outbox.limits.circuits.broken() == {}


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
