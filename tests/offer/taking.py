"""Callers who are offered something by a recipe of docs/offer-recipes.md: who takes it, and who stays on the line."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from agi.fastagi import FastAgi
from agi.menu import LineMenu, Menu, Numbers
from agi.offer import House, run
from agi.spool import Spool
from ami_listener.settings import PbxSettings
from ami_listener.tracker import Tracker
from ringback.call import Call, Verdict
from tests.offer.conftest import Town
from tests.offer.customer import Customer

NUMBERS = count(100)
"""Everybody calls from a number of his own."""
ALWAYS = ((time.time() - 86400, time.time() + 86400),)
LINE = LineMenu(
    name="ventas", language="es", timezone="America/Lima", region="PE", queues=("ventas", "400", "402", "404"),
    messaging=ALWAYS, calling=ALWAYS, numbers=Numbers(prefixes=("", "0", "51"), mobile=r"9\d{8}", any=r"9\d{8}"),
)  # fmt: skip

Way = Callable[[Customer], Awaitable[int]]
"""What he does until he is offered something; the index from which on that is told."""


@dataclass(frozen=True)
class Recipe:
    """`did` leads to it, `way` to its offer; `then` is what is told of him who stays, `missed` what is said of him when
    he hangs up after that."""

    name: str
    did: str
    way: Way
    then: Mapping[str, str]
    missed: Verdict
    also_on_16: bool = False


def steps(application: str, **more: str) -> dict[str, str]:
    """The dialplan comes to this application."""
    return {"name": "Newexten", "Application": application, **more}


async def at_once(_: Customer) -> int:
    """The call begins with the offer."""
    return 0


async def joins(customer: Customer) -> int:
    """He waits in the queue."""
    await customer.event("QueueCallerJoin")
    return customer.now()


async def presses_1(customer: Customer) -> int:
    """He waits, and presses the key that takes him out of the queue."""
    since = await joins(customer)
    customer.press("1")
    await customer.event("QueueCallerLeave", since)
    return since


async def waits_too_long(customer: Customer) -> int:
    """He waits until the queue lets him go."""
    since = await joins(customer)
    await customer.event("QueueCallerLeave", since)
    return since


def after_an_offer(way: Way) -> Way:
    """He stays on the line at a first offer before that."""

    async def both(customer: Customer) -> int:
        await customer.hears("offer-stay")
        customer.press("#")
        return await way(customer)

    return both


def chooses(key: str, speaks: str) -> Way:
    """He presses a key in a menu, which speaks by this application."""

    async def press(customer: Customer) -> int:
        await customer.event("Newexten", Application=speaks)
        customer.press(key)
        return 0

    return press


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


async def once_more(what: Callable[[Recipe, Town], Awaitable[Customer]], recipe: Recipe, town: Town) -> Customer:
    """On a busy machine a key may not be heard: then he calls again."""
    try:
        return await what(recipe, town)
    except TimeoutError:
        return await what(recipe, town)


async def play(recipes: Sequence[Recipe], town: Town, folder: Path) -> None:
    """Of each recipe one caller takes the offer and one stays, all at the same time; what became of them is right."""
    taken, stayed = await asyncio.gather(
        *(asyncio.gather(*(once_more(what, each, town) for each in recipes)) for what in (takes, stays))
    )
    kept = {(fact["linkedid"], fact["line"], fact["choice"]) for fact in left(folder)}
    assert {(customer.linkedid, "ventas", "whatsapp") for customer in taken} <= kept
    assert {call.verdict for call in await judged(town, taken)} == {Verdict.DEFLECTED}
    found = zip(recipes, await judged(town, stayed), strict=True)
    assert {recipe.name: call.verdict for recipe, call in found} == {recipe.name: recipe.missed for recipe in recipes}


@asynccontextmanager
async def daemon(town: Town, folder: Path) -> AsyncIterator[None]:
    """Makes the offers of the line, and keeps in the folder what came of them."""
    house = House(Menu(pbx="pbx", lines=(LINE,)), Spool(folder))
    with closing(FastAgi("127.0.0.1", 0, {"offer": lambda session: run(session, house)})) as door:
        door.start()
        await town.office.cli(f"dialplan set global RINGBACK_AGI agi://127.0.0.1:{door.port}")
        yield


def left(folder: Path) -> list[dict[str, str]]:
    """The facts of who was offered something."""
    return [json.loads(path.read_text()) for path in folder.glob("*.fact")]


async def judged(town: Town, customers: Sequence[Customer]) -> list[Call]:
    """What the tracker makes of the calls of these customers, once they are over."""
    async with asyncio.timeout(60):
        while True:
            tracker = Tracker(PbxSettings(secret="unused"))
            found = (outcome for event in town.at_office.events for outcome in tracker.feed(event, 0.0))
            calls = {call.linkedid: call for call in found if isinstance(call, Call)}
            if all(customer.linkedid in calls for customer in customers):
                return [calls[customer.linkedid] for customer in customers]
            await asyncio.sleep(0.5)
