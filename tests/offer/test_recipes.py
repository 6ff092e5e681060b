"""Every recipe of docs/offer-recipes.md by real calls, for plain Asterisk and for FreePBX, on Asterisk 22 and 16.

All that is told here happens at the same time, on four PBXs: who takes the offer is hung up, who does not goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from ringback.call import Verdict
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.phones import BUSY, AgentPhone, answers
from ringbackd.sandbox.process import until
from tests.offer.conftest import Town, a_town
from tests.offer.freepbx import FreePbx
from tests.offer.office import Office, recipes
from tests.offer.taking import (
    Recipe,
    after_an_offer,
    at_once,
    chooses,
    daemon,
    joins,
    judged,
    play,
    presses_1,
    steps,
    waits_too_long,
)  # fmt: skip

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(400)]
IN_VENTAS, IN_400 = ({"name": "QueueCallerJoin", "Queue": queue} for queue in ("ventas", "400"))
ENDS = steps("Hangup", Context="app-blackhole")
PLAIN = (
    Recipe("before joining", "5550120", at_once, IN_VENTAS, Verdict.ABANDONED_QUEUE, also_on_16=True),
    Recipe("by key", "5550120", after_an_offer(presses_1), IN_VENTAS, Verdict.ABANDONED_QUEUE, also_on_16=True),
    Recipe("on timeout", "5550121", after_an_offer(waits_too_long), steps("VoiceMail"), Verdict.VOICEMAIL),
    Recipe("closed", "5550122", at_once, steps("Playback", AppData="vm-goodbye"), Verdict.CLOSED),
    Recipe("no answer", "5550123", at_once, steps("Hangup", Context="sales-phone"), Verdict.NO_ANSWER),
    Recipe("menu", "5550124", chooses("9", "BackGround"), steps("BackGround"), Verdict.ABANDONED_IVR),
)
FREEPBX = (
    Recipe("before joining", "5550130", at_once, IN_400, Verdict.ABANDONED_QUEUE),
    Recipe("break-out menu", "5550135", presses_1, IN_400, Verdict.ABANDONED_QUEUE, also_on_16=True),
    Recipe("fail-over", "5550131", waits_too_long, ENDS, Verdict.QUEUE_TIMEOUT, also_on_16=True),
    Recipe("time condition", "5550132", at_once, ENDS, Verdict.CLOSED),
    Recipe("no answer", "5550133", at_once, ENDS, Verdict.NO_ANSWER),
    Recipe("menu", "5550134", chooses("2", "ExecIf"), ENDS, Verdict.ABANDONED_IVR),
)


@dataclass(frozen=True)
class Place:
    """A PBX, the kit that its telephones are of, the folder with what callers chose there, and what is played."""

    town: Town
    kit: Kit
    folder: Path
    recipes: tuple[Recipe, ...]


async def each_recipe(place: Place) -> None:
    """A telephone rings meanwhile, and nobody picks up."""
    async with AgentPhone(place.kit, place.town.office, "101"):
        await play(place.recipes, place.town, place.folder)


async def announcement(place: Place) -> None:
    """Who waits hears it: Asterisk plays one file, and says nothing of one that is not there."""
    office, sound = place.town.office, recipes("queues").partition("periodic-announce = ")[2].split()[0]
    await office.cli("logger add channel played verbose(3)")
    customer = await place.town.calls("5550121", number="987650020")
    await customer.hears("offer-stay")
    customer.press("#")
    played = office.folder / "log/played"
    await until(lambda: f"Playing '{sound}." in played.read_text(), seconds=60, otherwise=played.read_text)
    customer.hang_up()


async def answered_in_his_turn(place: Place) -> None:
    """The agent is busy until he who listened is back in his place; who came later waits behind him."""
    async with AgentPhone(place.kit, place.town.office, "102", default=BUSY) as agent:
        listener = await place.town.calls("5550138", number="987650021")
        await joins(listener)
        later = await place.town.calls("5550138", number="987650022")
        await later.event("QueueCallerJoin", Position="2")
        since = await listener.hears("offer-stay", await presses_1(listener))
        listener.press("#")
        assert (await listener.event("QueueCallerJoin", since))["Position"] == "1"
        agent.default = answers()
        await listener.event("AgentConnect", since)
        await asyncio.sleep(1.5)
        listener.hang_up()
        later.hang_up()
        first, second = await judged(place.town, (listener, later))
    assert (first.verdict, second.verdict) == (Verdict.ANSWERED, Verdict.ABANDONED_QUEUE)


async def overflow(place: Place) -> None:
    """His place is of the queue that he had it in, not of the one that he is sent on to."""
    waiting = [await place.town.calls("5550137", number=f"98765003{number}") for number in range(2)]
    await joins(waiting[1])
    caller = await place.town.calls("5550136", number="987650033")
    since = await caller.hears("offer-stay", await presses_1(caller))
    caller.press("#")
    await caller.event("QueueCallerJoin", since, Queue="402", Position="1")
    assert (await caller.event("QueueCallerJoin", since, Queue="403"))["Position"] == "3"
    for each in (*waiting, caller):
        each.hang_up()


Kind = type[Office]
Places = dict[tuple[Kind, str], Place]
Story = Callable[[Place], Coroutine[None, None, None]]
STORIES: Mapping[Kind, tuple[Story, ...]] = {
    Office: (each_recipe, announcement),
    FreePbx: (each_recipe, answered_in_his_turn, overflow),
}
TOLD = [(kind, release, story) for kind, stories in STORIES.items() for release in ("22", "16") for story in stories]
Told = Mapping[tuple[Kind, str, Story], asyncio.Task[None]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def places(both: Kit, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Places]:
    """The four PBXs, each with a daemon."""
    async with AsyncExitStack() as stack:
        found: Places = {}
        for kind, release in {(kind, release) for kind, release, _ in TOLD}:
            folder = tmp_path_factory.mktemp("recipes")
            (folder / "spool").mkdir()
            town = await stack.enter_async_context(a_town(both, folder, kind(both, folder / "office", release=release)))
            await stack.enter_async_context(daemon(town, folder / "spool"))
            played = PLAIN if kind is Office else FREEPBX
            mains = tuple(recipe for recipe in played if recipe.also_on_16 or release == "22")
            found[kind, release] = Place(town, both, folder / "spool", mains)
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(places: Places) -> AsyncIterator[Told]:
    """Every story, all of them begun."""
    tasks = {(kind, release, story): asyncio.create_task(story(places[kind, release])) for kind, release, story in TOLD}
    yield tasks
    await asyncio.wait(tasks.values())


@pytest.mark.parametrize(("kind", "release", "story"), TOLD)
async def test_every_story(told: Told, kind: Kind, release: str, story: Story) -> None:
    await told[kind, release, story]


async def test_nothing_was_complained_about(told: Told, places: Places) -> None:
    """Of the calls; a FreePBX complains about its own dialplan when it reads it."""
    await asyncio.wait(told.values())
    assert [line for place in places.values() for line in place.town.complaints() if "[C-" in line] == []
