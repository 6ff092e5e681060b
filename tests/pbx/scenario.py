"""What a scenario is: a piece of dialplan, what the people do, and what a person listening would have said."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ami_listener.dialer import Dial, Dialer, Queued
from ami_listener.settings import PbxSettings
from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.errors import KitError
from ringbackd.sandbox.phones import Behaviour, CustomerPhone, Phone, ReceivedCall
from ringbackd.sandbox.sip import Caller, PlacedCall, State

PHONES = "abcd"
"""A scenario has phones a to d; d is never registered, so nobody reaches it."""

ANSWERED = {"verdict": "answered", "direction": "inbound", "missed": False}
MISSED = {"direction": "inbound", "missed": True, "agent": ""}

Play = Callable[["Scene"], Awaitable[None]]


@dataclass(frozen=True)
class Scenario:
    """One kind of call. `number` tells it from all others: its DID, its phones, queues and callers are made of it.

    In `dialplan`, `queues` and `truth` the names {did}, {a} to {d}, {queue}, {caller} and {second} (another customer)
    stand for those. `truth` has, for each caller, fields of `Call` and what they should be. Debian's Asterisk 16 has
    VoiceMail() in a package that the kit does not fetch: scenarios with it are for 22 alone. `without_dialplan`: the
    verdicts that may be said instead when the dialplan class is not read.
    """

    number: int
    name: str
    play: Play
    truth: Mapping[str, Mapping[str, Any] | Sequence[Mapping[str, Any]]]
    dialplan: str = ""
    queues: str = ""
    pbx: str = "plain"
    behaviours: Mapping[str, Behaviour] = field(default_factory=dict)
    also_on_16: bool = True
    without_dialplan: Sequence[str] = ()

    @property
    def names(self) -> dict[str, str]:
        """What the names in its texts stand for."""
        base = f"{self.number:02}"
        return {
            "did": f"55510{base}",
            "queue": f"q{base}",
            "caller": f"9876500{base}",
            "second": f"9876501{base}",
            **{phone: f"1{base}{at}" for at, phone in enumerate(PHONES, start=1)},
        }

    def filled(self, text: str) -> str:
        """A text of this scenario with its names put in."""
        for name, value in self.names.items():
            text = text.replace(f"{{{name}}}", value)
        return text


@dataclass
class Scene:
    """What the people of one scenario can do."""

    scenario: Scenario
    pbx: Pbx
    phones: Phone
    customers: CustomerPhone
    caller: Caller
    names: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = self.scenario.names
        for phone, behaviour in self.scenario.behaviours.items():
            owner = self.phones if phone in PHONES else self.customers
            owner.behaviours[self.names.get(phone, phone)] = behaviour

    async def call(self, who: str = "caller", to: str = "did") -> PlacedCall:
        """A customer, or a phone of the house, calls."""
        return await self.caller.dial(self.names.get(who, who), self.names.get(to, to))

    async def rings(self, phone: str, *, seconds: float = 10) -> ReceivedCall:
        """Wait until this phone rings."""
        return await self.phones.call(self.names[phone], State.RINGING, seconds=seconds)

    async def answers(self, phone: str, *, seconds: float = 10) -> ReceivedCall:
        """Wait until this phone rings, and pick it up."""
        call = await self.rings(phone, seconds=seconds)
        call.answer()
        await call.established()
        return call

    async def customer_rings(self, number: str) -> ReceivedCall:
        """Wait until a customer's or another outside telephone rings."""
        return await self.customers.call(self.names.get(number, number), State.RINGING)

    async def channel(self, who: str = "caller") -> str:
        """The name of the channel on which this customer or phone is."""
        number, rows = self.names[who], await self.pbx.cli("core show channels concise")
        found = (fields[0] for row in rows.splitlines() if len(fields := row.split("!")) > 7 and fields[7] == number)
        return next(found)

    async def redirect(self, who: str, to: str) -> None:
        """Somebody at a console sends a live call to another extension of the house."""
        await self.pbx.cli(f"channel redirect {await self.channel(who)} from-internal,{self.names.get(to, to)},1")

    async def originate(self, who: str, to: str) -> None:
        """Ringback rings a customer, and connects him with an extension of the house when he picks up."""
        account = {"user": self.pbx.ami_user, "secret": self.pbx.ami_secret, "port": self.pbx.ami_port}
        dialer = Dialer(PbxSettings.model_validate(account))
        dialling = asyncio.create_task(dialer.run())
        number, exten = self.names[who], self.names[to]
        dial = Dial(f"rb-{number}", f"Local/{number}@ringback-outbound", "from-internal", exten, timeout_s=10)
        await dialer.connected()
        outcome = await dialer.originate(dial)
        dialling.cancel()
        await asyncio.wait({dialling})
        if outcome != Queued():
            raise KitError(f"the Originate was not taken: {outcome}")

    async def parked(self, who: str = "caller") -> str:
        """Wait until this customer is parked; the space he stands in."""
        async with asyncio.timeout(10):
            while True:
                lot = await self.pbx.cli("parking show default")
                name = await self.channel(who)
                for space in re.finditer(r"Space *: *(\d+)(?:\n.*?)*?Channel *: *(\S+)", lot):
                    if space[2] == name:
                        return space[1]
                await asyncio.sleep(0.1)

    async def program_calls(self, **headers: str) -> None:
        """Another program has Asterisk place a call, as click-to-call does (AMI Originate)."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.pbx.ami_port)
        login = {"Action": "Login", "Username": self.pbx.ami_user, "Secret": self.pbx.ami_secret, "Events": "off"}
        for action in (login, {"Action": "Originate", "Async": "true", **headers}):
            lines = (f"{name}: {self.scenario.filled(value)}\r\n" for name, value in action.items())
            writer.write("".join([*lines, "\r\n"]).encode())
            await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async def talk(self, seconds: float = 1.5) -> None:
        """Let time pass: a call is not over in no time."""
        await asyncio.sleep(seconds)
