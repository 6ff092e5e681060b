"""An admin who upgraded Ringback and not his dialplan is told, on the real Asterisk 22 and 16."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.console import Console

from ami_listener.link import Link
from ami_listener.settings import PbxSettings
from ringbackd import dialplancheck
from ringbackd.dialplancheck import shipped
from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.kit import ensure
from ringbackd.settings import OfferSettings


def test_every_step_of_our_own_file_is_read() -> None:
    text = (Path(__file__).parents[2] / "dialplan" / dialplancheck.FILE).read_text(encoding="utf-8")
    steps = [line for line in map(str.strip, text.splitlines()) if line.startswith(("exten =>", "same =>"))]
    contexts = shipped()
    assert sum(map(len, contexts.values())) == len(steps)
    assert contexts["ringback-offer"]["s", "3"] == ("Set", "RINGBACK_LIMIT=${TIMEOUT(absolute)}")
    assert contexts["ringback-extensions"] == {}


@asynccontextmanager
async def connected(pbx: Pbx) -> AsyncIterator[Link]:
    up = asyncio.Event()
    settings = PbxSettings.model_validate({"port": pbx.ami_port, "user": pbx.ami_user, "secret": pbx.ami_secret})
    link = Link(settings, events="off", on_up=up.set)
    running = asyncio.create_task(link.run())
    await asyncio.wait_for(up.wait(), 20)
    yield link
    running.cancel()
    await asyncio.wait({running})


async def told(link: Link, **offer: object) -> list[tuple[bool, str]]:
    return [finding async for finding in dialplancheck.told(link, OfferSettings.model_validate(offer), here=True)]


@pytest.mark.pbx
@pytest.mark.parametrize("release", ["22", "16"])
async def test_a_dialplan_that_is_old_or_is_not_there_is_told(release: str, tmp_path: Path) -> None:
    kit = await ensure(("22", "16"), console=Console(stderr=True))
    async with Pbx(kit, tmp_path / "pbx", release=release) as pbx, connected(pbx) as link:
        script = tmp_path / "pbx/data/agi-bin/ringback-offer"
        (lacks,) = [text for good, text in await told(link, folder=tmp_path) if not good]
        assert f"ringback-offer {script}" in lacks
        script.touch(mode=0o755)
        (looks,) = [text for good, text in await told(link, folder=tmp_path) if not good]
        assert f"RINGBACK_SCRIPT=ringback-offer,{tmp_path}" in looks
        await pbx.cli(f"dialplan set global RINGBACK_SCRIPT ringback-offer,{tmp_path}")
        assert [good for good, _ in await told(link, folder=tmp_path)] == [True]
        ((good, text),) = [each for each in await told(link, folder=tmp_path, port=5000) if "offers" in each[1]]
        assert not good
        assert "RINGBACK_AGI=agi://127.0.0.1:5000" in text
        await pbx.cli("dialplan set global RINGBACK_AGI agi://127.0.0.1:5000")
        assert [good for good, _ in await told(link, folder=tmp_path, port=5000)] == [True]
        await pbx.cli("dialplan remove context ringback-cancel")
        await pbx.cli("dialplan remove extension s@ringback-fastlane 5")
        (lacking, _), (other, _) = found = await told(link)
        assert (lacking, other) == (False, False)
        assert "no ringback-cancel;" in found[0][1]
        assert "dialplan: ringback-fastlane: Asterisk has another version; copy" in found[1][1]
