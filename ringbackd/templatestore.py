"""What was last heard of our templates at Meta, in Redis: from the list that was asked for, and from webhooks since."""

from __future__ import annotations

import json
from typing import Any

from ringbackd.store import Op, Store
from whatsapp.templatestate import Remote


def state_write(store: Store, name: str, language: str, new: dict[str, str]) -> Op:
    """The write that keeps what is new of a template's state."""
    pairs = [part for pair in new.items() for part in pair]
    return ("HSET", store.keys.of("template", name, language), *pairs)


async def remember(store: Store, found: dict[tuple[str, str], Remote]) -> None:
    """Keep what Meta's list said; a template that is not in it any more is forgotten."""
    known = [key.decode() async for key in store.redis.scan_iter(match=store.keys.of("template", "*"))]
    writes: list[Op] = [("DEL", key) for key in known]
    for one in found.values():
        text = {} if one.body is None else {"body": one.body, "footer": one.footer, "buttons": json.dumps(one.buttons)}
        state = {"status": one.status, "category": one.category, "quality": one.quality, "reason": one.reason}
        writes.append(state_write(store, one.name, one.language, state | text))
    await store.commit((), writes)


async def recall(store: Store) -> dict[tuple[str, str], Remote]:
    """What is known without asking Meta."""
    found: dict[tuple[str, str], Remote] = {}
    async for key in store.redis.scan_iter(match=store.keys.of("template", "*")):
        name, _, language = key.decode().removeprefix(store.keys.of("template", "")).rpartition(":")
        raw: Any = await store.redis.hgetall(key)
        state = {field.decode(): value.decode() for field, value in raw.items()}
        found[name, language] = Remote(
            name=name,
            language=language,
            **{what: state.get(what, "") for what in ("status", "category", "quality", "reason", "footer")},
            body=state.get("body"),
            buttons=tuple(json.loads(state.get("buttons", "[]"))),
        )
    return found
