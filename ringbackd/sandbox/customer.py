"""One customer on the stage: what he does with his phone and his WhatsApp, and what becomes of him."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ringback.callback import Ended
from ringback.journal import Entry, Event
from ringback.record import Case

from .cloudchat import ChatItem
from .errors import KitError
from .phones import ReceivedCall
from .scene import CUSTOMERS, e164
from .sip import PlacedCall, State
from .stage import Stage

QUEUE, PHONE = "5550100", "5550101"
"""DIDs: the queue ventas, and the phone of the colleague who never answers."""


class Customer:
    """A customer by his caller id. What does not come in time raises KitError, which says what was missing."""

    def __init__(self, stage: Stage, number: str) -> None:
        self.stage, self.number = stage, number
        self.name = CUSTOMERS.get(number, "")

    async def dial(self, did: str = QUEUE) -> PlacedCall:
        """Call the business; returns when he hears it ring."""
        call = await self.stage.people.dial(self.number, did, name=self.name)
        if did == QUEUE:
            await call.established()
        else:
            await call.reached(State.RINGING)
        return call

    async def abandon(self, did: str = QUEUE, *, after_s: float = 0.0) -> None:
        """Call while nobody is free, wait for `after_s` seconds, hang up."""
        call = await self.dial(did)
        await (self.stage.people.agent if did == QUEUE else self.stage.people.colleague).call()
        await asyncio.sleep(after_s)
        await call.hang_up()

    async def talk(self, *, for_s: float = 0.0) -> None:
        """Call while the agent is available, talk for `for_s` seconds, hang up."""
        call = await self.dial()
        await self.stage.people.agent.call(None, State.UP)
        await asyncio.sleep(for_s)
        await call.hang_up()

    async def verdict(self, nth: int = 1) -> Entry:
        """The end of his `nth` call."""

        async def ended() -> bool:
            return len(await self.stage.calls(self.number)) >= nth

        await self.stage.wait(f"the verdict of call {nth} of {self.number}", ended)
        return (await self.stage.calls(self.number))[nth - 1]

    def received(self) -> list[ChatItem]:
        """The messages of the business in his chat, oldest first."""
        return [item for item in self.stage.cloud.chat(e164(self.number)) if item.from_us]

    async def message(self, nth: int, seconds: float = 10.0) -> ChatItem:
        """The `nth` message of the business, waited for."""

        async def there() -> bool:
            return len(self.received()) >= nth

        await self.stage.wait(f"WhatsApp message {nth} for {self.number}", there, seconds)
        return self.received()[nth - 1]

    async def tap(self, item: ChatItem, title: str) -> None:
        """Tap what is called `title` under a message."""
        titles = [option.title for option in item.options]
        if title not in titles:
            raise KitError(f"message {item.text!r} has no button {title!r}, only {', '.join(titles)}")
        await self.stage.cloud.tap(e164(self.number), item.wamid, titles.index(title))

    async def rung(self, seconds: float = 10.0) -> ReceivedCall:
        """The call back, as soon as his phone rings."""
        return await self.stage.people.customers.call(self.number, seconds=seconds)

    async def case(self, what: str, holds: Callable[[Case], bool], seconds: float = 10.0) -> Case:
        """His newest case, as soon as `holds` is true of it; `what` says that in words."""
        found: list[Case] = []

        async def probe() -> bool:
            case = await self.stage.case(self.number)
            found[:] = [case] if case and holds(case) else []
            return bool(found)

        await self.stage.wait(f"{self.number}: {what}", probe, seconds)
        return found[0]

    async def attempts(self) -> list[Entry]:
        """The attempts to ring him that ended."""
        return [entry for entry in await self.stage.journal(self.number) if entry.event is Event.ATTEMPT_ENDED]

    async def talked(self) -> Entry:
        """The end of the attempt in which he and an agent talked."""
        found: list[Entry] = []

        async def probe() -> bool:
            found[:] = [entry for entry in await self.attempts() if entry.data["outcome"] == Ended.TALKED]
            return bool(found)

        await self.stage.wait(f"the end of the call back to {self.number}", probe)
        return found[0]
