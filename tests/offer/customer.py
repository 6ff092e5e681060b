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
        await self.exchange.told(
            lambda e: e.get("Event") == "MixMonitorStart" and e.get("Channel") == self._channel, seconds=60
        )
        told = await self.office.told(
            lambda e: e.get("Event") == "Newchannel" and e.get("CallerIDNum") == self.number, since=self._since
        )
        self.at_office, self.linkedid = told["Channel"], told["Linkedid"]

    def press(self, keys: str) -> None:
        """Press keys, each for 100 ms with 100 ms between them."""
        self.exchange.act(Action="Redirect", Channel=self._channel, Context="customer", Exten=f"k{keys}", Priority="1")

    def hang_up(self) -> None:
        """End the call."""
        self.exchange.act(Action="Hangup", Channel=self._channel)

    def now(self) -> int:
        """How much the office's Asterisk has told until now, of all calls: what comes later is found from there on."""
        return len(self.office.events)

    async def event(self, name: str, since: int = 0, **values: str) -> Event:
        """Wait until the office's Asterisk tells this of his call."""
        wanted = {"Event": name, "Channel": self.at_office, **values}
        return await self.office.told(lambda e: wanted.items() <= e.items(), since=since or self._since, seconds=60)

    async def hears(self, sound: str, since: int = 0) -> int:
        """Wait until the office begins to play a sound to him; the index after it among what was told of all calls."""
        since = since or self._since
        event = await self.office.told(lambda e: self._plays(e, sound), since=since, seconds=60)
        return next(at for at, e in enumerate(self.office.events[since:], since) if e is event) + 1

    def _plays(self, event: Event, sound: str) -> bool:
        begins = event.get("Event") == "AGIExecStart" and event.get("Channel") == self.at_office
        return begins and f'/{sound}"' in event["Command"]

    async def over(self) -> None:
        """Wait until the office has hung up, or he is back in the dialplan behind the offer."""
        ends = ("Hangup", "Newexten")
        await self.office.told(
            lambda e: (
                e.get("Event") in ends
                and e.get("Channel") == self.at_office
                and (e["Event"] == "Hangup" or e.get("AppData") == "1,came back")
            ),
            since=self._since,
            seconds=120,
        )

    @property
    def events(self) -> list[Event]:
        """What the office's Asterisk told since he called."""
        return self.office.events[self._since :]

    @property
    def heard(self) -> Path:
        """The recording of what he heard: a WAV, complete when he has hung up."""
        return self.exchange.pbx.folder / f"heard-{self.name}.wav"
