"""Dialling: one Originate, sent once, whose outcome is a value."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from ami_listener.answers import LinkDownError, NotConnectedError
from ami_listener.link import Link
from ami_listener.occupancy import Attempts, Occupancy, attempts, occupancy
from ami_listener.settings import PbxSettings
from ami_listener.wire import FORBIDDEN, Value
from ringback.call import OWN_CALL_PREFIX

LONGEST_UNIQUEID = 149
"""Asterisk's AST_MAX_PUBLIC_UNIQUEID, less its terminating NUL."""

SHAPES = {
    "attempt": re.compile(re.escape(OWN_CALL_PREFIX) + r"[A-Za-z0-9._-]{1,100}"),
    "channel": re.compile(r"[A-Za-z0-9]+(/[A-Za-z0-9+*#_.:-]+)+(@[A-Za-z0-9_.:-]+(/n)?)?"),
    "context": re.compile(r"[A-Za-z0-9_.-]+"),
    "exten": re.compile(r"[A-Za-z0-9+*#_.-]+"),
}
"""What each field of a Dial may look like: nothing that Asterisk's own syntax (`&`, `,`, `|`, `$`, `(`) could use."""

CANCEL = "Local/s@ringback-cancel"
"""Where our dialplan ends an attempt that rings."""

VARIABLE = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]*")

SPLITTING = (*FORBIDDEN, ",", '"', "\\")
"""Asterisk splits the Variable header at commas and unquotes it: with these a value could set other variables."""

PASSING = ("not fully booted", "shutting down", "congestion", "temporarily")
"""Words in Asterisk's refusal that say it may go better later; any other refusal is of what we asked for."""


@dataclass(frozen=True, slots=True)
class Dial:
    """One attempt to ring somebody. `attempt` (begins with "rb-") becomes ActionID, uniqueid and Linkedid of the call.

    `channel` is what to ring, e.g. "Local/987654321@ringback-outbound"; whoever answers goes to context, exten and
    priority. `timeout_s` is how long it may ring. `caller_id` is shown to him: "Name" <number> or just a number.
    """

    attempt: str
    channel: str
    context: str
    exten: str
    priority: int = 1
    timeout_s: float = 30.0
    caller_id: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def other_channel_id(self) -> str:
        """The uniqueid of the second half, if the channel is a Local one."""
        return f"{self.attempt};2"

    def wrong(self) -> str:
        """What in this Dial must not be sent to Asterisk; "" when it is fine."""
        for name, shape in SHAPES.items():
            if not shape.fullmatch(getattr(self, name)):
                return f"{name} {getattr(self, name)!r} holds a character that is not allowed there"
        if len(self.other_channel_id) > LONGEST_UNIQUEID or self.priority < 1 or not 0 < self.timeout_s <= 3_600:
            return "attempt, priority or timeout is out of range"
        for name, value in self.variables.items():
            if not VARIABLE.fullmatch(name) or any(char in value for char in SPLITTING):
                return f"variable {name!r} has a bad name, or a comma, quote, backslash or line break in its value"
        return "caller_id holds a line break" if any(char in self.caller_id for char in FORBIDDEN) else ""

    def action(self) -> dict[str, Value]:
        """The AMI action. Async always: without it Asterisk would block the connection until somebody answers."""
        action: dict[str, Value] = {
            "Action": "Originate",
            "ActionID": self.attempt,
            "ChannelId": self.attempt,
            "OtherChannelId": self.other_channel_id,
            "Channel": self.channel,
            "Context": self.context,
            "Exten": self.exten,
            "Priority": self.priority,
            "Timeout": round(self.timeout_s * 1_000),
            "Async": "true",
            "Variable": [f"{name}={value}" for name, value in self.variables.items()],
        }
        return {**action, "CallerID": self.caller_id} if self.caller_id else action


@dataclass(frozen=True, slots=True)
class Queued:
    """Asterisk took it. What became of it comes as a Call whose Linkedid is the attempt."""


@dataclass(frozen=True, slots=True)
class NotDialled:
    """Nothing rang and nothing will. `permanent`: the same Dial will never be taken."""

    why: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Unclear:
    """It was sent, and no answer came: somebody's phone may be ringing. Never dial the same attempt again."""

    why: str


class Dialer:
    """Dials on one PBX over an AMI connection of its own, without events, so that nothing stands in an action's way.

    `quiet`: somebody else in this process tells how the PBX is reached, so this connection need not.
    """

    def __init__(self, settings: PbxSettings, *, quiet: bool = False) -> None:
        self._link = Link(settings, events="off", quiet=quiet)

    async def run(self) -> None:
        """Keep the connection up until cancelled."""
        await self._link.run()

    async def connected(self) -> None:
        """Wait until it can dial."""
        await self._link.ready.wait()

    async def queue(self, name: str) -> Occupancy | None:
        """How busy a queue is now; None where there is none of that name. Raises what `Link.ask_list` does."""
        return occupancy(await self._link.ask_list({"Action": "QueueStatus", "Queue": name}), time.time())

    async def attempts(self) -> Attempts:
        """Our calls that are under way. Raises what `Link.ask_list` does."""
        return attempts(await self._link.ask_list({"Action": "CoreShowChannels"}))

    async def call_off(self, attempt: str) -> None:
        """End an attempt that rings; one that was picked up, or is no more, is left alone. Needs no right but that to
        dial: our own dialplan hangs up. Raises PermissionError where Asterisk refuses, and what `Link.ask` does."""
        if not SHAPES["attempt"].fullmatch(attempt):
            raise PermissionError(f"{attempt!r} is no attempt of ours")
        response = await self._link.ask(
            {
                "Action": "Originate",
                "Channel": CANCEL,
                "Application": "NoOp",
                "Async": "true",
                "Variable": f"RINGBACK_CANCEL={attempt.removeprefix(OWN_CALL_PREFIX)}",
            }
        )
        if response.get("Response") != "Success":
            raise PermissionError(response.get("Message", "refused without a reason"))

    async def originate(self, dial: Dial) -> Queued | NotDialled | Unclear:
        """Dial, at most once; never raises for what Asterisk or the network do."""
        if wrong := dial.wrong():
            return NotDialled(wrong, permanent=True)
        try:
            response = await self._link.ask(dial.action())
        except NotConnectedError as error:
            return NotDialled(str(error), permanent=False)
        except (LinkDownError, TimeoutError) as error:
            return Unclear(str(error) or "no answer in time")
        if response.get("Response") == "Success":
            return Queued()
        why = response.get("Message", "refused without a reason")
        return NotDialled(why, permanent=not any(word in why.lower() for word in PASSING))
