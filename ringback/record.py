"""The record of a case: the follow-up of one customer on one line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ringback.callback import Callback

TRANSCRIPT_LINES = 20
LINE_LENGTH = 500


class State(StrEnum):
    """Where a case stands."""

    WAITING = "waiting"
    """The caller may call again any moment: not written to yet."""
    CONTACTED = "contacted"
    """The first message is on its way or with him; he has not answered."""
    TALKING = "talking"
    """He answered; the flow waits for his next answer."""
    PROMISED = "promised"
    """A callback is promised."""
    RINGING = "ringing"
    """An attempt to ring him is under way."""
    WITH_PERSON = "with_person"
    """A person of the business has it."""
    CLOSED = "closed"


CALLED = frozenset({State.PROMISED, State.RINGING})
"""A call back is promised, or under way."""


class Outcome(StrEnum):
    """How a case ended. The first four are recoveries."""

    CALLBACK = "callback"
    RETURNED = "returned"
    MANUAL = "manual"
    SOLVED = "solved"
    DECLINED = "declined"
    OPTED_OUT = "opted_out"
    UNREACHABLE = "unreachable"
    LOST = "lost"
    EXPIRED = "expired"


class Spoken(BaseModel):
    """One line of the conversation, for the person who takes the case over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: float
    who: Literal["customer", "us", "person"]
    text: str


class Case(BaseModel):
    """One case. Times are epoch seconds, 0 when it has not happened. `version` grows with every commit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    version: int = 0
    line: str
    customer: str
    key: str
    dial: str
    unwritable: str = ""
    """Why WhatsApp is not tried with him, '' when it is."""
    name: str = ""
    origin: Literal["missed_call", "message", "offer"] = "missed_call"
    verdict: str = ""
    state: State
    outcome: Outcome | None = None
    misses: int = 0
    opened: float
    last_miss: float
    on_hold: float = 0.0
    """Seconds he spent waiting in the calls nobody answered."""
    step: str = ""
    asked: float = 0.0
    """When his last words came; the 24-hour window runs from here."""
    intent: str = ""
    urgency: str = ""
    sent: int = 0
    dialled: int = 0
    pending: tuple[str, ...] = ()
    """Messages in the outbox that the Cloud API has not taken yet."""
    ticks: Mapping[str, str] = {}
    """How far each of our messages came, in WhatsApp's words (`ringback.receipt`)."""
    told_over: tuple[str, ...] = ()
    """Buttons that were tapped after the end and got their answer: it is given once for each."""
    wa_id: str = ""
    user_id: str = ""
    callback: Callback | None = None
    handed_over: bool = False
    survey: str = ""
    """The message that asked him how it was."""
    rating: int = 0
    expires: float = 0.0
    """When it ends if nothing happens any more."""
    closed: float = 0.0
    transcript: tuple[Spoken, ...] = ()

    @property
    def active(self) -> bool:
        """Whether anything may still happen in it."""
        return self.state is not State.CLOSED

    @property
    def booked(self) -> float:
        """When the slot begins that it has (epoch seconds), 0 for none. A slot is free again when the promise ends."""
        return self.callback.slot if self.callback and self.state in CALLED else 0.0

    @property
    def under_way(self) -> str:
        """The attempt that rings him, "" for none."""
        return self.callback.attempt if self.callback and self.state is State.RINGING else ""

    def heard(self, at: float, who: Literal["customer", "us", "person"], text: str) -> Case:
        """The case with one more line in its transcript."""
        line = Spoken(at=at, who=who, text=text[:LINE_LENGTH])
        return self.model_copy(update={"transcript": (*self.transcript, line)[-TRANSCRIPT_LINES:]})


def case_id(seed: str) -> str:
    """A short id that is the same whenever the same beginning is read again (`seed`: what began the case)."""
    return hashlib.sha256(seed.encode()).hexdigest()[:14]
