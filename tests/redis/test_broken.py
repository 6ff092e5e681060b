"""Templates and accounts that Meta does not take: what waits for them is kept, and goes when they are mended."""

from __future__ import annotations

import pytest

from ringback.fact import AccountNews
from ringbackd.waiting import waiting
from tests.redis.offices import Office, entries
from tests.redis.posting import SENT, Api, work
from whatsapp.outcome import Refused as NotTaken
from whatsapp.outcome import Scope, Unclear


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
