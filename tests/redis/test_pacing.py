"""How fast we write: every limit on a real Redis, shared by several senders, with a clock of the test's own."""

from __future__ import annotations

import asyncio

import pytest

from ringback.message import Message, Template, Text
from ringbackd.circuits import needed
from ringbackd.pacing import Pace, Pacing
from ringbackd.store import Store
from ringbackd.streams import Consumer
from whatsapp.outcome import Scope
from whatsapp.sender import Pause

DAY = 86_400.0


def message(number: int = 1, to: str = "+51987654321", *, template: bool = False, case: str = "") -> Message:
    body = Template(name="missed", language="es") if template else Text(text="hola")
    return Message(id=f"m{number}", case=case or f"c{number}", line="ventas", to=to, body=body, not_after=9e9)


def others(count: int, *, template: bool = False) -> list[Message]:
    return [message(n, f"+5198765{n:04}", template=template) for n in range(count)]


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def taken(pace: Pace, messages: list[Message]) -> list[Pause | None]:
    return await asyncio.gather(*(pace.take(each, each.to) for each in messages))


async def test_many_senders_at_one_moment_share_one_second_of_the_pace(store: Store, clock: Clock) -> None:
    senders = [Pace(store, Pacing(per_second=40), clock) for _ in range(4)]
    results = await asyncio.gather(*(taken(each, others(20)) for each in senders))
    assert sum(pause is None for result in results for pause in result) == 40
    waits = [pause for result in results for pause in result if pause]
    assert all(pause.seconds and 0 < pause.seconds <= 1 / 40 + 1e-6 for pause in waits)


async def test_over_ten_seconds_the_pace_is_kept_and_used(store: Store, clock: Clock) -> None:
    pace, went = Pace(store, Pacing(per_second=20), clock), 0
    for step in range(1000):
        clock.now = 1_000_000 + step * 0.01
        went += (await pace.take(message(step, f"+5198765{step:04}"), "k")) is None
    assert 20 * 10 <= went <= 20 * 11


async def test_one_recipient_gets_a_burst_that_is_paid_back_and_nobody_else_waits(store: Store, clock: Clock) -> None:
    pace = Pace(store, Pacing(), clock)
    results = [await pace.take(message(n), "k") for n in range(46)]
    assert results[:45] == [None] * 45
    assert results[45] is not None
    assert results[45].seconds == pytest.approx(6)
    assert await pace.take(message(99, "+51987654399"), "other") is None
    clock.now += 6.001
    assert await pace.take(message(46), "k") is None
    assert await pace.take(message(47), "k") is not None


async def test_so_many_new_recipients_in_24_hours_and_answers_do_not_count(store: Store, clock: Clock) -> None:
    pace = Pace(store, Pacing(daily_recipients=3), clock)
    results = [await pace.take(each, each.to) for each in others(4, template=True)]
    assert results[:3] == [None] * 3
    assert results[3] is not None
    assert results[3].seconds == pytest.approx(DAY)
    assert await pace.take(others(1, template=True)[0], "again") is None
    assert await pace.take(message(9, "+51987650009"), "answer") is None
    clock.now += DAY + 1
    assert await pace.take(others(4, template=True)[3], "later") is None


async def test_nobody_is_written_to_too_often_and_no_case_runs_away(store: Store, clock: Clock) -> None:
    pace = Pace(store, Pacing(per_customer_day=2, per_case=5), clock)
    first = [await pace.take(message(n, template=True), "k") for n in range(3)]
    assert [pause is None for pause in first] == [True, True, False]
    assert first[2] == Pause(None, "he was written to 2 times in a day")
    answers = [await pace.take(message(n, case="one"), "k") for n in range(6)]
    assert answers[5] == Pause(None, "this case has had 5 messages")


async def test_while_something_is_broken_one_message_at_a_time_tries(store: Store, clock: Clock) -> None:
    pace = Pace(store, Pacing(), clock)
    await pace.broke(message(template=True), Scope.TEMPLATE, "(132001) no such template")
    assert await pace.take(message(2), "k") is None
    waiting = await pace.take(message(3, template=True), "k")
    assert waiting is not None
    assert waiting.seconds == pytest.approx(60)
    clock.now += 60.001
    tries = await taken(pace, others(5, template=True))
    assert sum(pause is None for pause in tries) == 1
    await store.commit((), pace.circuits.closed(*needed(message(4, template=True))))
    assert await pace.circuits.broken() == {}
    assert all(pause is None for pause in await taken(pace, others(5, template=True)))


async def test_what_stays_broken_is_tried_ever_more_seldom(store: Store, clock: Clock) -> None:
    pace = Pace(store, Pacing(), clock)
    waits = [await pace.broke(message(), Scope.ACCOUNT, "expired") - clock.now for _ in range(6)]
    assert waits == pytest.approx([60, 120, 240, 480, 900, 900])


async def test_answers_go_first_and_every_line_has_its_share(store: Store) -> None:
    keys = store.keys
    for n in range(500):
        await store.redis.xadd(keys.first("big"), {"json": f"big{n}"})
    await store.redis.xadd(keys.first("small"), {"json": "small"})
    await store.redis.xadd(keys.answers, {"json": "answer"})
    streams = [keys.answers, keys.outbox, keys.first("big"), keys.first("small")]
    read: list[bytes] = []
    async for _, raw in Consumer(store.redis, streams, "sender", "a").entries(asyncio.Event()):
        read.append(raw)
        if raw == b"small":
            break
    assert read[0] == b"answer"
    assert len(read) <= 2 + 50 // 4
