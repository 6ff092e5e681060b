"""Every kind of update with something hostile in any of its fields: read, made a fact, and applied; nothing breaks."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback.fact import FACT, AccountNews, ConsentChanged, Delivery, Echoed, Fact, Noticed, NumberChanged, Said
from ringbackd.store import Store
from ringbackd.updates import fact_of
from tests.core.worlds import NOON
from tests.redis.offices import Office
from tests.webhook.everyupdate import EVERY, MESSAGES, Json
from tests.whatsapp.test_inbound import JSON
from whatsapp.events import Other
from whatsapp.inbound import parse

NASTY: list[Any] = [None, True, -1, 0, 10**40, 1e308, float("nan"), float("inf"), "", " ", "\0", "\r\n", "\ud800", "٣"]
NASTY += [
    "9" * 400,
    "x" * 70_000,
    "{x}",
    "' OR 1=1 --",
    "=1+1",
    "<b>",
    "${jndi:x}",
    "\u202e",
    [],
    {},
    [[]],
    [None],
    {"": {}},
]
HOSTILE = st.sampled_from(NASTY) | JSON
Place = tuple[str | int, ...]
KINDS = (Said, Noticed, Echoed, Delivery, NumberChanged, ConsentChanged, AccountNews)


def places(body: object, at: Place = ()) -> Iterator[Place]:
    """Where something stands in a body, below its envelope."""
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in inner:
        yield (*at, key)
        yield from places(value, (*at, key))


@st.composite
def hostile(draw: st.DrawFn) -> Json:
    """An update with up to three of its fields replaced."""
    body = copy.deepcopy(EVERY[draw(st.sampled_from(sorted(EVERY)))])
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from(list(places(body))))
        table: Any = body
        for key in parents:
            table = table[key]
        table[last] = copy.deepcopy(draw(HOSTILE))
        if not list(places(body)):
            break
    return body


def read(body: Json) -> list[Fact | Other]:
    """What the intake makes of a body."""
    return [fact_of(event, NOON) for event in parse(json.dumps(body).encode())]


@settings(max_examples=300)
@given(hostile())
def test_each_item_becomes_a_fact_or_is_kept_and_both_can_be_stored(body: Json) -> None:
    found = read(body)
    assert found
    for item in found:
        text = item.model_dump_json().encode()
        assert isinstance(item, Other) or FACT.validate_json(text) == item


@settings(max_examples=100)
@given(hostile(), st.sampled_from(sorted(MESSAGES)))
def test_the_good_update_beside_a_hostile_one_is_read(body: Json, name: str) -> None:
    entries = body["entry"] if isinstance(body.get("entry"), list) else []
    together = {"entry": [*entries, *MESSAGES[name]["entry"]]}
    assert [item for item in read(together) if isinstance(item, KINDS)][-1:] == [
        item for item in read(MESSAGES[name]) if isinstance(item, KINDS)
    ][-1:]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=hostile())
async def test_no_fact_of_a_hostile_update_breaks_the_desk(store: Store, body: Json) -> None:
    await store.redis.flushdb()
    office = Office(store)
    await office.missed()
    for item in read(body):
        if isinstance(item, KINDS):
            await office.desk.process(item)
    assert await office.events()
