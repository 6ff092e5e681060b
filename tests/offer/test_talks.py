"""Forty conversations on a real Asterisk: keys as RFC 4733 and as tones, in three languages; each sound checked."""

from __future__ import annotations

import asyncio
import json
import re
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from agi.fastagi import FastAgi
from agi.menu import LineMenu, Menu, Numbers, hashed
from agi.offer import House, run
from agi.spool import Spool
from ringback.offered import SETTLED
from ringbackd.sound import read
from tests.offer.conftest import Town
from tests.offer.customer import Customer
from tests.offer.talks import HANG_UP, OWN_NUMBER, PROMISED, TALKS, Talk

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(400)]
AT_ONCE = 40
A_FEW = 8
"""More conversations than this do not go wrong because the machine is busy."""
NUMBERS = count(1000)
"""Everybody calls from a number of his own."""
DAY_S = 86400.0
NOW = time.time()
SLOTS = tuple(NOW + 7200 * number for number in range(1, 4))
PERU = Numbers(prefixes=("", "0", "51"), mobile=r"9\d{8}", any=r"(?:9\d{8})|(?:1\d{7})")
OPEN = ((NOW - DAY_S, NOW + DAY_S),)
SAID = set(tomllib.loads((files("agi") / "prompts/es.toml").read_text(encoding="utf-8"))["dialogue"])
PLAYS = re.compile(r'STREAM FILE "ringback/(\w\w)/([\w-]+)"')


def line(name: str, did: str, language: str = "es", *, writes: bool = True, rings: bool = True) -> LineMenu:
    return LineMenu(
        name=name, language=language, timezone="America/Lima", region="PE", dids=(did,), slots=SLOTS if rings else (),
        messaging=OPEN if writes else (), calling=OPEN if rings else (), numbers=PERU,
    )  # fmt: skip


MENU = Menu(
    pbx="pbx1",
    salt="salt",
    lines=(
        line("ventas", "5552001"),
        line("sales", "5552002", "en"),
        line("vendas", "5552003", "pt"),
        line("cerrado", "5552004", writes=False, rings=False),
        line("noche", "5552005", writes=False),
        line("chat", "5552006", rings=False),
    ),
    stopped={"ventas": (hashed("salt", "999888777"),)},
)


@pytest_asyncio.fixture(loop_scope="session")
async def daemon(town: Town, tmp_path: Path) -> Path:
    """Answers the offered calls by FastAGI; the folder with what they chose."""

    def promised(_line: LineMenu, number: str) -> float | None:
        return NOW + PROMISED[number] if number in PROMISED else None

    house = House(MENU, Spool(tmp_path), promised=promised)
    door = FastAgi("127.0.0.1", 0, {"offer": lambda session: run(session, house)})
    door.start()
    await town.office.cli(f"dialplan set global RINGBACK_AGI agi://127.0.0.1:{door.port}")
    return tmp_path


def played(customer: Customer) -> Iterator[tuple[str, str]]:
    """Language and name of every sound that Asterisk was told to play to him."""
    for event in customer.events:
        his = event.get("Event") == "AGIExecStart" and event.get("Channel") == customer.at_office
        if his and (found := PLAYS.match(event["Command"])):
            yield found[1], found[2]


def collapsed(names: list[str]) -> list[str]:
    """Digits of a number in one word; the words of a time left out."""
    words: list[str] = []
    for name in names:
        if name.startswith("digit-"):
            words += [] if words[-1].startswith("=") else ["="]
            words[-1] += name[-1]
        elif name in SAID or name.startswith("brand-"):
            words.append(name)
    return words


async def follow(talk: Talk, town: Town, called: set[str]) -> Customer:
    """He calls, does what he does, and the call ends, or he is back where he was."""
    number = talk.number or f"98700{next(NUMBERS)}"
    customer = await town.calls(talk.did, number=number, tones=talk.tones)
    called.add(customer.linkedid)
    since = 0
    for sound, keys in talk.does:
        since = await customer.hears(sound, since)
        await asyncio.sleep(0.3)
        if keys == HANG_UP:
            customer.hang_up()
        else:
            customer.press(keys)
    await customer.over()
    customer.hang_up()
    return customer


