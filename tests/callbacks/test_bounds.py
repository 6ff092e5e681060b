"""What holds a call back back, on a real Asterisk 22 and Redis: the limit of all lines, callers who wait, a person."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from ringback.fact import PersonActed
from ringback.journal import Event
from ringback.record import Outcome
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.phones import answers
from ringbackd.sandbox.process import until
from ringbackd.sandbox.redisserver import RedisServer
from ringbackd.sandbox.sip import Caller
from ringbackd.sandbox.sip import State as Leg
from ringbackd.store import Store
from tests.callbacks.rig import floor, line
from tests.callbacks.test_seats import Watch, at_work, due, redis, store

__all__ = ["redis", "store"]
pytestmark = [pytest.mark.pbx, pytest.mark.timeout(180)]
BOTH = {"listener", "desk", "scheduler"}, {"desk", "scheduler"}


async def test_the_limit_of_the_pbx_holds_over_its_lines_and_two_schedulers(
    kit: Kit, redis: RedisServer, store: Store, tmp_path: Path
) -> None:
    """Three agents are free, and never more than two calls back are under way; everybody is served."""
    async with floor(kit, tmp_path / "pbx", "22") as here:
        here.customers.default = here.phones.default = answers(100)
        cases = [await due(store, f"98700010{index}", on=("ventas", "soporte")[index % 2]) for index in range(6)]
        watch = Watch(here)
        talking = asyncio.create_task(watch.agents_talk())

        async def all_served() -> bool:
            found = [await store.case(case) for case in cases]
            return all(case and case.outcome is Outcome.CALLBACK for case in found)

        plan = {"press_1": False, "recovered_s": 0.5}
        lines = [line(**plan), line(**plan).model_copy(update={"name": "soporte", "dids": ("5550101",), "queues": ()})]
        async with at_work(here, redis.url, *BOTH, more={"line": lines, "callbacks": {"at_once": 2}}):
            await until(all_served, seconds=120, otherwise=lambda: f"not everybody was served: {here.book.calls}")
        talking.cancel()
    assert watch.most == 2
    assert len(here.customers.calls) == len(cases)


async def test_a_promise_waits_for_callers_whose_patience_is_over_and_is_kept_after_them(
    kit: Kit, redis: RedisServer, store: Store, tmp_path: Path
) -> None:
    """He is told once that it takes longer than he was promised."""
    number = "987000001"
    async with floor(kit, tmp_path / "pbx", "22") as here, Caller(kit, here.pbx) as caller:
        waiting = await caller.dial("987000009", "5550189")
        await here.phones.call(None, Leg.RINGING)

        async def too_long() -> bool:
            occupancy = await here.dialer.queue("equipo")
            return occupancy is not None and occupancy.longest_wait_s > 1

        await until(too_long, seconds=30, otherwise=lambda: "he does not wait")
        async with at_work(here, redis.url, *BOTH, patience_s=1):
            case = await due(store, number, -11 * 60, asked=time.time())

            async def postponed() -> bool:
                whys = [entry.data["why"] for entry in await store.journal() if entry.event is Event.POSTPONED]
                return whys == ["callers have waited for too long"]

            await until(postponed, seconds=30, otherwise=lambda: f"nobody says so of {case}")
            assert not here.customers.calls
            await here.agent()
            await waiting.established()
            (await here.customers.call(number, Leg.RINGING, seconds=30)).decline()
    said = [entry.data["step"] for entry in await store.journal() if entry.event is Event.QUEUED]
    assert said == ["late"]


async def test_a_case_that_is_closed_while_they_talk_in_our_call_back_was_recovered_by_it(
    kit: Kit, redis: RedisServer, store: Store, tmp_path: Path
) -> None:
    """The agent says during the call that it is solved: nobody is cut off, and what was heard of the call counts."""
    plan: dict[str, Any] = {"press_1": False, "recovered_s": 0.5}
    async with floor(kit, tmp_path / "pbx", "22") as here, at_work(here, redis.url, BOTH[0], **plan):
        name = await due(store, "987000001")
        customer = await here.picks_up("987000001")
        agent = await here.agent(seconds=30)
        await store.add_facts([PersonActed(nonce="1", case=name, act="solve", who="Eva", at=time.time())])

        async def outcome(wanted: Outcome) -> bool:
            case = await store.case(name)
            return bool(case and case.outcome is wanted)

        await until(lambda: outcome(Outcome.SOLVED), seconds=30, otherwise=lambda: "it is not closed")
        await asyncio.sleep(1.5)
        assert customer.state is Leg.UP
        await agent.hang_up()
        await until(lambda: outcome(Outcome.CALLBACK), seconds=30, otherwise=lambda: "it stays closed as solved")
    closed = [entry.data["outcome"] for entry in await store.journal() if entry.event is Event.CLOSED]
    assert closed == ["solved", "callback"]


async def test_who_is_called_by_an_agent_by_hand_is_not_called_back(
    kit: Kit, redis: RedisServer, store: Store, tmp_path: Path
) -> None:
    number = "987000001"
    async with floor(kit, tmp_path / "pbx", "22") as here, at_work(here, redis.url, BOTH[0]):
        name = await due(store, number, 3600)
        here.phones.default = answers(100)
        await here.pbx.cli(f"channel originate PJSIP/201 extension {number}@ringback-outbound")
        customer = await here.picks_up(number)
        await asyncio.sleep(1.5)
        await customer.hang_up()

        async def settled() -> bool:
            case = await store.case(name)
            return bool(case and case.outcome is Outcome.MANUAL)

        await until(settled, seconds=30, otherwise=lambda: f"nobody knows of it: {here.book.calls}")
        assert not [timer for timer in await store.scores(store.keys.timers) if name in timer]
