"""What one recorded call would have led to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ringback.call import Call


class Action(StrEnum):
    """What Ringback would have done about a call."""

    NOTHING = "nothing"
    SEND = "send"
    SUPPRESS = "suppress"
    JOIN = "join"
    """It was one more missed call of an open case."""
    CANCEL = "cancel"
    """A case was begun, and ended before anything was sent."""
    RING = "ring"
    """WhatsApp does not reach him: the PBX rings him back by itself."""
    PERSON = "person"
    """WhatsApp does not reach him: a person of the business gets the case."""
    CLOSE = "close"
    """The customer and a person talked: what was open for him is done."""
    WAIT = "wait"
    """Not decided yet: the case waits for the customer to be quiet."""


@dataclass
class Decision:
    """What a call leads to; `at` is when, in epoch seconds. `to` (E.164) and `template` belong to the first message.

    `file` is the recording of the call, and `timed` whether it has times, for whoever shows it.
    """

    call: Call
    action: Action = Action.NOTHING
    at: float = 0.0
    case: str = ""
    line: str = ""
    to: str = ""
    template: str = ""
    why: str = ""
    file: str = ""
    timed: bool = True
