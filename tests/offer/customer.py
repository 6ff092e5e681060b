"""A customer on the telephone company's exchange: he calls, presses keys when he has heard something, and hangs up."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from tests.offer.ami import Ami, Event


@dataclass
class Customer:
    """One call. `tones` is rfc4733 or inband; `name` tells his recording from others."""

    exchange: Ami
    office: Ami
    number: str = "987654321"
    tones: str = "rfc4733"
    name: str = field(default_factory=lambda: secrets.token_hex(4))
    _since: int = 0

    async def call(self, did: str) -> None:
        """Call and return when somebody has picked up."""
        self._since = len(self.office.events)
        self.exchange.act(
            Action="Originate", Async="true", Channel=f"PJSIP/{did}@{self.tones}", CallerID=f"<{self.number}>",
            Context="customer", Exten="s", Priority="1", Variable=f"CUSTOMER={self.name}",
        )  # fmt: skip
        row = await self.exchange.told(lambda e: e.get("Event") == "VarSet" and e.get("Value") == self.name)
        self._channel = row["Channel"]
        await self.exchange.told(lambda e: e.get("Event") == "MixMonitorStart" and e.get("Channel") == self._channel)
        told = await self.office.told(
            lambda e: e.get("Event") == "Newchannel" and e.get("CallerIDNum") == self.number, since=self._since
        )
        self.at_office = told["Channel"]

    def press(self, keys: str) -> None:
        """Press keys, each for 100 ms with 100 ms between them."""
        self.exchange.act(Action="Redirect", Channel=self._channel, Context="customer", Exten=f"k{keys}", Priority="1")

    def hang_up(self) -> None:
        """End the call."""
        self.exchange.act(Action="Hangup", Channel=self._channel)

    async def event(self, name: str, **values: str) -> Event:
        """Wait until the office's Asterisk tells this of his call."""
        wanted = {"Event": name, "Channel": self.at_office, **values}
        return await self.office.told(lambda e: wanted.items() <= e.items(), since=self._since)

    @property
    def events(self) -> list[Event]:
        """What the office's Asterisk told since he called."""
        return self.office.events[self._since :]

    @property
    def heard(self) -> Path:
        """The recording of what he heard: a WAV, complete when he has hung up."""
        return self.exchange.pbx.folder / f"heard-{self.name}.wav"
