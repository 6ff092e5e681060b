"""Updates that no Meta would send: one broken value anywhere, in any update; whatever it is, nothing else suffers."""

from __future__ import annotations

import asyncio
import copy
import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.fact import FACT, Said
from ringbackd.store import Store
from ringbackd.updates import fact_of
from tests.redis.offices import Office
from tests.webhook.everyupdate import EVERY, Json
from tests.webhook.test_webhook import SECRET, facts, post, text, update
from whatsapp.events import Event, Other
from whatsapp.inbound import BadPayloadError, parse
from whatsapp.signature import sign

NOW = 1795453200.0
LONE = "\ud800 lone \udfff"
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1 << 70, 1e308, float("nan"), float("inf"), -0.0, "", "\0", LONE, "NaN", "9" * 40),
    *([], {}, [None], [[[]]], {"": None}, {"id": {}}, ["x"] * 50, {"x" * 300: "y" * 9000}, "\r\nXADD\r\n", "é" * 5000),
)
"""What is put where something else belongs."""
Place = tuple[str | int, ...]


def places(value: object, here: Place = ()) -> Iterator[Place]:
    """Every place in a body where a value stands."""
    if here:
        yield here
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield from places(below, (*here, key))


def put(body: Json, place: Place, odd: object) -> bytes:
    """The body with another value at that place."""
    changed: Any = copy.deepcopy(body)
    holder = changed
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = odd
    return json.dumps(changed).encode()


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    body = EVERY[draw(st.sampled_from(sorted(EVERY)))]
    odd = st.sampled_from(ODD) | st.recursive(st.none() | st.floats() | st.text(), st.lists, max_leaves=5)
    return put(body, draw(st.sampled_from(list(places(body)))), draw(odd))


def storable(event: Event) -> None:
    """It is a fact that reads back as itself, or it is kept as text that any program can read."""
    fact = fact_of(event, NOW)
    if isinstance(fact, Other):
        assert fact.model_dump_json().encode()
    else:
        assert FACT.validate_json(fact.model_dump_json().encode()) == fact


@given(raw=broken())
@settings(max_examples=400, deadline=None)
def test_every_item_of_a_body_with_a_broken_value_is_read_or_kept(raw: bytes) -> None:
    events = parse(raw)
    assert events
    for event in events:
        storable(event)


@given(raw=st.binary(max_size=200) | broken().flatmap(lambda raw: st.integers(0, len(raw)).map(lambda cut: raw[:cut])))
@settings(max_examples=200, deadline=None)
def test_bytes_that_are_no_update_are_refused_and_never_crash(raw: bytes) -> None:
    try:
        events = parse(raw)
    except BadPayloadError:
        return
    for event in events:
        storable(event)


def everything_broken() -> list[bytes]:
    """Each of the updates with every third of its places broken, the odd values in turn."""
    spots = [(body, place) for body in EVERY.values() for place in places(body)]
    return [put(body, place, ODD[turn % len(ODD)]) for turn, (body, place) in enumerate(spots[::3])]


DEEP = b'{"entry":' * 50_000 + b"1" + b"}" * 50_000
TWICE = b'{"entry": 1, "entry": [{"changes": [{"field": "messages", "value": {"messages": []}}]}], "object": 1}'
NUMBERS = b'{"entry": ' + b"9" * 100_000 + b"}"
ODD_BODIES = (
    DEEP,
    TWICE,
    NUMBERS,
    b"[" * 100_000,
    b"",
    b"\xef\xbb\xbf{}",
    b'"',
    b"NaN",
    b'{"entry": NaN}',
    b"\0" * 999,
)


async def test_broken_bodies_stand_in_nobodys_way(http: httpx.AsyncClient, store: Store) -> None:
    bodies = [*ODD_BODIES, *everything_broken()]
    for raw in bodies:
        assert await post(http, raw, sign(raw, SECRET)) == 200
    raw = update(text("hola", "wamid.last"))
    assert await post(http, raw, sign(raw, SECRET)) == 200
    read = await facts(store)
    assert [fact.text for fact in read if isinstance(fact, Said) and fact.wamid == "wamid.last"] == ["hola"]
    assert sum(map(int, (await store.unknown()).values())) > 100
    assert not await store.redis.xlen(store.keys.of("dead"))
    office = Office(store)
    await office.missed()
    await office.settle()
    assert not await store.redis.xlen(store.keys.of("dead"))


async def test_ten_thousand_messages_in_one_body_are_all_read(http: httpx.AsyncClient, store: Store) -> None:
    raw = update(*(text("x", f"wamid.{number}") for number in range(10_000)))
    for _ in range(2):
        assert await post(http, raw, sign(raw, SECRET)) == 200
    assert {fact.wamid for fact in await facts(store)} == {f"wamid.{number}" for number in range(10_000)}


async def test_a_bomb_a_wrong_kind_and_a_body_in_pieces(http: httpx.AsyncClient, store: Store) -> None:
    """A packed body is unpacked only as far as a body may be long; the kind that is named decides nothing."""
    bomb = gzip.compress(b" " * 200_000_000)
    signed = {"X-Hub-Signature-256": sign(bomb, SECRET), "Content-Encoding": "gzip"}
    assert (await http.post("/whatsapp", content=bomb, headers=signed)).status_code in {400, 413}
    raw = update(text("hola"))

    async def pieces() -> Any:
        for byte in range(0, len(raw), 7):
            yield raw[byte : byte + 7]

    headers = {"X-Hub-Signature-256": sign(raw, SECRET), "Content-Type": "multipart/form-data; boundary=x"}
    assert (await http.post("/whatsapp", content=pieces(), headers=headers)).status_code == 200
    assert [fact.text for fact in await facts(store)] == ["hola"]


async def test_an_encoding_that_nobody_knows_is_no_crash(http: httpx.AsyncClient) -> None:
    raw = update(text("hola"))
    headers = {"X-Hub-Signature-256": sign(raw, SECRET), "Content-Encoding": "telepathy"}
    assert (await http.post("/whatsapp", content=raw, headers=headers)).status_code == 200


async def test_a_body_that_never_ends_is_given_up(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp.webhook.BODY_S", 0.01)
    reader, writer = await asyncio.open_connection(http.base_url.host, http.base_url.port)
    writer.write(b"POST /whatsapp HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
    answer = await asyncio.wait_for(reader.readline(), timeout=10)
    writer.close()
    assert b" 408 " in answer
