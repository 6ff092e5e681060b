"""What became of a call: the verdict that everything else starts from."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

OWN_CALL_PREFIX = "rb-"
"""Uniqueids that begin so are channels Ringback originated itself (we choose their ChannelId)."""
NOBODYS = "UNALLOCATED"
"""In the reason of a call: the network says that nobody has the number. It is no word of Dial()'s, which calls that
CONGESTION or CHANUNAVAIL like a broken trunk."""
DECLINED = "REJECTED"
"""In the reason of a call: he whose telephone rang refused it. Dial() calls that NOANSWER [Asterisk 16 and 22]."""


class Direction(StrEnum):
    """Who called whom; only inbound calls can be missed."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"
    OURS = "ours"


class Verdict(StrEnum):
    """What became of a call, known when its last channel hung up."""

    ANSWERED = "answered"
    ABANDONED_QUEUE = "abandoned_queue"
    ABANDONED_IVR = "abandoned_ivr"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    VOICEMAIL = "voicemail"
    CLOSED = "closed"
    QUEUE_FULL = "queue_full"
    QUEUE_EMPTY = "queue_empty"
    QUEUE_TIMEOUT = "queue_timeout"
    LOST_IN_TRANSFER = "lost_in_transfer"
    SHORT = "short"
    DEFLECTED = "deflected"
    """He was offered WhatsApp or a call back while he waited, and took it."""
    UNKNOWN = "unknown"


class SaidThere(StrEnum):
    """What our dialplan says of a call of ours (dialplan/extensions_ringback.conf, UserEvent)."""

    NOTHING = ""
    KEY = "key"
    """The customer pressed 1: a person, who wants to talk."""
    NO_KEY = "no_key"
    """Who picked up pressed nothing: a machine, or a wrong person."""
    MACHINE = "machine"
    """AMD() took him for an answering machine."""
    NEVER = "never"
    """He pressed 9: he does not want to be rung again."""
    AGENT = "agent"
    """Agent first: an agent picked up."""
    AGENT_NO_KEY = "agent_no_key"
    """The agent did not press 1; the customer was not rung."""
    RUNG = "rung"
    """The agent pressed 1; the customer is rung."""


class Source(StrEnum):
    """Where a verdict comes from: live events, or what Asterisk had written of a call while Ringback was away."""

    LIVE = "live"
    CEL = "cel"
    CDR = "cdr"
    QUEUE_LOG = "queue_log"


NOT_MISSED = frozenset({Verdict.ANSWERED, Verdict.DEFLECTED, Verdict.UNKNOWN})


class Call(BaseModel):
    """One attempt of a customer to reach the business: everything under one Linkedid.

    Times are seconds since the epoch, durations are seconds. `queues` and `phones` are in the order they were tried.
    For a call of ours (`direction` ours) `customer_up` says whether the customer picked up; `answered` then means
    that he and an agent talked, and `said` is the last word of our dialplan about it. `score` is his key from 1 to 5
    in the survey after the talk (dialplan `ringback-survey`), 0 for none. `source` is `live`, or what the call was
    read from after a gap.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pbx: str
    linkedid: str
    direction: Direction
    verdict: Verdict
    caller: str = ""
    caller_name: str = ""
    did: str = ""
    dialled: str = ""
    queue: str = ""
    agent: str = ""
    started: float
    ended: float
    wait: float = 0.0
    talk: float = 0.0
    queues: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    reason: str = ""
    customer_up: bool = False
    said: SaidThere = SaidThere.NOTHING
    score: int = Field(default=0, ge=0, le=5)
    source: Source = Source.LIVE

    @property
    def missed(self) -> bool:
        """Whether a customer called and talked to nobody."""
        return self.direction is Direction.INBOUND and self.verdict not in NOT_MISSED
