"""Every scenario, played on a real Asterisk: what our listener says is what a person listening would have said."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from ami_listener.listener import Listener
from ami_listener.settings import PbxSettings
from ringback.call import Call
from ringbackd.sandbox.kit import Kit, ensure
from tests.listener.test_real_pbx import Book
from tests.pbx import written
from tests.pbx.rig import Business, at_most_twice, play_all
from tests.pbx.scenario import Scenario
from tests.pbx.scenarios import KINDS, RELEASES, disagreements, of_kind

pytestmark = [pytest.mark.pbx, pytest.mark.timeout(400)]


@pytest.fixture(scope="session")
def both(kit: Kit) -> Kit:
    """The kit with both Asterisks."""
    return asyncio.run(ensure(("22", "16"), console=Console(stderr=True)))


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_said_is_what_happened(both: Kit, tmp_path: Path, release: str, kind: str) -> None:
    wrong: list[str] = []

    async def one_round(scenarios: Sequence[Scenario]) -> Mapping[str, BaseException]:
        async with Business(both, tmp_path / f"round-{len(scenarios)}", scenarios, release=release) as pbx:
            trouble, calls = await heard(pbx, scenarios, both)
            managed = [scenario for scenario in scenarios if scenario.name not in trouble]
            wrong.extend(line for scenario in managed for line in disagreements(scenario, calls))
            # A second round has too few calls to say how many of them a source knows.
            wrong.extend(await written.wrong(pbx, managed) if scenarios is everything else ())
        return trouble

    everything = of_kind(kind, release)
    assert not await at_most_twice(everything, one_round)
    assert not wrong, "\n".join(["", *wrong])


async def heard(
    pbx: Business, scenarios: Sequence[Scenario], kit: Kit
) -> tuple[Mapping[str, BaseException], list[Call]]:
    """What went wrong with the people, and what our listener said of their calls."""
    book = Book()
    account = {"name": "lima", "port": pbx.ami_port, "user": pbx.ami_user, "secret": pbx.ami_secret}
    listening = asyncio.create_task(Listener(PbxSettings.model_validate(account), book).run())
    await book.when(lambda: book.resyncs)
    trouble = await play_all(scenarios, pbx, kit)
    await pbx.quiet()
    listening.cancel()
    await asyncio.wait({listening})
    return trouble, book.calls
