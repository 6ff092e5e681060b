"""The webhook over real HTTP and a real Redis: signed, persisted, 200; then facts."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from ringback.consent import Act
from ringback.fact import FACT, Delivery, Noticed, Said
from ringbackd.intake import Intake
from ringbackd.sandbox.process import until
from ringbackd.store import Store
from ringbackd.streams import Consumer
from ringbackd.worker import Worker
from whatsapp.settings import CloudSettings
from whatsapp.signature import sign

SECRET = SecretStr("app-secret")
SETTINGS = CloudSettings(
    phone_number_id="1", token=SecretStr("t"), app_secrets=(SecretStr("older"), SECRET), verify_token=SecretStr("v")
)


def update(*messages: dict[str, Any], statuses: tuple[dict[str, Any], ...] = ()) -> bytes:
    value = {"metadata": {"phone_number_id": "1"}, "messages": list(messages), "statuses": list(statuses)}
    return json.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}]}, ensure_ascii=False).encode()


def text(words: str, wamid: str = "wamid.1") -> dict[str, Any]:
    return {"id": wamid, "from": "51987654321", "timestamp": "1795453200", "type": "text", "text": {"body": words}}


async def facts(store: Store) -> list[Any]:
    """Let the intake read what was kept, then look at the facts."""
    stop, intake = asyncio.Event(), Intake(store, "1")
    reader = Consumer(store.redis, [store.keys.webhooks], "intake", "a")
    worker = asyncio.create_task(Worker(store, reader, intake.handle).run(stop))
    await until(lambda: _empty(store), seconds=10, otherwise=lambda: "the intake did not read what was kept")
    stop.set()
    await worker
    rows: Any = await store.redis.xrange(store.keys.facts)
    return [FACT.validate_json(fields[b"json"]) for _, fields in rows]


async def _empty(store: Store) -> bool:
    return not await store.redis.xlen(store.keys.webhooks)


async def post(http: httpx.AsyncClient, raw: bytes, signature: str) -> int:
    answer = await http.post("/whatsapp", content=raw, headers={"X-Hub-Signature-256": signature})
    return answer.status_code


async def test_what_is_signed_is_kept_and_becomes_facts(http: httpx.AsyncClient, store: Store) -> None:
    raw = update(
        text("¿Tienen 👟 talla 42?"),
        {"id": "wamid.2", "from": "51987654321", "timestamp": "1795453200", "type": "reaction", "reaction": {}},
        statuses=(
            {
                "id": "wamid.3",
                "status": "failed",
                "timestamp": "1795453200",
                "recipient_id": "51987654321",
                "biz_opaque_callback_data": "c-m1",
                "errors": [{"code": 131026, "title": "undeliverable"}],
            },
        ),
    )
    assert await post(http, raw, sign(raw, SECRET)) == 200
    said, reaction, delivery = await facts(store)
    assert isinstance(reaction, Noticed)
    assert isinstance(said, Said)
    assert said.text == "¿Tienen 👟 talla 42?"
    assert isinstance(delivery, Delivery)
    assert (delivery.message, delivery.code) == ("c-m1", 131026)


async def test_a_wrong_signature_is_401_and_leaves_nothing(http: httpx.AsyncClient, store: Store) -> None:
    raw = update(text("hola"))
    for signature in ("", "sha256=00", sign(raw, SecretStr("other")), sign(raw + b" ", SECRET)):
        assert await post(http, raw, signature) == 401
    assert await store.redis.xlen(store.keys.webhooks) == 0


async def test_the_older_secret_still_counts_during_rotation(http: httpx.AsyncClient) -> None:
    raw = update(text("hola"))
    assert await post(http, raw, sign(raw, SETTINGS.app_secrets[0])) == 200


async def test_meta_can_verify_the_address_and_nobody_else(http: httpx.AsyncClient) -> None:
    ask = {"hub.mode": "subscribe", "hub.verify_token": "v", "hub.challenge": "1158201444"}
    assert (await http.get("/whatsapp", params=ask)).text == "1158201444"
    assert (await http.get("/whatsapp", params=ask | {"hub.verify_token": "w"})).status_code == 403


async def test_signed_rubbish_is_dropped_and_does_not_stand_in_the_way(http: httpx.AsyncClient, store: Store) -> None:
    for raw in (b"\xff\xfe", b"[]", b"null", update(text("hola"))):
        assert await post(http, raw, sign(raw, SECRET)) == 200
    assert [fact.text for fact in await facts(store)] == ["hola"]


@pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "zstd"])
async def test_a_packed_body_is_refused_before_anybody_unpacks_it(
    http: httpx.AsyncClient, store: Store, caplog: pytest.LogCaptureFixture, packing: str
) -> None:
    for raw in (b"rubbish", gzip.compress(bytes(1 << 24))):
        headers = {"X-Hub-Signature-256": sign(raw, SECRET), "Content-Encoding": packing}
        assert (await http.post("/whatsapp", content=raw, headers=headers)).status_code == 415
    assert (await store.redis.xlen(store.keys.webhooks), caplog.records) == (0, [])


async def test_a_body_that_is_too_large_is_refused(http: httpx.AsyncClient) -> None:
    raw = b"x" * (5 * 1024 * 1024)
    assert await post(http, raw, sign(raw, SECRET)) == 413


async def test_while_it_cannot_be_kept_meta_is_asked_to_send_it_again(http: httpx.AsyncClient, store: Store) -> None:
    await store.redis.set(store.keys.webhooks, "not a stream")
    raw = update(text("hola"))
    assert await post(http, raw, sign(raw, SECRET)) == 503


async def test_a_refusal_is_logged_with_its_address_and_not_a_thousand_times(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"X-Hub-Signature-256": "sha256=00", "X-Forwarded-For": "6.6.6.6, 198.51.100.7"}
    for _ in range(50):
        assert (await http.post("/whatsapp", content=b"{}", headers=headers)).status_code == 401
    (line,) = [record.getMessage() for record in caplog.records if "wrong signature" in record.getMessage()]
    assert "from 198.51.100.7" in line


async def test_a_verification_with_odd_letters_is_only_wrong(http: httpx.AsyncClient) -> None:
    answer = await http.get("/whatsapp?hub.mode=subscribe&hub.verify_token=%ed%a0%80&hub.challenge=1")
    assert answer.status_code == 403


async def test_what_nobody_can_read_is_kept_whole_and_counted(http: httpx.AsyncClient, store: Store) -> None:
    hologram = text("hola", "wamid.9") | {"type": "hologram", "hologram": {"deep": [1, {"x": "ñ"}]}}
    other = json.loads(update(text("para otro", "wamid.8")))
    other["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "2"
    strange = {"entry": [{"changes": [{"field": "telepathy", "value": {"event": "SENT"}}]}]}
    for raw in (update(hologram, text("x", "wamid.7") | {"id": 7}), json.dumps(other).encode(), b"{"):
        await post(http, raw, sign(raw, SECRET))
    raw = json.dumps(strange).encode()
    await post(http, raw, sign(raw, SECRET))
    (said,) = await facts(store)
    assert said.text == "[unsupported]"
    assert {kind.decode(): int(count) for kind, count in (await store.unknown()).items()} == {
        "messages hologram": 1,
        "messages text": 1,
        "messages to another number": 1,
        "telepathy SENT": 1,
        "body": 1,
    }
    rows: Any = await store.redis.xrange(store.keys.of("unknown"))
    kept = [json.loads(fields[b"json"]) for _, fields in rows]
    assert json.loads(kept[0]["raw"]) == hologram


async def test_one_broken_update_does_not_lose_the_other_999(http: httpx.AsyncClient, store: Store) -> None:
    messages = [text(f"hola {number}", f"wamid.{number}") for number in range(1000)]
    messages[500] |= {"timestamp": "yesterday"}
    raw = update(*messages)
    assert await post(http, raw, sign(raw, SECRET)) == 200
    found = await facts(store)
    assert [fact.wamid for fact in found] == [f"wamid.{number}" for number in range(1000) if number != 500]


async def test_three_megabytes_are_taken(http: httpx.AsyncClient, store: Store) -> None:
    raw = update(*(text("ñ" * 1350, f"wamid.{number}") for number in range(1000)))
    assert 2_800_000 < len(raw) < 3_200_000
    assert await post(http, raw, sign(raw, SECRET)) == 200
    assert len(await facts(store)) == 1000


async def test_whatsapps_own_switch_is_a_word_about_consent(http: httpx.AsyncClient, store: Store) -> None:
    switch = {"wa_id": "51987654321", "category": "marketing_messages", "value": "stop", "timestamp": 1795453200}
    value = {"metadata": {"phone_number_id": "1"}, "user_preferences": [switch, switch | {"value": "resume"}]}
    raw = json.dumps({"entry": [{"changes": [{"field": "user_preferences", "value": value}]}]}).encode()
    await post(http, raw, sign(raw, SECRET))
    stop, resume = await facts(store)
    assert (stop.consent.act, resume.consent.act, stop.consent.brand) == (Act.WITHDRAWN, Act.GIVEN, "")
    assert stop.consent.customer == "+51987654321"
