"""A PBX on which every scenario has its own number, queue and phones, so that they can be played at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.errors import KitError
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.phones import RINGS, CustomerPhone, Phone
from ringbackd.sandbox.process import free_udp_port, until
from ringbackd.sandbox.sip import Caller
from tests.pbx.scenario import PHONES, Scenario, Scene

ETC = Path(__file__).parent / "etc"
AT_ONCE = 8
"""Scenarios played at the same time; more of them would make two cores late."""


class Business(Pbx):
    """The PBX of the scenarios: plain dialplan, or one like FreePBX writes it."""

    more_modules = (
        *("app_agent_pool", "app_authenticate", "app_confbridge", "app_followme", "app_forkcdr", "app_page"),
        *("app_zapateller", "res_parking"),
    )

    def __init__(self, kit: Kit, folder: Path, scenarios: Sequence[Scenario], *, release: str) -> None:
        super().__init__(kit, folder, release=release)
        self.phones_port = free_udp_port()
        self._scenarios = scenarios
        (self._kind,) = {scenario.pbx for scenario in scenarios}

    def configuration(self) -> Mapping[str, str]:
        """The files of this PBX that differ from the sandbox's."""
        own = {path.name: path.read_text() for folder in (ETC, ETC / self._kind) for path in folder.glob("*.conf")}
        for name, pieces in (("extensions.conf", "dialplan"), ("queues.conf", "queues")):
            parts = (scenario.filled(getattr(scenario, pieces)) for scenario in self._scenarios)
            own[name] = "\n".join([own.get(name, ""), *parts])
        return {**super().configuration(), **own}

    def values(self) -> dict[str, str]:
        """What the marks in those files stand for."""
        phones = (self._phone(scenario, phone) for scenario in self._scenarios for phone in PHONES)
        trunk = "from-trunk" if self._kind == "plain" else "from-pstn"
        return {**super().values(), "PHONES": "\n".join(phones), "TRUNK_CONTEXT": trunk}

    async def quiet(self) -> None:
        """Wait until no channel is up and what was to be told of the last one has been. KitError after 30 seconds."""
        await until(self._nobody_talks, seconds=30, otherwise=lambda: "calls are still up after all scenarios")
        await asyncio.sleep(0.5)

    async def _nobody_talks(self) -> bool:
        return "0 active channels" in await self.cli("core show channels count")

    def _phone(self, scenario: Scenario, phone: str) -> str:
        number = scenario.names[phone]
        where = "" if phone == "d" else f"contact = sip:{number}@127.0.0.1:{self.phones_port}\n"
        team = f"named_call_group = {scenario.number}\nnamed_pickup_group = {scenario.number}\n"
        shown = f"callerid = Agent {number} <{number}>\n" if self._kind == "freepbx" else ""
        return f"[{number}](phone)\n{shown}aors = {number}\n{team}\n[{number}](where)\n{where}"


@asynccontextmanager
async def people(kit: Kit, pbx: Business) -> AsyncIterator[tuple[Phone, CustomerPhone, Caller]]:
    """Every phone of the house, the telephones outside, and those who call."""
    phones: Phone
    customers: CustomerPhone
    async with (
        Phone(kit, pbx, pbx.phones_port, default=RINGS) as phones,
        CustomerPhone(kit, pbx, default=RINGS) as customers,
        Caller(kit, pbx) as caller,
    ):
        yield phones, customers, caller


async def play(scenario: Scenario, pbx: Business, who: tuple[Phone, CustomerPhone, Caller]) -> None:
    """Play one scenario to its end."""
    async with asyncio.timeout(60):
        await scenario.play(Scene(scenario, pbx, *who))


Round = Callable[[Sequence[Scenario]], Awaitable[Mapping[str, BaseException]]]


async def at_most_twice(scenarios: Sequence[Scenario], play_round: Round) -> Mapping[str, BaseException]:
    """Play a round of these, and a second one of those whose people did not manage; returns what went wrong then.

    Asterisk itself now and then drops a customer in the moment in which it rings back who had passed him on, and 22.10
    was seen to crash with many transfers at a time: then all are played again.
    """
    try:
        trouble = await play_round(scenarios)
    except KitError:
        return await play_round(list(scenarios))
    again = [each for each in scenarios if each.name in trouble]
    return await play_round(again) if again else {}


async def play_all(scenarios: Sequence[Scenario], pbx: Business, kit: Kit) -> dict[str, BaseException]:
    """Play them, some at the same time; by name, what went wrong with the people (not with the verdict)."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(scenario: Scenario, who: tuple[Phone, CustomerPhone, Caller]) -> None:
        async with gate:
            await play(scenario, pbx, who)

    async with people(kit, pbx) as who:
        results = await asyncio.gather(*(one(each, who) for each in scenarios), return_exceptions=True)
    return {each.name: error for each, error in zip(scenarios, results, strict=True) if error}
