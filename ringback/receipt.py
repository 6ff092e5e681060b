"""How far a message came, and which news about it counts: WhatsApp tells in any order, twice, and late."""

from __future__ import annotations

from enum import StrEnum


class Tick(StrEnum):
    """What WhatsApp says of a message. `played` is `read` of a voice message."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    FAILED = "failed"


_RANK = {"": 0, Tick.SENT: 1, Tick.DELIVERED: 2, Tick.READ: 3, Tick.PLAYED: 4}
REACHED = frozenset({Tick.DELIVERED, Tick.READ, Tick.PLAYED})
"""The message was on his phone: `read` implies `delivered`, which may be left out."""
SEEN = frozenset({Tick.READ, Tick.PLAYED})


def counts(news: str, known: str) -> bool:
    """Whether this news changes what is known ('' for nothing): only forward, and failed only before delivered."""
    if known == Tick.FAILED:
        return False
    return _RANK[known] < _RANK[Tick.DELIVERED] if news == Tick.FAILED else _RANK[news] > _RANK[known]
