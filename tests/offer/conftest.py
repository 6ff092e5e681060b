"""One office on Asterisk 22, one on 16, and one exchange for each, for all tests of this folder."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from rich.console import Console

from ringbackd.sandbox.kit import Kit, ensure
from ringbackd.sandbox.process import until
from tests.offer.ami import Ami
from tests.offer.customer import Customer
from tests.offer.office import Exchange, Office


@dataclass
class Town:
    """An office, its exchange, and the two connections that watch them."""

    office: Office
    at_office: Ami
    at_exchange: Ami

    def complaints(self) -> list[str]:
        """Warnings and errors in the office's log, but those about a script and a brand that nobody made, and about
        music that was being played when he hung up."""
        lines = self.office.log_path.read_text().splitlines()
        bad = [line for line in lines if "WARNING" in line or "ERROR" in line]
        return [
            line for line in bad if not re.search("agi|brand-|res_musiconhold.c: Failed to write", line, re.IGNORECASE)
        ]

    async def everybody_leaves(self) -> None:
        """Everybody hangs up."""
        await self.at_exchange.pbx.cli("channel request hangup all")
        await until(self._nobody_talks, seconds=10, otherwise=lambda: "calls are still up")

    async def _nobody_talks(self) -> bool:
        return "0 active channels" in await self.office.cli("core show channels count")

    async def calls(self, did: str, *, number: str = "987654321", tones: str = "rfc4733") -> Customer:
        """A customer who has called, and was picked up."""
        customer = Customer(self.at_exchange, self.at_office, number, tones)
        await customer.call(did)
        return customer


@pytest.fixture(scope="session")
def both(kit: Kit) -> Kit:
    """The kit with Asterisk 16, too."""
    return asyncio.run(ensure(("22", "16"), console=Console(stderr=True)))


@asynccontextmanager
async def a_town(kit: Kit, folder: Path, office: Office) -> AsyncIterator[Town]:
    """An office, and an exchange of its own."""
    exchange = Exchange(kit, folder / "exchange", office)
    async with office, exchange, Ami(office) as at_office, Ami(exchange) as at_exchange:
        yield Town(office, at_office, at_exchange)


@pytest.fixture(scope="session", params=["22", "16"])
def release(request: pytest.FixtureRequest) -> str:
    """The Asterisk of the office."""
    return str(request.param)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def booted(both: Kit, tmp_path_factory: pytest.TempPathFactory, release: str) -> AsyncIterator[Town]:
    """A town that stays for all tests with this release."""
    folder = tmp_path_factory.mktemp("town")
    async with a_town(both, folder, Office(both, folder / "office", release=release)) as town:
        yield town


@pytest_asyncio.fixture(loop_scope="session")
async def town(booted: Town) -> AsyncIterator[Town]:
    """That town, nobody calling and no daemon running; afterwards nothing may have been complained about."""
    await booted.office.cli("dialplan set global RINGBACK_AGI agi://127.0.0.1:1")
    yield booted
    await booted.everybody_leaves()
    assert not booted.complaints()
