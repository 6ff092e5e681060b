"""What became of a send, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MAX_WHY = 300


class Scope(StrEnum):
    """How much of what we send an answer concerns."""

    RECIPIENT = "recipient"
    PAIR = "pair"
    """Everything from our number to this recipient, for a while."""
    TEMPLATE = "template"
    NUMBER = "number"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Sent:
    """Accepted, which is not yet delivered. `wa_id` is absent where the customer hides his number."""

    wamid: str
    wa_id: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Not sent; worth another try after `delay_s` seconds (the caller adds jitter). `scope` is what has to wait."""

    delay_s: float
    why: str
    scope: Scope = Scope.RECIPIENT


@dataclass(frozen=True, slots=True)
class Refused:
    """Not sent, and trying again changes nothing. `code` is Meta's, or the HTTP status where Meta gave none.

    Template, number and account stay refused until a person acts; recipient concerns this message alone.
    """

    scope: Scope
    code: int
    why: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """It left us and no answer that means anything came back: it may have been accepted. A status webhook will tell."""

    why: str


Outcome = Sent | RetryAt | Refused | Unclear


def one_line(text: str) -> str:
    """Foreign text made fit for a log line: printable, on one line, not too long."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:MAX_WHY]
