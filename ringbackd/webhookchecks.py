"""What `ringback doctor` tells of what Meta's webhooks brought: news about the account, and what nobody could read."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from ringback.fact import AccountNews
from ringbackd.store import Store
from whatsapp.account import alarming

NEWS_S = 30 * 24 * 3600
"""Older news are history: Meta does not always tell that something is well again."""
WORST = 10
"""Kinds that are named; a list of hundreds helps nobody."""


async def told(store: Store) -> list[tuple[bool, str]]:
    """Sentences for the doctor, each with whether it is good."""
    counts = {kind.decode(): int(count) for kind, count in (await store.unknown()).items()}
    return [*_news(await store.account(), time.time()), *_unknown(counts)]


def _news(news: Sequence[AccountNews], now: float) -> Iterator[tuple[bool, str]]:
    recent = [one for one in news if one.at > now - NEWS_S]
    for one in recent:
        if alarming(one.event, one.detail):
            yield False, f"WhatsApp says: {_sentence(one)}; look at it in Meta's WhatsApp Manager"
    if calm := [_sentence(one) for one in recent if not alarming(one.event, one.detail)]:
        yield True, f"WhatsApp says: {'; '.join(calm[-WORST:])}"


def _sentence(news: AccountNews) -> str:
    day = datetime.fromtimestamp(news.at).astimezone().strftime("%d %b %H:%M")
    return " ".join(dict.fromkeys(filter(None, (news.field, news.subject, news.event, news.detail)))) + f" ({day})"


def _unknown(counts: Mapping[str, int]) -> Iterator[tuple[bool, str]]:
    if counts:
        most = sorted(counts.items(), key=lambda item: -item[1])
        named = ", ".join(f"{kind} {count}" for kind, count in most[:WORST])
        more = f" and {len(most) - WORST} more kinds" if len(most) > WORST else ""
        kept = "the stream `unknown` keeps those it cannot read"
        yield True, f"webhook updates that Ringback has no use for ({kept}): {named}{more}"
