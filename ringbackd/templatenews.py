"""News about a template: its state is remembered and its circuit opened or closed, before a message tries it."""

from __future__ import annotations

import time
from collections.abc import Callable

from ringback.fact import AccountNews
from ringbackd.circuits import Circuits, of_template
from ringbackd.store import Op, Store
from ringbackd.templatestore import state_write
from ringbackd.waiting import hurried, waiting
from whatsapp.templatestate import change, usable


async def news_writes(store: Store, news: AccountNews, clock: Callable[[], float] = time.time) -> list[Op]:
    """The writes for news about a template, none for other news."""
    told = change(news.field, news.subject, news.event, news.detail)
    if told is None:
        return []
    name, language, new = told
    writes, works = [state_write(store, name, language, new)], usable(new.get("status", ""))
    circuits, its = Circuits(store, clock), of_template(name, language)
    if works is None:
        return writes
    if not works:
        return [*writes, *(await circuits.opened(its, f"Meta says: {': '.join(filter(None, new.values()))}"))[1]]
    mine = [one for one in await waiting(store) if _is_of(one.message.body, name, language)]
    return [*writes, *circuits.closed(its), *hurried(store, mine, clock())]


def _is_of(body: object, name: str, language: str) -> bool:
    return (getattr(body, "name", ""), getattr(body, "language", "")) == (name, language)
