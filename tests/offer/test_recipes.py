"""Every recipe of docs/offer-recipes.md by real calls: who takes the offer is hung up, who does not goes on."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from agi.fastagi import FastAgi
from agi.menu import LineMenu, Menu, Numbers
from agi.offer import House, run
from agi.spool import Spool
from ami_listener.settings import PbxSettings
from ami_listener.tracker import Tracker
from ringback.call import Call, Verdict
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.phones import AgentPhone
from ringbackd.sandbox.process import until
from tests.offer.conftest import Town
from tests.offer.customer import Customer
from tests.offer.office import recipes

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="session")]
NUMBERS = count(100)
"""Everybody calls from a number of his own."""
ALWAYS = ((time.time() - 86400, time.time() + 86400),)
LINE = LineMenu(
    name="ventas", language="es", timezone="America/Lima", region="PE", queues=("ventas", "400"), messaging=ALWAYS,
    calling=ALWAYS, numbers=Numbers(prefixes=("", "0", "51"), mobile=r"9\d{8}", any=r"9\d{8}"),
)  # fmt: skip

Way = Callable[[Customer], Awaitable[int]]
"""What he does until he is offered something; the index from which on that is told."""


@asynccontextmanager
async def daemon(town: Town, folder: Path) -> AsyncIterator[None]:
    """Makes the offers of the line, and keeps in the folder what came of them."""
    house = House(Menu(pbx="pbx", lines=(LINE,)), Spool(folder))
    door = FastAgi("127.0.0.1", 0, {"offer": lambda session: run(session, house)})
    door.start()
    await town.office.cli(f"dialplan set global RINGBACK_AGI agi://127.0.0.1:{door.port}")
    try:
        yield
    finally:
        door.close()


@dataclass(frozen=True)
class Recipe:
    """`did` leads to it, `way` to its offer, and `then` is what is told of him who refuses."""

    name: str
    did: str
    way: Way
    then: Mapping[str, str]
    missed: Verdict
    """What is said of him who refuses and hangs up then."""
    also_on_16: bool = False


async def at_once(customer: Customer) -> int:
    return 0


async def joins(customer: Customer) -> int:
    """He stays on the line at the first offer, and waits in the queue."""
    await customer.hears("offer-stay")
    customer.press("#")
    await customer.event("QueueCallerJoin")
    return customer.now()


async def presses_a_key(customer: Customer) -> int:
    since = await joins(customer)
    customer.press("1")
    await customer.event("QueueCallerLeave", since)
    return since


async def waits_too_long(customer: Customer) -> int:
    since = await joins(customer)
    await customer.event("QueueCallerLeave", since)
    return since


async def chooses_9(customer: Customer) -> int:
    await customer.event("Newexten", Application="BackGround")
    customer.press("9")
    return 0


def steps(application: str, **more: str) -> dict[str, str]:
    """The dialplan comes to this application."""
    return {"name": "Newexten", "Application": application, **more}


async def test_who_waits_hears_the_announcement_of_the_recipe(town: Town) -> None:
    """Asterisk plays one file, and says nothing of one that is not there."""
    await town.office.cli("logger add channel played verbose(3)")
    customer = await town.calls("5550121")
    played = town.office.folder / "log/played"
    sound = recipes("queues").partition("periodic-announce = ")[2].split()[0]
    await until(lambda: f"Playing '{sound}." in played.read_text(), seconds=60, otherwise=played.read_text)
    await town.office.cli("logger remove channel played")
    customer.hang_up()


JOINS = {"name": "QueueCallerJoin", "Queue": "ventas"}
RECIPES = (
    Recipe("before joining", "5550120", at_once, JOINS, Verdict.ABANDONED_QUEUE, also_on_16=True),
    Recipe("by key", "5550120", presses_a_key, JOINS, Verdict.ABANDONED_QUEUE, also_on_16=True),
    Recipe("on timeout", "5550121", waits_too_long, steps("VoiceMail"), Verdict.VOICEMAIL),
    Recipe("closed", "5550122", at_once, steps("Playback", AppData="vm-goodbye"), Verdict.CLOSED),
    Recipe("no answer", "5550123", at_once, steps("Hangup", Context="sales-phone"), Verdict.NO_ANSWER),
    Recipe("menu", "5550124", chooses_9, steps("BackGround"), Verdict.ABANDONED_IVR),
)


async def takes(recipe: Recipe, town: Town) -> Customer:
    """He takes WhatsApp, and is hung up."""
    customer = await town.calls(recipe.did, number=f"987001{next(NUMBERS)}")
    since = await customer.hears("offer-stay", await recipe.way(customer))
    customer.press("1")
    await customer.hears("confirm-number", since)
    customer.press("1")
    await customer.event("Hangup", since)
    return customer


async def stays(recipe: Recipe, town: Town) -> Customer:
    """He stays, goes on as the recipe says, and hangs up."""
    customer = await town.calls(recipe.did, number=f"987001{next(NUMBERS)}")
    since = await customer.hears("offer-stay", await recipe.way(customer))
    customer.press("#")
    await customer.event(since=since, **recipe.then)
    customer.hang_up()
    return customer


def left(folder: Path) -> list[dict[str, str]]:
    """The facts of who was offered something."""
    return [json.loads(path.read_text()) for path in folder.glob("*.fact")]


def verdicts(town: Town) -> dict[str, Call]:
    """What the tracker makes of all that was told, by Linkedid."""
    tracker = Tracker(PbxSettings(secret="unused"))
    found = (outcome for event in town.at_office.events for outcome in tracker.feed(event, 0.0))
    return {call.linkedid: call for call in found if isinstance(call, Call)}


async def test_every_recipe_is_taken_and_refused(town: Town, both: Kit, tmp_path: Path, release: str) -> None:
    """All at the same time; a telephone rings and nobody picks up."""
    played = [recipe for recipe in RECIPES if recipe.also_on_16 or release == "22"]
    async with daemon(town, tmp_path), AgentPhone(both, town.office, "101"):
        takers = asyncio.gather(*(takes(each, town) for each in played))
        taken, stayed = await asyncio.gather(takers, asyncio.gather(*(stays(each, town) for each in played)))
        await town.everybody_leaves()
    told = verdicts(town)
    kept = {fact["linkedid"]: fact["line"] for fact in left(tmp_path) if fact["choice"] == "whatsapp"}
    assert kept == {customer.linkedid: "ventas" for customer in taken}
    assert {told[customer.linkedid].verdict for customer in taken} == {Verdict.DEFLECTED}
    found = {recipe.name: told[customer.linkedid].verdict for recipe, customer in zip(played, stayed, strict=True)}
    assert found == {recipe.name: recipe.missed for recipe in played}
