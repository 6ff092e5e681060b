"""The rehearsal decides as the desk does: the same calls, once on a real Redis and once without."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ami_listener.tracker import CallStarted
from ringback.call import Call, Direction, Verdict
from ringback.fact import Accepted
from ringback.journal import Entry, Event
from ringbackd.decision import Action
from ringbackd.patience import Patience
from ringbackd.pbxsink import RedisSink
from ringbackd.shadow import Shadow
from ringbackd.store import Store
from tests.core.worlds import FLOW, NOON, call
from tests.redis.offices import Office, entries

CUSTOMERS = ("987654321", "51987654321", "987654322", "+51987654322", "anonymous")
VERDICTS = (
    Verdict.ABANDONED_QUEUE,
    Verdict.NO_ANSWER,
    Verdict.SHORT,
    Verdict.ANSWERED,
    Verdict.ANSWERED,
    Verdict.UNKNOWN,
)
PAUSES = (1, 5, 15, 40, 60, 400, 3_000)

Told = tuple[str, str]


def day(chance: random.Random) -> list[tuple[float, CallStarted | Call]]:
    """Calls of a few customers that overlap now and then, as a listener tells them."""
    told: list[tuple[float, CallStarted | Call]] = []
    at = NOON
    for number in range(120):
        at += chance.choice(PAUSES)
        customer, outbound = chance.choice(CUSTOMERS), chance.random() < 0.15
        direction = Direction.OUTBOUND if outbound else Direction.INBOUND
        did = chance.choice(("5550100", "5550100", "5550199", "unknown"))
        told.append((at, CallStarted("pbx", f"{number}", customer, did, direction, at)))
        parties = {"caller": "101", "dialled": customer, "did": ""} if outbound else {"caller": customer, "did": did}
        ended = at + chance.choice((3, 30, 200))
        verdict = chance.choice(VERDICTS)
        of = {"linkedid": f"{number}", "direction": direction, "queue": "", "queues": (), "started": at}
        told.append((ended, call(verdict, ended, **of, **parties)))
    return sorted(told, key=lambda one: one[0])


async def at_the_desk(store: Store, office: Office, told: list[tuple[float, CallStarted | Call]]) -> list[Entry]:
    sink = RedisSink(store, "pbx", office.desk.lines, Patience(store.redis, "the test's"), lambda: office.now)
    for at, one in told:
        await until(store, office, at)
        await (sink.call_ended(one) if isinstance(one, Call) else sink.call_started(one))
        await office.settle()
        await taken(store, office)
    return await store.journal()


async def until(store: Store, office: Office, at: float) -> None:
    """Let every timer fire at its time, up to `at`."""
    while True:
        first: Any = await store.redis.zrange(store.keys.timers, 0, 0, withscores=True)
        if not first or first[0][1] > at:
            break
        office.now = max(office.now, first[0][1])
        await store.fire(office.now, 1)
        await office.settle()
        await taken(store, office)
    office.now = at


async def taken(store: Store, office: Office) -> None:
    """WhatsApp takes every message at once, as the rehearsal supposes."""
    for name in await office.queued():
        _, message = await office.message(name)
        await office.desk.process(Accepted(case=message.case, message=name, wamid=f"w-{name}", at=office.now))
    for entry, _ in await entries(store):
        await store.redis.xtrim(entry.partition(" ")[0], maxlen=0)


def of_the_desk(journal: list[Entry]) -> dict[str, Told]:
    """By Linkedid what was done, and to which case or why; of cases that are still waiting nothing."""
    told: dict[str, Told] = {}
    opened = {entry.case: str(entry.data["linkedid"]) for entry in journal if entry.event is Event.OPENED}
    for entry in journal:
        linkedid = str(entry.data.get("linkedid", ""))
        match entry.event:
            case Event.SUPPRESSED:
                told[linkedid] = ("suppress", str(entry.data["why"]))
            case Event.MISSED_AGAIN:
                told[linkedid] = ("join", entry.case)
            case Event.QUEUED:
                told[opened[entry.case]] = (f"send {entry.at:.1f}", entry.case)
            case Event.CLOSED:
                told.setdefault(opened[entry.case], ("cancel", entry.case))
    return told


def of_the_rehearsal(shadow: Shadow) -> dict[str, Told]:
    """The same of the shadow, at the same moment: before the quiet times that are still running are over."""
    told: dict[str, Told] = {}
    for one in [*shadow.decided(), *shadow._queue]:
        match one.action:
            case Action.SUPPRESS:
                told[one.call.linkedid] = ("suppress", one.why)
            case Action.JOIN | Action.CANCEL:
                told[one.call.linkedid] = (one.action.value, one.case)
            case Action.SEND:
                told[one.call.linkedid] = (f"send {one.at:.1f}", one.case)
    return told


@pytest.mark.parametrize("seed", range(6))
async def test_the_rehearsal_and_the_desk_agree(store: Store, seed: int) -> None:
    told = day(random.Random(seed))
    office = Office(store, quiet_s=120, contact_gap_h=0.5, expiry_h=2)
    expected = of_the_desk(await at_the_desk(store, office, told))
    shadow = Shadow(office.desk.lines, {"general": FLOW})
    for _, one in told:
        if isinstance(one, Call):
            shadow.ended(one)
        else:
            shadow.started(one)
    found = of_the_rehearsal(shadow)
    assert found == expected
    assert {what.split()[0] for what, _ in expected.values()} == {"suppress", "join", "send", "cancel"}
