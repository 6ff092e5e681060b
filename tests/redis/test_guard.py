"""The guard on a real Redis: limits that two schedulers never pass together, bursts from abroad, the switch."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import redis

from ami_listener.dialer import Dial, Queued
from ringback.dialguard import Guard, ringable
from ringback.fact import CallEnded, NotDialled, Said, Timer, TimerFired
from ringback.journal import Event
from ringback.line import CallbackPlan, Line
from ringback.phone import match_key
from ringback.record import State
from ringbackd.cli import main
from ringbackd.commands import example
from ringbackd.guarding import Allowed, DialGuard, Forbidden
from ringbackd.scheduler import Scheduler
from ringbackd.store import ConflictError, Store
from tests.core.worlds import NOON, call, line, payloads
from tests.redis.offices import Office

KEY = "51987654321"
SHORT = NOON - 2


class Phone:
    """Takes every Originate and rings nobody."""

    def __init__(self) -> None:
        self.rung: list[str] = []

    async def originate(self, dial: Dial) -> Queued:
        self.rung.append(dial.channel)
        return Queued()


async def ordered(office: Office, number: str = "987654321", linkedid: str = "") -> None:
    """A customer who chose to be called at once, and whose moment has come."""
    await office.missed(caller=number, linkedid=linkedid or number)
    key = match_key(f"51{number}")
    (case,) = await office.store.cases_of(key)
    _, message = await office.message(case.pending[0])
    await office.desk.process(Said(wamid=f"in{number}", wa_id=key, payload=payloads(message)[0], at=office.now))
    (case,) = await office.store.cases_of(key)
    assert case.callback is not None
    office.now = max(office.now, case.callback.due)
    await office.desk.process(TimerFired(case=case.id, timer=Timer.DUE, due=case.callback.due))


async def dialled(office: Office, *schedulers: Scheduler) -> None:
    """Deal with every order that waits, in turns, at the same time."""
    rows: Any = await office.store.redis.xrange(office.store.keys.dials)
    await asyncio.gather(
        *(
            schedulers[turn % len(schedulers)].handle(fields[b"json"], entry.decode())
            for turn, (entry, fields) in enumerate(rows)
        )
    )


def scheduler(office: Office, phone: Phone, **guard: Any) -> Scheduler:
    return Scheduler(office.store, phone, office.desk.lines, Guard(**guard), lambda: office.now)


async def why(office: Office) -> list[str]:
    return [fact.why for fact in await office.facts() if isinstance(fact, NotDialled)]


async def test_who_may_not_be_rung_is_given_to_a_person_with_the_reason(store: Store) -> None:
    office, phone = Office(store, callback=CallbackPlan(exten="ventas", never=("+51987",))), Phone()
    await ordered(office)
    await dialled(office, scheduler(office, phone))
    await office.settle()
    (case,) = await store.active_cases()
    assert (phone.rung, case.state, case.handed_over) == ([], State.WITH_PERSON, True)
    told = [entry.data for entry in await store.journal() if entry.event is Event.ATTEMPT_ENDED]
    assert [(data["outcome"], data["why"]) for data in told] == [
        ("forbidden", "begins with +51987, which is never rung")
    ]


async def test_two_schedulers_pass_no_limit_together(store: Store) -> None:
    office, phones = Office(store), [Phone(), Phone()]
    for number in range(12):
        await ordered(office, f"9876{number:02}321")
    both = [scheduler(office, phone, hour=5) for phone in phones]
    await dialled(office, *both)
    assert sum(len(phone.rung) for phone in phones) == 5
    assert await why(office) == ["too many calls back in an hour"] * 7
    facts = [fact for fact in await office.facts() if isinstance(fact, NotDialled)]
    assert {(fact.outcome, fact.again) for fact in facts} == {("unwanted", NOON + 3600)}


async def test_what_was_held_back_is_rung_when_there_is_room_again(store: Store) -> None:
    office, phone = Office(store, hours={}), Phone()
    for number in ("987654321", "912345678"):
        await ordered(office, number)
    await dialled(office, scheduler(office, phone, hour=1))
    await office.settle()
    waiting = [case for case in await store.active_cases() if case.state is State.PROMISED]
    assert [case.callback.due for case in waiting if case.callback] == [NOON + 3600]


@pytest.mark.parametrize(
    ("guard", "reason"),
    [
        ({"number_day": 1}, "this number was rung often enough"),
        ({"block_hour": 1}, "its neighbours were rung too often"),
        ({"day": 1}, "too many calls back in a day"),
        ({"spend_day": 1.0, "price": 0.2}, "what calls back may cost today is used up"),
    ],
)
async def test_each_limit_says_why(store: Store, guard: dict[str, float], reason: str) -> None:
    watch = DialGuard(store, Guard.model_validate(guard), lambda: NOON)
    first = await watch.ruling("a-1", "987654321", KEY, line())
    assert isinstance(first, Allowed)
    await store.commit(first.checks, first.writes)
    second = await watch.ruling("a-2", "987654321", KEY, line())
    assert isinstance(second, Allowed)
    with pytest.raises(ConflictError) as conflict:
        await store.commit(second.checks, second.writes)
    found = await watch.full(second, conflict.value.check)
    assert (found.why, found.again > NOON) == (reason, True)


async def test_an_attempt_that_was_begun_before_counts_once_and_is_not_dialled(store: Store) -> None:
    office, phone = Office(store), Phone()
    await ordered(office)
    work = scheduler(office, phone)
    await dialled(office, work)
    rows: Any = [(order, "0-1") for order in await office.stream("dials")]
    await work.handle(json.dumps(rows[0][0]).encode(), rows[0][1]) if rows else None
    assert len(phone.rung) == 1
    assert [await work.guard.count(limit) for limit in work.guard.limits(KEY, _read(office))][2] == 1


def _read(office: Office) -> Any:
    return ringable("987654321", KEY, office.desk.lines[0])


async def bait(office: Office, callers: int) -> None:
    for number in range(callers):
        missed = call(at=office.now, started=office.now - 2, caller=f"+5622345{number:04}", linkedid=f"b{number}")
        await office.desk.process(CallEnded(call=missed))


async def test_a_burst_from_abroad_stops_calls_abroad_only_and_is_told_once(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    plan = CallbackPlan(exten="ventas", countries=("PE", "CL"))
    office, phone = Office(store, callback=plan), Phone()
    await bait(office, 12)
    work = scheduler(office, phone)
    abroad = await work.guard.ruling("a", "+56223450001", "56223450001", office.desk.lines[0])
    assert isinstance(abroad, Forbidden)
    assert abroad.why == "nobody abroad is rung: 10 callers from abroad hung up at once within 10 minutes"
    assert isinstance(await work.guard.ruling("b", "987654321", KEY, office.desk.lines[0]), Allowed)
    acts = [entry.data["act"] for entry in await store.journal() if entry.event is Event.GUARD]
    assert acts == ["burst"]
    (alert,) = [record.getMessage() for record in caplog.records if record.name == "ringback.guard"]
    assert alert.endswith("nobody abroad is rung for 60 minutes; go on before: ringback guard --go")
    office.now += 3601
    assert isinstance(await work.guard.ruling("c", "+56223450001", "56223450001", office.desk.lines[0]), Allowed)


async def test_one_caller_from_abroad_who_tries_often_is_no_burst(store: Store) -> None:
    office = Office(store, callback=CallbackPlan(exten="ventas", countries=("PE", "CL")))
    for number in range(30):
        missed = call(at=office.now, started=SHORT, caller="+56223450001", linkedid=f"b{number}")
        await office.desk.process(CallEnded(call=missed))
    assert await scheduler(office, Phone()).guard.burst() is None


class StoppedMeanwhile(DialGuard):
    """Somebody turns the switch just after it was looked at."""

    async def ruling(self, attempt: str, dial: str, key: str, line: Line) -> Allowed | Forbidden:
        found = await super().ruling(attempt, dial, key, line)
        if isinstance(found, Allowed):
            await self.stop("", "Ana")
        return found


async def test_nobody_is_dialled_once_the_switch_is_turned_not_even_who_was_allowed_before(store: Store) -> None:
    office, phone = Office(store), Phone()
    await ordered(office)
    work = scheduler(office, phone)
    work.guard = StoppedMeanwhile(store, Guard(), lambda: office.now)
    await dialled(office, work)
    assert (phone.rung, await why(office)) == ([], ["calls back are stopped: no reason given"])


@pytest.fixture
def settings(tmp_path: Path, redis_url: str) -> Path:
    path = tmp_path / "ringback.toml"
    text = (Path(example.__code__.co_filename).parent / "example.toml").read_text(encoding="utf-8")
    path.write_text(text.replace("redis://127.0.0.1:6379/0", redis_url), encoding="utf-8")
    return path


def test_the_switch_stops_every_call_back_until_it_is_turned(
    settings: Path, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["-c", str(settings)]
    assert main(["guard", "987654321", *where]) == 0
    assert "may be rung" in capsys.readouterr().out
    assert main(["guard", "--stop", "strange [red]calls", "--who", "Ana", *where]) == 0
    assert "strange [red]calls" in capsys.readouterr().out
    assert main(["guard", "987654321", "--json", *where]) == 1
    assert json.loads(capsys.readouterr().out)["refused"] == "strange [red]calls"
    assert main(["guard", "--go", *where]) == 0
    assert main(["guard", "987654321", *where]) == 0
    with redis.Redis.from_url(redis_url) as client:
        assert client.exists("{ringback}:guard:stop") == 0


def test_a_switch_without_a_reason_stops_too(settings: Path) -> None:
    where = ["-c", str(settings)]
    assert main(["guard", "--stop", "", *where]) == 0
    assert main(["guard", "987654321", *where]) == 1


def test_a_number_that_is_never_rung_is_explained_and_exits_with_one(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["guard", "+8816234567890", "-c", str(settings)]) == 1
    assert "satellite" in capsys.readouterr().out
