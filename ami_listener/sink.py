"""What the PBX side tells, and who wants to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ami_listener.registry import CallStarted
from ringback.call import Call


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The PBX can be heard (again), since `at` (epoch seconds)."""

    at: float


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The PBX cannot be heard since `at` (epoch seconds), and why."""

    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class Resynced:
    """After a connect everything missed has been made up for; these calls are in progress."""

    live: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lost:
    """Until `at` (epoch seconds) so many things could be neither stored nor kept, since the last time this was told."""

    at: float
    count: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an admin has to mend so that the PBX tells us all we need: one line, "" when there is nothing (any more)."""

    text: str


Item = CallStarted | Call | LinkUp | LinkDown | Resynced | Lost | Trouble


class Sink(Protocol):
    """Who wants to know. A method that raises is called again with the same thing until it does not."""

    async def call_started(self, started: CallStarted) -> None:
        """A call began. After a gap it may be told again."""

    async def call_ended(self, call: Call) -> None:
        """A call has its verdict. After a gap it may be told again: (pbx, linkedid) names it; the first time counts."""

    async def resynced(self, pbx: str, live_linkedids: frozenset[str]) -> None:
        """Exactly these calls are in progress; any other that was thought to be is over."""

    async def link_up(self, at: float) -> None:
        """The PBX can be heard since `at`. After a restart it may be told again: `at` names it."""

    async def link_down(self, at: float, reason: str) -> None:
        """The PBX cannot be heard since `at`; `reason` is one line for people. It may be told again."""

    async def lost(self, at: float, count: int) -> None:
        """So many things could not be kept while nobody took them. It may be told again."""

    async def trouble(self, text: str) -> None:
        """What an admin has to mend; "" when nothing is (any more)."""
