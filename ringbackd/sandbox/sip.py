"""SIP calls as the sandbox sees them, and the customers who place them."""

import asyncio
import secrets
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from urllib.parse import quote

from .asterisk import Pbx
from .errors import KitError
from .kit import Kit
from .process import free_udp_port
from .sipp import HUM, PACKETS_PER_S, Sipp

_REFUSALS = (400, 403, 404, 408, 410, 480, 484, 486, 488, 500, 503, 600, 603, 604)
"""Final answers that end a call before it begins."""


class State(Enum):
    """How far a call has come; the values are what the scenarios report."""

    INVITED = "invited"
    RINGING = "ringing"
    UP = "up"
    ENDED = "ended"


@dataclass(frozen=True)
class Order:
    """What a call is told to do, and the state that shows that it did."""

    what: str
    goal: State
    headers: Mapping[str, str] = field(default_factory=dict)


class Call:
    """One call of a phone played by sipp: the other party's number, and the state now."""

    sound_port: int | None = None
    """Where the PBX wants to hear this call, if it said so when it called."""

    def __init__(self, call_id: str, number: str, sipp: Sipp) -> None:
        self.call_id = call_id
        self.number = number
        self.state = State.INVITED
        self._sipp = sipp
        self._reached = {state: asyncio.Event() for state in State}
        self._orders: deque[Order] = deque()

    def enter(self, state: State) -> None:
        """Take note of what sipp reported.

        An order that crossed a message of the PBX found the scenario busy and was lost: then it is given again now.
        """
        self.state = state
        self._reached[state].set()
        if self._orders and self._orders[0].goal is state:
            self._orders.popleft()
        if state is not State.ENDED:
            self._say()

    def order(self, what: str, goal: State, **headers: str) -> None:
        """Tell the call to do something, after all that it was told before."""
        self._orders.append(Order(what, goal, headers))
        if len(self._orders) == 1:
            self._say()

    def _say(self) -> None:
        if self._orders:
            self._sipp.order(self._orders[0].what, self.call_id, self._orders[0].headers)

    async def reached(self, state: State, *, seconds: float = 10) -> None:
        """Wait until the call is or was in `state`. Raises KitError when it ends without, or after `seconds`."""
        wanted, ended = (asyncio.create_task(self._reached[each].wait()) for each in (state, State.ENDED))
        try:
            await asyncio.wait((wanted, ended), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            wanted.cancel()
            ended.cancel()
        if not self._reached[state].is_set():
            raise KitError(f"the call with {self.number} is {self.state.value}, it did not come to {state.value}")

    async def established(self, *, seconds: float = 10) -> None:
        """Wait until both sides have said yes (the 200 and its ACK)."""
        await self.reached(State.UP, seconds=seconds)

    async def ended(self, *, seconds: float = 10) -> None:
        """Wait until the call is over, whoever ended it."""
        await self.reached(State.ENDED, seconds=seconds)

    async def press(self, keys: str) -> None:
        """Press keys (0-9, *, #, A-D) one after the other, as soon as the call is up."""
        if wrong := [key for key in keys if key not in "0123456789*#ABCD"]:
            raise ValueError(f"{wrong[0]!r} is no telephone key: use 0-9, *, #, A-D")
        await self.established()
        for key in keys:
            self.order("PRESS", State.UP, Digit=key)

    async def transfer(self, number: str, *, consulted: "PlacedCall | None" = None) -> None:
        """Send the other party to `number` (SIP REFER): blind, or to the very person who was `consulted` in a call.

        A consultation that still rings makes it the blonde kind. The PBX then ends this call.
        """
        await self.established()
        replaces = ""
        if consulted:
            dialog = f"{consulted.call_id};to-tag={consulted.remote_tag};from-tag={consulted.local_tag}"
            replaces = f"?Replaces={quote(dialog, safe='')}"
        self.order("TRANSFER", State.UP, Target=f"<sip:{_user(number)}@127.0.0.1{replaces}>")

    async def speak(self, seconds: float) -> None:
        """Say something for so long to the other side; who called must be spoken to first. Raises KitError."""
        await self.play(HUM * int(seconds * PACKETS_PER_S))

    async def play(self, sound: bytes) -> None:
        """Play a recording (G.711 u-law) to the other side, as `speak` does. Raises KitError."""
        await self.established()
        await self._sipp.say(sound, self.sound_port)

    async def hold(self, *, back: bool = False) -> None:
        """Put the other party on hold, or take him back."""
        await self.established()
        self.order("HOLD", State.UP, Flow="sendrecv" if back else "sendonly")

    async def hang_up(self) -> None:
        """End the call and wait until it is over: CANCEL or 603 while it rings, BYE when it is up."""
        self.order("HANGUP", State.ENDED)
        await self.ended()


class PlacedCall(Call):
    """A call from a customer, or from a phone of the house, to the PBX."""

    remote_tag = ""
    """The other side's half of the dialog's name; known when it rings."""
    patience_s: float | None = None
    """He hangs up when nothing has happened for so long. Not left to sipp: a message that comes while sipp's own time
    limit runs out leaves its call stuck."""
    _giving_up: asyncio.TimerHandle | None = None

    @property
    def local_tag(self) -> str:
        """Our half: sipp's number of the call, which is the end of its Call-ID."""
        return self.call_id.rpartition("-")[2]

    def report(self, words: Sequence[str]) -> None:
        """Take note of a line of the scenario: state, Call-ID and the tag of the other side once it is known."""
        self.remote_tag = words[2] if len(words) > 2 else self.remote_tag
        self.enter(State(words[0]))
        self._wait()

    def _wait(self) -> None:
        if self._giving_up:
            self._giving_up.cancel()
        if self.patience_s is not None and self.state is not State.ENDED and not self._orders:
            later = asyncio.get_running_loop().call_later
            self._giving_up = later(self.patience_s, self.order, "HANGUP", State.ENDED)


class Caller:
    """Customers who call the PBX. A number or a name may hold anything: it is escaped for SIP."""

    def __init__(self, kit: Kit, pbx: Pbx) -> None:
        self._kit = kit
        self._pbx = pbx
        self._watches: dict[asyncio.Task[None], Sipp] = {}

    async def dial(self, number: str, did: str, name: str = "") -> PlacedCall:
        """Call `did` as `number` and return when the INVITE is out."""
        return (await self._place([number], did, name, patience_s=None, rate=100))[0]

    async def dial_many(
        self, numbers: Sequence[str], did: str, *, hang_up_after_ms: int, per_second: int = 10
    ) -> list[PlacedCall]:
        """Call `did` as each of `numbers`; every caller hangs up when nothing has happened for that long."""
        return await self._place(numbers, did, "", patience_s=hang_up_after_ms / 1000, rate=per_second)

    async def close(self) -> None:
        """End every call of these customers at once, without a word to the PBX."""
        await asyncio.gather(*(sipp.stop() for sipp in self._watches.values()))
        await asyncio.gather(*self._watches)

    async def __aenter__(self) -> "Caller":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def _place(
        self, numbers: Sequence[str], did: str, name: str, *, patience_s: float | None, rate: int
    ) -> list[PlacedCall]:
        token = secrets.token_hex(6)
        sipp = Sipp(free_udp_port(), lambda words: calls[words[1]].report(words))
        calls = {f"{token}-{n}": PlacedCall(f"{token}-{n}", each, sipp) for n, each in enumerate(numbers, start=1)}
        for call in calls.values():
            call.patience_s = patience_s
        folder = self._pbx.folder / "sip"
        people = _people(folder / f"{token}.csv", numbers, did)
        refusals = "\n".join(f'  <recv response="{code}" optional="true" next="7"/>' for code in _REFUSALS)
        await sipp.start(
            self._kit.sipp, folder, "caller", {"REFUSALS": refusals},
            *("-inf", str(people), "-cid_str", f"{token}-%u", "-key", "display_name", _display_name(name)),
            *("-m", str(len(calls)), "-r", str(rate), f"127.0.0.1:{self._pbx.sip_port}"),
        )  # fmt: skip
        self._watch(sipp, calls.values())
        await next(iter(calls.values())).reached(State.INVITED)
        return list(calls.values())

    def _watch(self, sipp: Sipp, calls: Collection[PlacedCall]) -> None:
        """Clean up when sipp ends; calls that it never reported as over are over then."""

        async def end() -> None:
            await sipp.ended()
            await sipp.stop()
            for call in calls:
                call.enter(State.ENDED)

        task = asyncio.create_task(end())
        self._watches[task] = sipp
        task.add_done_callback(self._watches.pop)


def _people(path: Path, numbers: Sequence[str], did: str) -> Path:
    """Write sipp's file of callers: one line each, the fields separated by semicolons."""
    path.parent.mkdir(exist_ok=True)
    lines = ["SEQUENTIAL", *(f"{_user(number)};{_user(did)}" for number in numbers)]
    path.write_text("\n".join([*lines, ""]))
    return path


def _user(text: str) -> str:
    """Return `text` as the user part of a SIP address: all but plain letters and digits becomes %XX."""
    return quote(text, safe="+*-_.")


def _display_name(name: str) -> str:
    """Return `name` as a quoted SIP display name; controls become spaces, for a header is one line."""
    printable = "".join(letter if letter.isprintable() else " " for letter in name)
    escaped = printable.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" ' if escaped else ""
