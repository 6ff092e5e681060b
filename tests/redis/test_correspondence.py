"""Whose message it is and which case it answers, on a real Redis: by the message, by the payload, by who he is."""

from __future__ import annotations

from typing import Any

import pytest

from ringback import payload
from ringback.fact import Accepted, AccountNews, Delivery, Echoed, Noticed, NumberChanged, Said
from ringback.journal import Event
from ringback.payload import Tap
from ringback.record import Case, Outcome, State
from ringbackd.desk import Desk
from ringbackd.store import Store
from tests.core.worlds import FLOW, SECRET, line, payloads
from tests.redis.offices import Office

ANA, BSUID = "51987654321", "PE.13491208655302741918"
OTHER_LINE = {"name": "soporte", "dids": ("5550200",), "queues": ("soporte",)}


class Post(Office):
    """A desk with two lines; customers write to it."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        lines = (self.desk.lines[0], line(quiet_s=0, contact_gap_h=0, **OTHER_LINE))
        self.desk = Desk(store, lines, {"general": FLOW}, SECRET, lambda: self.now)
        self.heard = 0

    async def case(self, did: str = "5550100", **ids: str) -> Case:
        """A missed call on a line, its first message taken by WhatsApp; `ids` as the API answered."""
        self.now += 60
        await self.missed(did=did, linkedid=f"{self.now}", queues=(), queue="")
        case = max(await self.store.active_cases(), key=lambda case: case.opened)
        (message,) = case.pending
        await self.desk.process(Accepted(case=case.id, message=message, wamid=f"w-{message}", at=self.now, **ids))
        return case

    async def says(self, text: str = "¿Cuánto cuesta?", **fields: Any) -> None:
        self.heard += 1
        self.now += 10
        who = {} if "user_id" in fields else {"wa_id": ANA}
        await self.desk.process(Said(wamid=f"in{self.heard}", text=text, at=self.now, **who | fields))

    async def taps(self, case: Case, option: str = "now", **fields: Any) -> None:
        carried = payload.sign(SECRET, Tap(case.id, "first_contact", option))
        await self.says("", payload=carried, tapped=True, **fields)

    async def get(self, case: Case) -> Case:
        found = await self.store.case(case.id)
        assert found
        return found

    async def answered(self) -> list[str]:
        """The cases whose customers were heard, in order."""
        return [entry.case for entry in await self.store.journal() if entry.event is Event.SAID]

    async def texts(self) -> list[str]:
        bodies = [(await self.message(name))[1].body for name in await self.queued()]
        return [body.text for body in bodies if body.kind != "template"]


@pytest.fixture
def post(store: Store) -> Post:
    return Post(store)


async def test_the_message_he_answers_goes_before_the_newest_case_and_before_the_payload(post: Post) -> None:
    first, newest = await post.case(), await post.case("5550200")
    await post.says(context=f"w-{first.id}-m1")
    await post.taps(newest, "write", context=f"w-{first.id}-m1")
    assert await post.answered() == [first.id, first.id]


async def test_the_payload_goes_before_who_he_is(post: Post) -> None:
    first, newest = await post.case(), await post.case("5550200")
    await post.taps(first, "write", context="wamid.of.somebody.else")
    await post.says()
    assert await post.answered() == [first.id, newest.id]


async def test_he_is_known_by_the_ids_that_the_send_came_back_with(post: Post) -> None:
    case = await post.case(wa_id="5199", user_id=BSUID)
    await post.says(user_id=BSUID)
    await post.says(wa_id="5199")
    assert await post.answered() == [case.id, case.id]


async def test_an_id_that_came_with_his_words_is_remembered(post: Post) -> None:
    case = await post.case()
    await post.says(wa_id=ANA, user_id=BSUID)
    await post.says(user_id=BSUID)
    assert await post.answered() == [case.id, case.id]


async def test_a_status_that_proves_a_send_tells_his_ids_too(post: Post) -> None:
    await post.missed()
    (case,) = await post.store.active_cases()
    status = Delivery(wamid="w", message=case.pending[0], status="sent", user_id=BSUID, at=post.now)
    await post.desk.process(status)
    await post.says(user_id=BSUID)
    assert await post.answered() == [case.id]


async def test_who_hides_his_number_is_answered_under_his_user_id(post: Post) -> None:
    await post.says(user_id=BSUID)
    (case,) = await post.store.active_cases()
    assert (case.customer, case.key, case.dial, case.state) == (BSUID, BSUID, "", State.WITH_PERSON)
    _, message = await post.message((await post.queued())[-1])
    assert message.to == BSUID


async def test_nobody_is_rung_who_hides_his_number(post: Post) -> None:
    await post.says(user_id=BSUID)
    (case,) = await post.store.active_cases()
    await post.taps(case, "now", user_id=BSUID)
    assert (await post.get(case)).state is State.WITH_PERSON
    assert await post.stream("dials") == []


async def test_an_old_button_is_answered_once_in_the_language_of_its_case(post: Post) -> None:
    case = await post.case()
    await post.taps(case, "no")
    before = len(await post.texts())
    for _ in range(3):
        await post.taps(case, "now")
    assert (await post.texts())[before:] == [FLOW.steps["over"].text.es]
    assert (await post.get(case)).outcome is Outcome.DECLINED


async def test_a_button_that_is_not_ours_asks_him_again_and_does_nothing(post: Post) -> None:
    case = await post.case()
    await post.taps(case, "later")
    before = await post.texts()
    await post.says("Comprar", payload="promo|42", tapped=True)
    assert (await post.texts())[len(before) :] == before[-1:]
    assert (await post.get(case)).state is State.TALKING


async def test_a_button_whose_secret_was_changed_counts_by_its_title(post: Post) -> None:
    case = await post.case()
    title = FLOW.steps["first_contact"].options[0].title.es
    await post.says(title, payload="signed with an older secret", tapped=True)
    assert (await post.get(case)).state is State.PROMISED


async def test_a_new_number_takes_the_case_and_every_index_with_it(post: Post) -> None:
    case = await post.case(wa_id=ANA)
    await post.taps(case, "write")
    moved = NumberChanged(wamid="m", old_wa_id=ANA, wa_id="51912345678", user_id=BSUID, at=post.now)
    await post.desk.process(moved)
    now = await post.get(case)
    new = "51912345678"
    assert (now.customer, now.key, now.dial, now.wa_id) == (f"+{new}", new, f"+{new}", new)
    assert await post.store.active_case("ventas", "51912345678") == now
    assert await post.store.active_case("ventas", ANA) is None
    assert await post.store.cases_of(ANA) == []
    for ids in ({"wa_id": "51912345678"}, {"wa_id": ANA}, {"user_id": BSUID}):
        await post.says(**ids)
    assert set(await post.answered()) == {case.id}


async def test_what_waits_for_the_old_number_is_said_to_the_new_one(post: Post) -> None:
    await post.missed()
    (case,) = await post.store.active_cases()
    await post.desk.process(NumberChanged(wamid="m", old_wa_id=ANA, wa_id="51912345678", at=post.now))
    assert [(await post.message(name))[0] for name in await post.queued()] == ["withdrawn", "queued"]
    _, message = await post.message((await post.queued())[-1])
    assert (message.to, message.case) == ("+51912345678", case.id)
    assert payloads(message)


async def test_who_asked_for_silence_has_it_at_his_new_number_too(post: Post) -> None:
    await post.case(wa_id=ANA)
    await post.says("baja")
    await post.desk.process(NumberChanged(wamid="m", old_wa_id=ANA, wa_id="51912345678", at=post.now))
    assert (await post.store.ledger.ruling("51912345678", "Tienda Sol")).stopped


async def test_two_cases_do_not_become_one_where_the_new_number_has_its_own(post: Post) -> None:
    case = await post.case(wa_id=ANA)
    await post.missed(linkedid="x", caller="912345678")
    await post.desk.process(NumberChanged(wamid="m", old_wa_id=ANA, wa_id="51912345678", at=post.now))
    assert (await post.get(case)).key == ANA
    assert len(await post.store.active_cases()) == 2


async def test_a_new_user_id_is_the_new_key_of_who_hides_his_number(post: Post) -> None:
    await post.says(user_id=BSUID)
    (case,) = await post.store.active_cases()
    await post.desk.process(NumberChanged(wamid="m", old_user_id=BSUID, user_id="PE.2", at=post.now))
    await post.says(user_id="PE.2")
    assert await post.answered() == [case.id, case.id]
    assert (await post.get(case)).customer == "PE.2"


async def test_a_new_user_id_leaves_a_number_as_it_is(post: Post) -> None:
    case = await post.case(wa_id=ANA, user_id=BSUID)
    await post.desk.process(NumberChanged(wamid="m", old_user_id=BSUID, wa_id=ANA, user_id="PE.2", at=post.now))
    now = await post.get(case)
    assert (now.customer, now.key, now.dial, now.user_id) == (case.customer, case.key, case.dial, "PE.2")


async def test_a_thumb_is_noted_and_answers_nothing(post: Post) -> None:
    case = await post.case()
    before = await post.queued()
    await post.desk.process(Noticed(wamid="r", wa_id=ANA, what="reaction", text="👍", at=post.now))
    (entry,) = [entry for entry in await post.store.journal() if entry.event is Event.NOTICED]
    assert (entry.case, entry.data["text"]) == (case.id, "👍")
    assert await post.queued() == before


async def test_a_failure_after_it_was_read_is_ignored_and_kept_in_the_journal(post: Post) -> None:
    case = await post.case()
    for status in ("read", "sent", "failed"):
        fact = Delivery(wamid=f"w-{case.id}-m1", status=status, category="utility", billable=True, at=post.now)
        await post.desk.process(fact)
    assert (await post.get(case)).state is State.CONTACTED
    entries = [entry.data for entry in await post.store.journal() if entry.event is Event.DELIVERY]
    assert [(data["status"], data["late"]) for data in entries] == [("read", False), ("sent", True), ("failed", True)]
    assert (entries[0]["category"], entries[0]["billable"]) == ("utility", True)


async def test_a_failure_before_it_was_delivered_ends_the_case(post: Post) -> None:
    case = await post.case()
    for status in ("sent", "failed"):
        await post.desk.process(Delivery(wamid=f"w-{case.id}-m1", status=status, code=131049, at=post.now))
    assert (await post.get(case)).outcome is Outcome.UNREACHABLE


async def test_of_news_about_the_account_the_newest_stays_in_whatever_order_it_comes(post: Post) -> None:
    for event, at in (("FLAGGED", 2.0), ("UNFLAGGED", 3.0), ("DOWNGRADE", 1.0)):
        news = AccountNews(field="phone_number_quality_update", subject="15550783881", event=event, at=at)
        await post.desk.process(news)
    assert [news.event for news in await post.store.account()] == ["UNFLAGGED"]
    assert len(await post.store.journal()) == 3


async def test_what_a_person_writes_from_his_phone_makes_every_case_of_the_customer_his(store: Store) -> None:
    post = Post(store)
    cases = [await post.case(), await post.case(did="5550200")]
    echo = Echoed(wamid="e", wa_id=ANA, text="Hola, soy Luz", at=post.now)
    for _ in range(2):
        await post.desk.process(echo)
    assert [(await post.get(case)).state for case in cases] == [State.WITH_PERSON] * 2
    assert (await post.events()).count(Event.PERSON_REPLIED) == 2
    await post.desk.process(echo.model_copy(update={"wamid": "f", "wa_id": "51900000000"}))
    assert len(await store.active_cases()) == 2


async def test_a_status_of_no_message_of_ours_is_counted_once(store: Store) -> None:
    post = Post(store)
    for wamid in ("theirs", "theirs", "another"):
        await post.desk.process(Delivery(wamid=wamid, message="of-another-program", status="read", at=post.now))
    assert await store.unknown() == {b"statuses read of no message of ours": b"2"}
