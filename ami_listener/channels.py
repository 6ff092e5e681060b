"""The channels of one Asterisk and the bridges between them: who hears whom. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

MACHINES = frozenset(
    {"Local", "CBAnn", "CBRec", "Announcer", "Recorder", "Snoop", "Message", "AsyncGoto", "Surrogate", "Bridge"}
    | {"MulticastRTP", "UnicastRTP", "AudioSocket", "WebSocket", "OutgoingSpoolFailed"}
)
"""Channel technologies behind which there is no person: Local channels, conference announcers, recorders, spies,
and the shell in which Asterisk runs the extension "failed" after an Originate that nobody took."""

ZOMBIE = "<ZOMBIE>"
"""Asterisk's suffix of the empty shell that a masquerade leaves behind."""

HOLDING = "holding_bridge"
"""The bridge technology of parking: everybody in it hears music, nobody hears the others."""

CONFERENCE = "softmix"
"""The bridge technology of three and more."""


@dataclass(slots=True)
class Channel:
    """One channel as its last event described it; `context` is the dialplan context it is executing.

    `dialled` is the number it was dialled by, where it leads out; `human` says whether a person's device (a phone or a
    trunk) is at the other end.
    """

    uniqueid: str
    name: str
    linkedid: str
    context: str = ""
    number: str = ""
    dialled: str = ""
    up: bool = False
    bridge: str = ""
    human: bool = False


def technology(name: str) -> str:
    """`PJSIP` of `PJSIP/101-0000000a`."""
    return name.partition("/")[0]


def endpoint(name: str) -> str:
    """What stays the same from call to call: `PJSIP/101` of `PJSIP/101-0000000a`."""
    return name.rpartition("-")[0] or name


def extension(name: str) -> str:
    """`101` of `PJSIP/101-0000000a`."""
    return endpoint(name).partition("/")[2]


def local_number(name: str) -> str:
    """`987654321` of `Local/987654321@ringback-outbound-00000001;1`; empty for any other channel."""
    tech, _, rest = name.partition("/")
    return rest.partition("@")[0] if tech == "Local" else ""


@dataclass(slots=True)
class Switchboard:
    """Every channel that is up, the bridges they are in, and the two halves of each Local channel.

    `machines` are globs of the endpoints behind which there is no person, besides Asterisk's own machines.
    """

    machines: tuple[str, ...] = ()
    channels: dict[str, Channel] = field(default_factory=dict)
    bridges: dict[str, set[str]] = field(default_factory=dict)
    locals: dict[str, str] = field(default_factory=dict)

    def add(self, channel: Channel) -> None:
        """Learn of a channel."""
        self.channels[channel.uniqueid] = channel
        self._name(channel)

    def rename(self, channel: Channel, name: str) -> None:
        """Give a channel another name, as a masquerade does."""
        self._unname(channel)
        channel.name = name
        self._name(channel)

    def enter(self, channel: Channel, bridge: str) -> None:
        """Put a channel into a bridge; it can be in one at a time."""
        self.leave(channel)
        channel.bridge = bridge
        self.bridges.setdefault(bridge, set()).add(channel.uniqueid)

    def leave(self, channel: Channel) -> None:
        """Take a channel out of its bridge, if it is in one."""
        members = self.bridges.get(channel.bridge)
        if members is not None:
            members.discard(channel.uniqueid)
            if not members:
                del self.bridges[channel.bridge]
        channel.bridge = ""

    def drop(self, channel: Channel) -> None:
        """Forget a channel that hung up."""
        self.leave(channel)
        self._unname(channel)
        self.channels.pop(channel.uniqueid, None)

    def connected(self, uniqueid: str) -> set[str]:
        """Uniqueids of every channel whose audio reaches this one, itself included."""
        seen: set[str] = set()
        todo = [uniqueid]
        while todo:
            current = todo.pop()
            if current not in seen and current in self.channels:
                seen.add(current)
                todo.extend(self._neighbours(self.channels[current]))
        return seen

    def _neighbours(self, channel: Channel) -> Iterator[str]:
        yield from self.bridges.get(channel.bridge, ())
        if other := self.locals.get(_other_half(channel.name)):
            yield other

    def _name(self, channel: Channel) -> None:
        channel.human = not self._is_machine(channel.name)
        if technology(channel.name) == "Local":
            self.locals[channel.name] = channel.uniqueid

    def _is_machine(self, name: str) -> bool:
        own = technology(name) in MACHINES or name.endswith(ZOMBIE)
        return own or any(fnmatchcase(endpoint(name), pattern) for pattern in self.machines)

    def _unname(self, channel: Channel) -> None:
        if self.locals.get(channel.name) == channel.uniqueid:
            del self.locals[channel.name]


def _other_half(name: str) -> str:
    if name.endswith(";1"):
        return name[:-1] + "2"
    return name[:-1] + "1" if name.endswith(";2") else ""
