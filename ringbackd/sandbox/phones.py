"""Phones that are called: agents' phones, and the customers' phones behind the telephone company."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Self
from urllib.parse import unquote

from .asterisk import Pbx
from .errors import KitError
from .kit import Kit
from .sip import Call, State
from .sipp import Sipp

_FROM = re.compile(r'"?(?P<name>[^"<]*)"?[^<]*<sips?:(?P<user>[^@;>]*)')
"""Of a From header what a phone shows; a name with quotes in it is cut there."""


class Manner(Enum):
    """What a phone does when it is called."""

    RING = "ring"
    """Ring until somebody says `answer` or `decline`, or the caller gives up."""
    ANSWER = "answer"
    """Ring for a while, then answer by itself."""
    BUSY = "busy"
    """Refuse at once (486)."""


@dataclass(frozen=True)
class Behaviour:
    """A manner; `after_ms` is how long an ANSWER rings first."""

    manner: Manner = Manner.RING
    after_ms: int = 0


RINGS = Behaviour(Manner.RING)
BUSY = Behaviour(Manner.BUSY)


def answers(after_ms: int = 0) -> Behaviour:
    """Return the behaviour that answers by itself."""
    return Behaviour(Manner.ANSWER, after_ms)


class ReceivedCall(Call):
    """A call that a phone received; `number` is the number that was dialled."""

    caller = name = ""
    """The number and the name of who calls, as the phone shows them."""

    def invited(self, sound: str, sender: str) -> None:
        """Take note of the INVITE: where the PBX wants to hear this call (':' and a port), and its From header."""
        self.sound_port = int(sound[1:]) if sound[1:] else None
        if shown := _FROM.match(sender):
            self.name, self.caller = shown["name"].strip(), unquote(shown["user"])

    def ring(self) -> None:
        """Let it ring (180)."""
        self.order("RING", State.RINGING)

    def answer(self) -> None:
        """Pick it up (200)."""
        self.order("ANSWER", State.UP)

    def busy(self) -> None:
        """Say that the line is taken (486)."""
        self.order("BUSY", State.ENDED)

    def decline(self) -> None:
        """Refuse it (603)."""
        self.order("DECLINE", State.ENDED)

    def unknown(self) -> None:
        """Nobody has this number (404)."""
        self.order("UNKNOWN", State.ENDED)

    def congested(self) -> None:
        """The network has no way to this number now (503)."""
        self.order("CONGESTED", State.ENDED)


OnChange = Callable[[ReceivedCall], None]
"""Told each time a call at a phone enters a state, in the event loop."""


class Phone:
    """One sipp that plays the phones of any number of people on one port.

    A number behaves as `behaviours` says, else as `default`; both may be changed at any time, for calls to come.
    """

    def __init__(self, kit: Kit, pbx: Pbx, port: int, *, default: Behaviour, on_change: OnChange | None = None) -> None:
        self.default = default
        self.behaviours: dict[str, Behaviour] = {}
        self.calls: dict[str, ReceivedCall] = {}
        self._kit = kit
        self._folder = pbx.folder / "sip"
        self._on_change = on_change or (lambda _call: None)
        self._waiting: list[tuple[str | None, State, asyncio.Future[ReceivedCall]]] = []
        self._sipp = Sipp(port, self._report)

    async def start(self) -> None:
        """Be reachable. Raises KitError."""
        self._folder.mkdir(exist_ok=True)
        await self._sipp.start(self._kit.sipp, self._folder, "phone", {})
        await self._sipp.listening()

    async def stop(self) -> None:
        """Be switched off: calls that are up are left to the PBX."""
        await self._sipp.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    def call_of(self, number: str | None = None, *states: State) -> ReceivedCall | None:
        """Return the newest call at `number` (any when None) in one of `states`, by default one not yet over."""
        wanted = states or (State.INVITED, State.RINGING, State.UP)
        found = (
            call for call in reversed(self.calls.values()) if call.state in wanted and number in (None, call.number)
        )
        return next(found, None)

    async def call(
        self, number: str | None = None, state: State = State.RINGING, *, seconds: float = 10
    ) -> ReceivedCall:
        """Wait for a call at `number` that is in `state` or enters it; return it. Raises KitError after `seconds`."""
        if found := self.call_of(number, state):
            return found
        entered: asyncio.Future[ReceivedCall] = asyncio.get_running_loop().create_future()
        self._waiting.append((number, state, entered))
        try:
            return await asyncio.wait_for(entered, seconds)
        except TimeoutError:
            who = number or "the phone"
            raise KitError(f"no call at {who} came to {state.value} within {seconds:g} s") from None

    def _report(self, words: list[str]) -> None:
        """Take note of a line of the scenario: state, Call-ID and, when invited, the number."""
        state, call_id = State(words[0]), words[1]
        if state is State.INVITED:
            invited = self.calls[call_id] = ReceivedCall(call_id, unquote(words[2]), self._sipp)
            invited.invited(words[3], " ".join(words[4:]))
        call = self.calls[call_id]
        call.enter(state)
        if state is State.INVITED:
            self._behave(call)
        for number, wanted, entered in self._waiting:
            if wanted is state and number in (None, call.number) and not entered.done():
                entered.set_result(call)
        self._waiting = [waiter for waiter in self._waiting if not waiter[2].done()]
        self._on_change(call)

    def _behave(self, call: ReceivedCall) -> None:
        """Do what this number does when it is called."""
        behaviour = self.behaviours.get(call.number, self.default)
        if behaviour.manner is Manner.BUSY:
            call.busy()
            return
        call.ring()
        if behaviour.manner is Manner.ANSWER:
            asyncio.get_running_loop().call_later(behaviour.after_ms / 1000, call.answer)


class AgentPhone(Phone):
    """The phone of one agent."""

    def __init__(
        self, kit: Kit, pbx: Pbx, extension: str, *, default: Behaviour = RINGS, on_change: OnChange | None = None
    ) -> None:
        super().__init__(kit, pbx, pbx.agents[extension], default=default, on_change=on_change)
        self.extension = extension


class CustomerPhone(Phone):
    """The telephones of all customers: every call that leaves the PBX through the carrier rings here."""

    def __init__(self, kit: Kit, pbx: Pbx, *, default: Behaviour = RINGS, on_change: OnChange | None = None) -> None:
        super().__init__(kit, pbx, pbx.carrier_port, default=default, on_change=on_change)
