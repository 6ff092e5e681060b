"""Everybody with a telephone: the customers, the agent of the queue, and a colleague who never answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Self

from .asterisk import Pbx
from .errors import KitError
from .kit import Kit
from .phones import RINGS, AgentPhone, CustomerPhone, answers
from .sip import Call, Caller, PlacedCall, State

AGENT, COLLEAGUE = "101", "102"
PICKS_UP_MS = 900
LONGEST_S = 3600.0


class People:
    """The people around one PBX. `on_change` is called in the event loop whenever a call of theirs changes."""

    def __init__(self, kit: Kit, pbx: Pbx, on_change: Callable[[], None]) -> None:
        self._changed = on_change
        self.caller = Caller(kit, pbx)
        self.customers = CustomerPhone(kit, pbx, default=RINGS, on_change=self._moved)
        self.agent = AgentPhone(kit, pbx, AGENT, default=RINGS, on_change=self._moved)
        self.colleague = AgentPhone(kit, pbx, COLLEAGUE, default=RINGS, on_change=self._moved)
        self.up_since: dict[str, float] = {}
        """When the calls that are up were answered (epoch seconds), by Call-ID."""
        self._placed: dict[str, PlacedCall] = {}
        self._watches: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for phone in (self.customers, self.agent, self.colleague):
                await stack.enter_async_context(phone)
            await stack.enter_async_context(self.caller)
            stack.push_async_callback(self._stop_watching)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    @property
    def agent_available(self) -> bool:
        """Whether the agent of the queue picks up by himself."""
        return self.agent.default != RINGS

    @agent_available.setter
    def agent_available(self, available: bool) -> None:
        self.agent.default = answers(PICKS_UP_MS) if available else RINGS
        waiting = self.agent.call_of(None, State.INVITED, State.RINGING)  # its ringing may not be reported yet
        if available and waiting:
            waiting.answer()
        self._changed()

    async def dial(self, number: str, did: str, name: str = "") -> PlacedCall:
        """A customer calls. Raises KitError when he is on a call already."""
        if self.call_of(number):
            raise KitError(f"{number} is on a call already: hang up first")
        call = self._placed[number] = await self.caller.dial(number, did, name)
        watch = asyncio.create_task(self._watch(call))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        self._changed()
        return call

    def call_of(self, number: str) -> Call | None:
        """The call a customer is on, whoever placed it."""
        placed = self._placed.get(number)
        if placed and placed.state is not State.ENDED:
            return placed
        return self.customers.call_of(number)

    async def _watch(self, call: PlacedCall) -> None:
        for state in (State.UP, State.ENDED):
            with suppress(KitError):  # a call that is never answered ends without being up
                await call.reached(state, seconds=LONGEST_S)
            self._moved(call)

    def _moved(self, call: Call) -> None:
        if call.state is State.UP:
            self.up_since.setdefault(call.call_id, time.time())
        elif call.state is State.ENDED:
            self.up_since.pop(call.call_id, None)
        self._changed()

    async def _stop_watching(self) -> None:
        watches = list(self._watches)
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)
