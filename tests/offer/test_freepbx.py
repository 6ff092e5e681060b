"""The recipes for FreePBX by real calls, through all that its pages name."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ringback.call import Verdict
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.phones import BUSY, AgentPhone, answers
from tests.offer.conftest import Town
from tests.offer.taking import Recipe, at_once, chooses, daemon, joins, play, presses_1, steps, verdicts, waits_too_long

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(400)]
JOINS = {"name": "QueueCallerJoin", "Queue": "400"}
ENDS = steps("Hangup", Context="app-blackhole")
RECIPES = (
    Recipe("before joining", "5550130", at_once, JOINS, Verdict.ABANDONED_QUEUE),
    Recipe("break-out menu", "5550135", presses_1, JOINS, Verdict.ABANDONED_QUEUE, also_on_16=True),
    Recipe("fail-over", "5550131", waits_too_long, ENDS, Verdict.QUEUE_TIMEOUT, also_on_16=True),
    Recipe("time condition", "5550132", at_once, ENDS, Verdict.CLOSED),
    Recipe("no answer", "5550133", at_once, ENDS, Verdict.NO_ANSWER),
    Recipe("menu", "5550134", chooses("2", "ExecIf"), ENDS, Verdict.ABANDONED_IVR),
)


async def test_every_recipe_is_taken_and_refused(freepbx: Town, both: Kit, tmp_path: Path, release: str) -> None:
    async with AgentPhone(both, freepbx.office, "101"):
        await play([recipe for recipe in RECIPES if recipe.also_on_16 or release == "22"], freepbx, tmp_path)


async def test_who_stays_is_answered_before_who_came_later(freepbx: Town, both: Kit, tmp_path: Path) -> None:
    """The agent is busy until he is back in his place."""
    async with daemon(freepbx, tmp_path), AgentPhone(both, freepbx.office, "101", default=BUSY) as agent:
        listener = await freepbx.calls("5550135", number="987650021")
        await joins(listener)
        later = await freepbx.calls("5550135", number="987650022")
        await later.event("QueueCallerJoin", Position="2")
        since = await listener.hears("offer-stay", await presses_1(listener))
        listener.press("#")
        assert (await listener.event("QueueCallerJoin", since))["Position"] == "1"
        agent.default = answers()
        await listener.event("AgentConnect", since)
        await asyncio.sleep(1.5)
        await freepbx.everybody_leaves()
    told = verdicts(freepbx)
    assert [told[each.linkedid].verdict for each in (listener, later)] == [Verdict.ANSWERED, Verdict.ABANDONED_QUEUE]


async def test_his_place_is_not_taken_along_into_the_queue_that_he_overflows_to(freepbx: Town, tmp_path: Path) -> None:
    async with daemon(freepbx, tmp_path):
        for number in range(2):
            waiting = await freepbx.calls("5550137", number=f"98765003{number}")
            await joins(waiting)
        caller = await freepbx.calls("5550136", number="987650033")
        since = await caller.hears("offer-stay", await presses_1(caller))
        caller.press("#")
        await caller.event("QueueCallerJoin", since, Queue="402", Position="1")
        assert (await caller.event("QueueCallerJoin", since, Queue="403"))["Position"] == "3"
        await freepbx.everybody_leaves()
