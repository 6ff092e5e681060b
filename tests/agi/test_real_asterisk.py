"""The dialogue on a real Asterisk, both ways in: what it makes of our commands, of keys, and of a hang-up."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from agi.fastagi import FastAgi
from agi.menu import FILE, Menu, dump
from agi.offer import House, run
from agi.spool import Spool
from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.kit import ensure
from ringbackd.sandbox.process import until
from tests.agi.test_offer import LINE

pytestmark = pytest.mark.pbx

DIALPLAN = """
[keys]
exten => _X.,1,Answer()
 same => n,Wait(0.2)
 same => n,SendDTMF(${EXTEN:1},250,100)
 same => n,Wait(60)
exten => hangup,1,Answer()
 same => n,Wait(0.2)
 same => n,SendDTMF(2,250,100)
 same => n,Wait(0.5)
 same => n,Hangup()

[probe]
exten => fastagi,1,Set(TRY=agi://127.0.0.1:@FASTAGI@/offer)
 same => n,Goto(s,1)
exten => script,1,Set(TRY=@SCRIPT@,@SPOOL@)
 same => n,Goto(s,1)
exten => s,1,Set(CALLERID(num)=987654321)
 same => n,Set(FROM_DID=5550100)
 same => n,Set(QUEUENAME=a"b\\\\c|d)${X)
 same => n,Set(RINGBACK_WAIT=120)
 same => n,AGI(${TRY})
 same => n,Set(GLOBAL(CAME)=${AGISTATUS} ${RINGBACK_OFFER} ${TIMEOUT(absolute)})
 same => n,Hangup()
"""


class Probe(Pbx):
    """A PBX with both ways in."""

    more_modules = ("app_senddtmf", "func_timeout", "format_g722", "codec_g722")
    fastagi = 0
    spool = Path()

    def configuration(self) -> Mapping[str, str]:
        usual = super().configuration()
        script = self.spool / "ringback-offer"
        script.write_text(f'#!/bin/sh\nPYTHONPATH={Path.cwd()} exec {sys.executable} -m agi.script "$@"\n')
        script.chmod(0o755)
        marks = {"@FASTAGI@": str(self.fastagi), "@SCRIPT@": str(script), "@SPOOL@": str(self.spool)}
        more = DIALPLAN
        for mark, value in marks.items():
            more = more.replace(mark, value)
        return {**usual, "extensions.conf": usual["extensions.conf"] + more}


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """A folder with a menu of a line that is always open."""
    now = time.time()
    line = replace(LINE, messaging=((0, 9e9),), calling=((0, 9e9),), slots=(now + 7200, now + 9000))
    folder = tmp_path / "spool"
    folder.mkdir()
    (folder / FILE).write_text(dump(Menu(pbx="pbx", lines=(line,), salt="s")))
    return folder


@pytest.fixture
def door(spool: Path) -> Iterator[FastAgi]:
    """The FastAGI server."""
    from agi.menu import load

    house = House(load(spool), Spool(spool))
    server = FastAgi("127.0.0.1", 0, {"offer": lambda session: run(session, house)})
    server.start()
    yield server
    server.close()


@pytest.fixture(params=["22", "16"])
async def probe(request: pytest.FixtureRequest, tmp_path: Path, spool: Path, door: FastAgi) -> AsyncIterator[Probe]:
    """An Asterisk of each release."""
    kit = await ensure((request.param,), console=Console(stderr=True))
    pbx = Probe(kit, tmp_path / "pbx", release=request.param)
    pbx.fastagi, pbx.spool = door.port, spool
    async with pbx:
        yield pbx


def lying(spool: Path, suffix: str = ".fact") -> list[Path]:
    """The files of a kind in the folder."""
    return list(spool.glob(f"*{suffix}"))


async def facts(spool: Path, count: int) -> list[dict[str, Any]]:
    """The facts that were left, when there are so many and no call is up any more."""

    async def left() -> bool:
        return len(lying(spool)) >= count

    await until(left, seconds=90, otherwise=lambda: f"only {lying(spool, '')}")
    return sorted((json.loads(path.read_text()) for path in lying(spool)), key=lambda one: one["choice"])


async def came(probe: Probe) -> str:
    """What the dialplan found after the dialogue, as soon as it went on."""
    found = ""

    async def told() -> bool:
        nonlocal found
        shown = await probe.cli("dialplan show globals")
        found = next((line.partition("=")[2].strip() for line in shown.splitlines() if "CAME=" in line), "")
        return bool(found)

    await until(told, seconds=90, otherwise=lambda: "the dialplan did not go on")
    return found


@pytest.mark.parametrize("way", ["fastagi", "script"])
async def test_whatsapp_is_chosen_before_anything_is_said(probe: Probe, spool: Path, way: str) -> None:
    await probe.cli(f"channel originate Local/011@keys extension {way}@probe")
    assert (await came(probe)).startswith("SUCCESS whatsapp 3")
    (fact,) = await facts(spool, 1)
    assert (fact["choice"], fact["key"], fact["caller"], fact["line"]) == ("whatsapp", "1", "987654321", "ventas")
    assert fact["linkedid"]


@pytest.mark.parametrize("way", ["fastagi", "script"])
async def test_hanging_up_after_the_key(probe: Probe, spool: Path, way: str) -> None:
    await probe.cli(f"channel originate Local/hangup@keys extension {way}@probe")
    (fact,) = await facts(spool, 1)
    assert (fact["choice"], fact["key"], fact["slot"]) == ("callback", "2", 0.0)
    # It goes after the fact is on the disk, which takes its time.
    await until(lambda: not lying(spool, ".held"), seconds=30, otherwise=lambda: "what was held stays")


async def test_another_number_and_a_slot(probe: Probe, spool: Path) -> None:
    """Typed ahead of every question: 2, another number, yes, the second slot."""
    await probe.cli("channel originate Local/022912345678#13@keys extension fastagi@probe")
    assert (await came(probe)).startswith("SUCCESS callback")
    (fact,) = await facts(spool, 1)
    assert (fact["number"], fact["slot"] > time.time() + 8000) == ("912345678", True)


async def test_several_at_once(probe: Probe, spool: Path) -> None:
    calls = ("Local/011@keys", "Local/0211@keys", "Local/0#@keys")
    await asyncio.gather(*(probe.cli(f"channel originate {call} extension fastagi@probe") for call in calls))
    assert [fact["choice"] for fact in await facts(spool, 3)] == ["callback", "refused", "whatsapp"]
