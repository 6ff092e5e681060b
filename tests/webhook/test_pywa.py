"""Our webhook beside the public client library pywa: the same updates, read by both; and what pywa loses, we keep."""

from __future__ import annotations

import inspect
import json
from typing import Any

import httpx
import pytest
from pywa import handlers
from pywa.client import WhatsApp

from ringbackd.store import Store
from tests.webhook.everyupdate import ANA, BSUID, EVERY, MESSAGES, NUMBER, STATUSES, Json, envelope, news
from tests.webhook.test_webhook import SECRET, facts, post
from whatsapp.events import AccountNews, Echo, Event, Inbound, NumberChange, Other, Preference, Status
from whatsapp.inbound import parse
from whatsapp.signature import sign

KINDS = {
    "Message": Inbound,
    "CallbackButton": Inbound,
    "CallbackSelection": Inbound,
    "FlowCompletion": Inbound,
    "CallPermissionUpdate": Inbound,
    "DeletedMessage": Inbound,
    "EditedMessage": Inbound,
    "IdentityChange": Inbound,
    "PhoneNumberChange": NumberChange,
    "MessageStatus": Status,
    "GroupMessageStatuses": Status,
    "UserMarketingPreferences": Preference,
    "AccountUpdate": AccountNews,
    "TemplateCategoryUpdate": AccountNews,
    "TemplateComponentsUpdate": AccountNews,
    "TemplateQualityUpdate": AccountNews,
    "TemplateStatusUpdate": AccountNews,
    "CallConnect": Other,
    "CallTerminate": Other,
    "CallStatus": Other,
    "OutgoingMessage": Echo,
    "OutgoingDeletedMessage": Echo,
    "OutgoingEditedMessage": Echo,
}
"""pywa's types, and what they are to us. Calls over WhatsApp are nothing to a case."""
HANDLERS: list[Any] = [
    kind
    for name, kind in inspect.getmembers(handlers, inspect.isclass)
    if name.endswith("Handler") and name not in {"Handler", "RawUpdateHandler", "FlowRequestHandler"}
]


class Peer:
    """pywa, told of webhooks as its own server would; `seen` is what reached a handler."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.client = WhatsApp(
            phone_id=NUMBER, token="x", filter_updates=False, validate_updates=False, skip_duplicate_updates=False
        )
        self.client.add_handlers(*(kind(lambda _, update: self.seen.append(update)) for kind in HANDLERS))

    def read(self, body: Json) -> list[Any]:
        self.seen.clear()
        self.client.webhook_update_handler(json.dumps(body).encode())
        return list(self.seen)


@pytest.fixture(scope="module")
def peer() -> Peer:
    return Peer()


def ours(body: Json) -> list[Event]:
    return parse(json.dumps(body).encode())


@pytest.mark.parametrize("name", EVERY)
def test_each_update_is_the_same_thing_to_both(peer: Peer, name: str) -> None:
    (theirs,), (mine, *_) = peer.read(EVERY[name]), ours(EVERY[name])
    assert isinstance(mine, KINDS[type(theirs).__name__]), mine


@pytest.mark.parametrize("name", MESSAGES)
def test_of_each_message_both_read_the_same(peer: Peer, name: str) -> None:
    (theirs,), (mine, *_) = peer.read(MESSAGES[name]), ours(MESSAGES[name])
    assert isinstance(mine, Inbound)
    assert (mine.id, mine.at) == (theirs.id, int(theirs.timestamp.timestamp()))
    assert (mine.wa_id, mine.user_id, mine.name) == (theirs.from_user.wa_id, theirs.from_user.bsuid, "Ana Ñ")
    reply = getattr(theirs, "reply_to_message", None)
    if mine.kind not in {"reaction", "edit"}:  # pywa names what was reacted to, and not what the edited one answered
        assert (mine.context or "") == (reply.id if reply and reply.id else "")


@pytest.mark.parametrize("name", ["text", "reply", "image with caption and address", "video"])
def test_both_read_the_same_words(peer: Peer, name: str) -> None:
    (theirs,), (mine, *_) = peer.read(MESSAGES[name]), ours(MESSAGES[name])
    assert isinstance(mine, Inbound)
    assert mine.text == (theirs.text or theirs.caption)


@pytest.mark.parametrize("name", ["button", "row", "quick reply", "quick reply without context"])
def test_both_read_the_same_taps(peer: Peer, name: str) -> None:
    (theirs,), (mine,) = peer.read(MESSAGES[name]), ours(MESSAGES[name])
    assert isinstance(mine, Inbound)
    assert (mine.payload, mine.text) == (theirs.data, theirs.title)


@pytest.mark.parametrize("name", [name for name in STATUSES if name != "of a group"])
def test_both_read_the_same_statuses(peer: Peer, name: str) -> None:
    (theirs,), (mine,) = peer.read(STATUSES[name]), ours(STATUSES[name])
    assert isinstance(mine, Status)
    assert (mine.wamid, mine.status) == (theirs.id, theirs.status.value)
    assert (mine.recipient, mine.user_id, mine.ours) == (ANA, BSUID, theirs.tracker)
    assert [error.code for error in mine.errors] == ([theirs.error.code] if theirs.error else [])


def test_a_form_an_order_and_contacts_are_words_for_a_person() -> None:
    said = {name: ours(MESSAGES[name])[0] for name in ("form", "order", "contacts", "edited", "named place")}
    assert {name: getattr(event, "text", "") for name, event in said.items()} == {
        "form": "visita: martes; personas: 2",
        "order": "3 x pan",
        "contacts": "Luz, +51 1 2345678",
        "edited": "otra",
        "named place": "Oficina Uno 1",
    }
    assert getattr(said["form"], "payload", "") == "rb1|c|s|o|m"


def test_pywa_sees_the_first_of_a_batch_and_we_all_of_it(peer: Peer) -> None:
    one = STATUSES["sent"]["entry"][0]["changes"][0]["value"]["statuses"][0]
    batch = envelope("messages", news(statuses=[one | {"id": f"wamid.{number}"} for number in range(1000)]))
    assert len(peer.read(batch)) == 1
    assert len(ours(batch)) == 1000


def test_pywa_loses_a_failure_without_contacts_and_we_keep_it(peer: Peer) -> None:
    failed = json.loads(json.dumps(STATUSES["failed"]))
    del failed["entry"][0]["changes"][0]["value"]["contacts"]
    assert peer.read(failed) == []
    (mine,) = ours(failed)
    assert isinstance(mine, Status)
    assert mine.errors[0].code == 130472


async def test_the_webhook_takes_every_update_and_loses_none(http: httpx.AsyncClient, store: Store) -> None:
    for body in EVERY.values():
        raw = json.dumps(body).replace(NUMBER, "1").encode()
        assert await post(http, raw, sign(raw, SECRET)) == 200
    expected = [event for body in EVERY.values() for event in ours(body)]
    found = await facts(store)
    unknown = sum(int(count) for count in (await store.unknown()).values())
    assert unknown == sum(isinstance(event, Other) for event in expected)
    assert len(found) == len(expected) - unknown
