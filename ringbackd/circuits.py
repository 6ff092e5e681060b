"""What of the things that messages need is broken: while a circuit is open, one message now and then tries it."""

from __future__ import annotations

import time
from collections.abc import Callable

from ringback.message import Message
from ringbackd.store import Op, Store
from whatsapp.outcome import Scope

FIRST_PROBE_S = 60.0
LAST_PROBE_S = 900.0
Name = tuple[str, ...]
"""`("account",)`, `("number",)` or `("template", NAME, LANGUAGE)`."""


class Circuits:
    """The circuits of one installation. `clock` gives epoch seconds."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self.store, self.clock = store, clock

    def key(self, name: Name) -> str:
        """Where a circuit is kept while it is open."""
        return self.store.keys.of("circuit", *name)

    async def broken(self) -> dict[str, tuple[str, float]]:
        """What does not work now: account, number or template:NAME:LANGUAGE, each with why and since when."""
        prefix = self.store.keys.of("circuit", "")
        found: dict[str, tuple[str, float]] = {}
        async for key in self.store.redis.scan_iter(match=prefix.replace("[", "\\[") + "*", count=500):
            why, since = await self.store.fields(key.decode(), "why", "since")
            found[key.decode().removeprefix(prefix)] = (why.decode(), float(since or 0))
        return found

    async def opened(self, name: Name, why: str, delay_s: float = 0.0) -> tuple[float, list[Op]]:
        """When it is tried next, in `delay_s` or a while that grows with every failure, and the writes that say so."""
        key, now = self.key(name), self.clock()
        tries = int((await self.store.fields(key, "tries"))[0] or 0)
        at = now + (delay_s or min(FIRST_PROBE_S * 2 ** min(tries, 10), LAST_PROBE_S))
        return at, [
            ("HSETNX", key, "since", repr(now)),
            ("HSET", key, "why", why, "tries", str(tries + 1), "probe_at", f"{at:.3f}"),
        ]

    def closed(self, *names: Name) -> list[Op]:
        """The writes that say that these work."""
        return [("DEL", self.key(name)) for name in names]

    async def trust(self) -> None:
        """Somebody says that he mended it: nothing is taken for broken until it fails again."""
        await self.store.commit((), self.closed(*((name,) for name in await self.broken())))


def of_template(name: str, language: str) -> Name:
    """The circuit of a template."""
    return "template", name, language


def named(message: Message, scope: Scope) -> Name:
    """Which circuit a failure of this scope opens."""
    body = message.body
    if scope is Scope.TEMPLATE and body.kind == "template":
        return of_template(body.name, body.language)
    return ("account",) if scope is Scope.ACCOUNT else ("number",)


def needed(message: Message) -> list[Name]:
    """What a message needs to work: the account, the number, and its template if it has one."""
    return [("account",), ("number",), named(message, Scope.TEMPLATE)]
