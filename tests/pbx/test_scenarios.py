"""Every scenario, played on a real Asterisk: what our listener says is what a person listening would have said."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from rich.console import Console

from ami_listener.listener import Listener
from ami_listener.settings import PbxSettings
from ringback.call import Call
from ringbackd.sandbox.kit import Kit, ensure
from tests.listener.test_real_pbx import Book
from tests.pbx import written
from tests.pbx.rig import Business, play_all
from tests.pbx.scenarios import SCENARIOS, disagreements

pytestmark = [pytest.mark.pbx, pytest.mark.timeout(400)]


@pytest.fixture(scope="session")
def both(kit: Kit) -> Kit:
    """The kit with both Asterisks."""
    return asyncio.run(ensure(("22", "16"), console=Console(stderr=True)))


@pytest.mark.parametrize("release", ["22", "16"])
@pytest.mark.parametrize("kind", ["plain", "freepbx"])
async def test_what_is_said_is_what_happened(both: Kit, tmp_path: Path, release: str, kind: str) -> None:
    scenarios = [each for each in SCENARIOS if each.pbx == kind and (each.also_on_16 or release == "22")]
    book = Book()
    async with Business(both, tmp_path / "pbx", scenarios, release=release) as pbx:
        values = {"name": "lima", "port": pbx.ami_port, "user": pbx.ami_user, "secret": pbx.ami_secret}
        listening = asyncio.create_task(Listener(PbxSettings.model_validate(values), book).run())
        await book.when(lambda: book.resyncs)
        trouble = await play_all(scenarios, pbx, both)
        await asyncio.sleep(1)
        listening.cancel()
        await asyncio.wait({listening})
        misread = await written.wrong(pbx, scenarios)
    assert not {name: error for name, error in trouble.items() if error}
    said: list[Call] = book.calls
    wrong = [line for scenario in scenarios for line in disagreements(scenario, said)]
    assert not wrong, "\n".join(["", *wrong])
    assert not misread, "\n".join(["", *misread])
