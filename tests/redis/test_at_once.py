"""What many messages ask of the outbox at the same moment is one script: each gets the answer that is its own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from benchmarks.load import fill
from ringback.fact import FACT
from ringbackd.outbox import RedisOutbox
from ringbackd.pacing import Pacing
from ringbackd.store import Store
from tests.redis.offices import entries
from whatsapp.outcome import Sent
from whatsapp.sender import Claimed

MANY = 40
WIDE = Pacing(per_second=100_000, daily_recipients=0)


@pytest.fixture
async def box(store: Store) -> RedisOutbox:
    await fill(store, range(MANY))
    return RedisOutbox(store, doubt_s=60, limits=WIDE, clock=lambda: 1e6)


async def calls(store: Store) -> int:
    stats = await store.redis.info("commandstats")
    return int(stats.get("cmdstat_evalsha", {"calls": 0})["calls"])


async def claimed(box: RedisOutbox) -> list[Claimed | None]:
    waiting = await entries(box.store)
    return await asyncio.gather(*(box.claim(message, entry) for entry, message in waiting))


async def test_each_is_given_its_own_message_and_what_is_done_or_in_doubt_is_not_given_to_anybody(
    box: RedisOutbox,
) -> None:
    keys, redis = box.store.keys, box.store.redis
    for number, state in ((3, "accepted"), (5, "sending"), (7, "withdrawn")):
        await redis.hset(keys.of("message", f"c{number}-m1"), "state", state)
    await redis.sadd(keys.of("live", "5198" + "0000011"), "pbx|1")
    found = await claimed(box)
    wanted = [None if number in {3, 5, 7} else f"c{number}-m1" for number in range(MANY)]
    assert [one and one.message.id for one in found] == wanted
    assert [one.message.id for one in found if one and one.on_call] == ["c11-m1"]
    assert await box.store.message_state("c5-m1") == "doubt"
    assert await box.store.ranked(keys.timers) == ['2|{"message":"c5-m1"}']
    assert [message for _, message in await entries(box.store)] == [name for name in wanted if name]


async def test_each_pause_is_that_of_its_own_message(box: RedisOutbox) -> None:
    found = [one for one in await claimed(box) if one]
    box.limits.limits = WIDE.model_copy(update={"per_customer_day": 1, "pair_s": 100.0, "pair_burst": 1})
    for one in (found[2], found[9]):
        await box.store.redis.sadd(box.store.keys.of("written", "customer", one.key), "another")
    await box.store.redis.set(box.store.keys.of("pace", "pair", found[4].message.to), "1000030")
    pauses = await asyncio.gather(*(box.pace(one) for one in found))
    assert {n: pause.seconds for n, pause in enumerate(pauses) if pause} == {2: None, 4: 30.0, 9: None}


async def test_the_fates_of_many_are_written_together_and_cost_a_few_scripts(box: RedisOutbox) -> None:
    before = await calls(box.store)
    found = [one for one in await claimed(box) if one]
    assert await asyncio.gather(*(box.pace(one) for one in found)) == [None] * MANY
    counted = [await box.store.members(box.store.keys.of("written", "case", one.message.case)) for one in found]
    assert counted == [{one.message.id} for one in found]
    waiting = await entries(box.store)
    await asyncio.gather(
        *(
            box.accepted(one.message, Sent(f"wamid.{one.message.id}"), entry)
            for one, (entry, _) in zip(found, waiting, strict=True)
        )
    )
    assert await calls(box.store) - before <= 6
    rows: Any = await box.store.redis.xrange(box.store.keys.facts)
    told = [FACT.validate_json(fields[b"json"]) for _, fields in rows]
    assert [getattr(fact, "wamid", "") for fact in told] == [f"wamid.c{number}-m1" for number in range(MANY)]
    assert await entries(box.store) == []
