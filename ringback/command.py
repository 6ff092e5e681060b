"""What is to be done: the only thing that leaves a decision beside the changed case."""

from __future__ import annotations

from dataclasses import dataclass

from ringback.consent import Consent
from ringback.fact import Timer
from ringback.journal import Entry
from ringback.message import Message


@dataclass(frozen=True, slots=True)
class Send:
    """Put a message into the outbox."""

    message: Message


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take a message back, if it has not been posted yet."""

    message: str


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Wake the case at `at` (epoch seconds); a timer of that name that is already set is moved."""

    timer: Timer
    at: float


@dataclass(frozen=True, slots=True)
class ClearTimer:
    """Forget a timer."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Dial:
    """Ring the customer. `attempt` is unique for ever and becomes the ChannelId."""

    attempt: str
    case: str
    line: str
    number: str
    key: str


@dataclass(frozen=True, slots=True)
class CallOff:
    """From `at` (epoch seconds) on, let an attempt ring no longer, unless he has picked up."""

    attempt: str
    at: float


@dataclass(frozen=True, slots=True)
class Record:
    """Write what a customer said about being contacted into his ledger (`key` is the match key of his number)."""

    key: str
    consent: Consent


@dataclass(frozen=True, slots=True)
class Reach:
    """Remember whether WhatsApp reaches a customer (`key` is the match key of his number)."""

    key: str
    whatsapp: bool


@dataclass(frozen=True, slots=True)
class Note:
    """Write into the journal."""

    entry: Entry


Command = Send | Withdraw | SetTimer | ClearTimer | Dial | CallOff | Record | Reach | Note
