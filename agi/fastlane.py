"""The fast lane: who calls again while his case is open goes before the others, and the agent sees what it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agi.caller import Caller, caller_of
from agi.session import Session


@dataclass(frozen=True)
class Lane:
    """A returning caller: his open case, one line about it, the name that the agent's phone is to show ("" leaves what
    it shows), and his QUEUE_PRIO. Texts must be free of the dialplan's own syntax."""

    case: str
    summary: str
    shown: str
    priority: int


def lead(session: Session, find: Callable[[Caller], Lane | None]) -> None:
    """Tell the dialplan about a returning caller; nothing is set for anybody else. Raises Gone when he hung up."""
    lane = find(caller_of(session))
    if lane is None:
        return
    # Two underscores: every channel behind this one has it, too. With the priority, which comes last, all is said.
    session.set_variable("__RINGBACK_SUMMARY", lane.summary)
    session.set_variable("RINGBACK_SHOWN", lane.shown)
    session.set_variable("__RINGBACK_CASE", lane.case)
    session.set_variable("RINGBACK_PRIO", lane.priority)
