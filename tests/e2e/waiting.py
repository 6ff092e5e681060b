"""A customer who waits in the queue, hears what he is offered, and presses keys."""

from __future__ import annotations

from ringbackd.sandbox.customer import Customer
from ringbackd.sandbox.sip import PlacedCall
from tests.offer.ami import Ami, Event


class Waiting:
    """One call of his; `position` is his place in the queue when he joined it last."""

    call: PlacedCall
    position = ""

    def __init__(self, ami: Ami, customer: Customer) -> None:
        self.ami, self.customer, self._since = ami, customer, len(ami.events)

    async def joins(self) -> None:
        """He calls, unless he has, and is in the queue."""
        if not self.position:
            self.call = await self.customer.dial()
        told = await self._told(Event="QueueCallerJoin", CallerIDNum=self.customer.number)
        self._channel, self.position = told["Channel"], told["Position"]

    async def does(self, *steps: tuple[str, str]) -> None:
        """He presses the key that leads to the offer, and then at each sound, as it begins, the key beside it."""
        await self.call.press("1")
        for sound, key in steps:
            await self._told(f'/{sound}"', Event="AGIExecStart", Channel=self._channel)
            await self.call.press(key)

    async def _told(self, sound: str = "", **wanted: str) -> Event:
        told = await self.ami.told(
            lambda event: wanted.items() <= event.items() and sound in event.get("Command", ""),
            since=self._since,
            seconds=60,
        )
        self._since = self.ami.events.index(told) + 1
        return told
