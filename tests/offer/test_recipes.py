"""Every recipe of docs/offer-recipes.md by real calls: who takes the offer is hung up, who does not goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringback.call import Verdict
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.phones import AgentPhone
from ringbackd.sandbox.process import until
from tests.offer.conftest import Town
from tests.offer.office import recipes
from tests.offer.taking import Recipe, after_an_offer, at_once, chooses, play, presses_1, steps, waits_too_long

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(400)]
JOINS = {"name": "QueueCallerJoin", "Queue": "ventas"}
RECIPES = (
    Recipe("before joining", "5550120", at_once, JOINS, Verdict.ABANDONED_QUEUE, also_on_16=True),
    Recipe("by key", "5550120", after_an_offer(presses_1), JOINS, Verdict.ABANDONED_QUEUE, also_on_16=True),
    Recipe("on timeout", "5550121", after_an_offer(waits_too_long), steps("VoiceMail"), Verdict.VOICEMAIL),
    Recipe("closed", "5550122", at_once, steps("Playback", AppData="vm-goodbye"), Verdict.CLOSED),
    Recipe("no answer", "5550123", at_once, steps("Hangup", Context="sales-phone"), Verdict.NO_ANSWER),
    Recipe("menu", "5550124", chooses("9", "BackGround"), steps("BackGround"), Verdict.ABANDONED_IVR),
)


async def test_every_recipe_is_taken_and_refused(town: Town, both: Kit, tmp_path: Path, release: str) -> None:
    """A telephone rings meanwhile, and nobody picks up."""
    async with AgentPhone(both, town.office, "101"):
        await play([recipe for recipe in RECIPES if recipe.also_on_16 or release == "22"], town, tmp_path)


async def test_who_waits_hears_the_announcement_of_the_recipe(town: Town) -> None:
    """Asterisk plays one file, and says nothing of one that is not there."""
    await town.office.cli("logger add channel played verbose(3)")
    customer = await town.calls("5550121")
    played = town.office.folder / "log/played"
    sound = recipes("queues").partition("periodic-announce = ")[2].split()[0]
    await until(lambda: f"Playing '{sound}." in played.read_text(), seconds=60, otherwise=played.read_text)
    await town.office.cli("logger remove channel played")
    customer.hang_up()