def judge(talk: Talk, customer: Customer, facts: Mapping[str, dict[str, object]]) -> list[str]:
    """What is wrong with it, in words."""
    told = list(played(customer))
    own = {"brand-sales": "brand-ventas", "brand-vendas": "brand-ventas", f"={customer.number}": OWN_NUMBER}
    heard = [own.get(word, word) for word in collapsed([name for _, name in told])]
    fact = facts.get(customer.linkedid, {})
    slot = SLOTS[talk.slot - 1] if talk.slot else 0.0
    wrong = [f"heard {heard}, not {list(talk.hears)}"] * (heard != list(talk.hears))
    wrong += [f"language {told}"] * bool({language for language, _ in told} - {talk.language})
    wrong += [f"chose {fact.get('choice')}"] * (fact.get("choice") != talk.choice)
    wrong += [f"left {fact}"] * bool(fact and (fact["number"], fact["slot"]) != (talk.keeps, slot))
    back = any((e.get("Channel"), e.get("AppData")) == (customer.at_office, "1,came back") for e in customer.events)
    wrong += ["was not hung up"] * (back and talk.choice in SETTLED)
    return [f"{talk.name}: {each}" for each in wrong]


async def test_every_conversation(town: Town, daemon: Path, release: str) -> None:
    """Who was not understood, or not heard, on a busy machine calls once more; what is wrong twice is wrong."""
    talks = [talk for talk in TALKS if talk.main or release == "22"]
    called: set[str] = set()
    once = await everybody(talks, town, daemon, called)
    again = [talk for talk in talks if talk.name in once]
    twice = await everybody(again, town, daemon, called) if len(again) <= A_FEW else once
    assert not twice, "\n".join(map(str, twice.items()))
    assert {str(fact["linkedid"]) for fact in left(daemon)} <= called


async def everybody(talks: Sequence[Talk], town: Town, daemon: Path, called: set[str]) -> dict[str, object]:
    """All of them at the same time: what is wrong, by the name of the conversation. `called` gets their Linkedids."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(talk: Talk) -> Customer:
        async with gate:
            return await follow(talk, town, called)

    customers = await asyncio.gather(*map(one, talks), return_exceptions=True)
    kept = left(daemon)
    facts = {str(fact["linkedid"]): fact for fact in kept}
    assert len(facts) == len(kept)
    pairs = zip(talks, customers, strict=True)
    found = {talk.name: judge(talk, who, facts) if isinstance(who, Customer) else repr(who) for talk, who in pairs}
    return {name: trouble for name, trouble in found.items() if trouble}


def left(folder: Path) -> list[dict[str, object]]:
    """The facts in a folder; nothing else may be there any more."""
    assert {path.suffix for path in folder.iterdir()} <= {".fact"}
    return [json.loads(path.read_text()) for path in folder.iterdir()]


def seconds(language: str, name: str) -> float:
    """How long a shipped sound is: GSM has 33 bytes for 20 ms."""
    path = Path(str(files("agi") / f"sounds/{language}/{name}.gsm"))
    return path.stat().st_size / 33 * 0.02 if path.exists() else 0.0


async def test_what_they_hear_is_as_long_and_as_loud_as_what_is_played(town: Town, daemon: Path) -> None:
    """Three callers, a language each. A busy machine may draw it out, or lose a packet: then they listen once more."""
    assert not (await listened(town) and (wrong := await listened(town))), wrong


async def listened(town: Town) -> list[dict[str, float]]:
    """What is wrong with whole offers as they were recorded at the callers' ends, with the figures."""
    offers = [Talk("", [], [], None, did=did) for did in ("5552001", "5552002", "5552003")]
    customers = await asyncio.gather(*(follow(offer, town, set()) for offer in offers))
    await town.everybody_leaves()
    return [wrong for wrong in map(heard_wrong, customers) if wrong]


def heard_wrong(customer: Customer) -> dict[str, float]:
    """Which of his figures are none that he should have."""
    sound = read(customer.heard)
    first, last = sound.spoken()
    expected = sum(seconds(language, name) for language, name in played(customer))
    # five seconds for an answer stand between the offer and the last prompt
    found = {
        "longer than what is played": (last - first - 5 - expected, -1.5, 1.5),
        "level": (sound.level_db, -30, -12),
        "peak": (sound.peak, 0.1, 1.0),
        "longest silence": (longest_silence(sound.samples, sound.rate), 4.5, 6.5),
    }
    return {name: figure for name, (figure, least, most) in found.items() if not least < figure < most}


def longest_silence(samples: Sequence[float], rate: int) -> float:
    """The longest time, in seconds, in which nothing is said between two sounds."""
    frames = [max(map(abs, samples[at : at + rate // 50])) > 0.01 for at in range(0, len(samples), rate // 50)]
    inner = "".join("x" if loud else "." for loud in frames).strip(".")
    return max(map(len, re.findall(r"\.+", inner))) / 50
