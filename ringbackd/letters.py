"""`ringback outbox`: the messages that wait, what is broken, and the dead letters (what could not be processed)."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis.exceptions import ResponseError
from rich.console import Console
from rich.table import Table

from ringbackd.commands import FailedError
from ringbackd.opening import open_store
from ringbackd.outbox import RedisOutbox
from ringbackd.settings import load
from ringbackd.show import escape
from ringbackd.store import Op, Store
from ringbackd.waiting import Waiting, held, queued, waiting

SHOWN = 200
"""Rows of a table; `--json` gives all."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An entry that made its worker fail: where it came from, why, and the entry itself."""

    id: str
    stream: str
    why: str
    json: str


class Letters:
    """What lies in the outbox and among the dead letters."""

    def __init__(self, store: Store, outbox: RedisOutbox) -> None:
        self.store, self.outbox = store, outbox

    async def dead(self, first: str = "-", last: str = "+") -> list[DeadLetter]:
        """The dead letters, the oldest first."""
        rows: Any = await self.store.redis.xrange(self.store.keys.of("dead"), first, last)
        return [DeadLetter(id=entry.decode(), **json.loads(fields[b"json"])) for entry, fields in rows]

    async def find(self, wanted: str) -> DeadLetter | Waiting:
        """A dead letter, or a message that was not sent yet, by its id. FailedError when there is none."""
        if one := await held(self.store, wanted, self.outbox.clock()):
            return one
        try:
            found = await self.dead(wanted, wanted)
        except ResponseError:  # not in the form of a stream's ids
            found = []
        if not found:
            raise FailedError(
                f"nothing that waits has the id {wanted!r}; `ringback outbox list` shows what does,"
                " `ringback message ID` what became of a message"
            )
        return found[0]

    async def revive(self, letter: DeadLetter) -> None:
        """Give a dead letter back to its stream; what it did before it failed has no second effect."""
        again: Op = ("XADD", letter.stream, "*", "json", letter.json)
        await self.store.commit((), [again, self._bury(letter)])

    async def forget(self, letter: DeadLetter) -> None:
        """Drop a dead letter for good."""
        await self.store.commit((), [self._bury(letter)])

    def _bury(self, letter: DeadLetter) -> Op:
        return ("XDEL", self.store.keys.of("dead"), letter.id)


@asynccontextmanager
async def _letters(arguments: argparse.Namespace) -> AsyncIterator[Letters]:
    settings = load(arguments.config)
    async with open_store(settings.redis) as store:
        yield Letters(store, RedisOutbox(store, settings.sender.doubt_s, settings.sender.pacing))


async def show_all(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback outbox list`."""
    async with _letters(arguments) as letters:
        late, dead, broken, at_work = (
            await waiting(letters.store),
            await letters.dead(),
            await letters.outbox.limits.circuits.broken(),
            await queued(letters.store),
        )
    if arguments.json:
        for found in (*map(_object, late), *map(_object, dead)):
            console.file.write(json.dumps(found, ensure_ascii=False) + "\n")
        return 0
    for name, (why, since) in broken.items():
        console.print(f"{name} does not work since {_when(since)}: {why}", style="red", markup=False)
    if at_work:
        console.print(f"with the sender now: {at_work}; if that does not fall, `ringback run` is not sending")
    table = Table("message", "line", "to", "kind", "next try", "why", title=_titled("messages that wait", late))
    for one in late[:SHOWN]:
        message, why = one.message, f"may have been sent: {one.why}" if one.in_doubt else one.why
        table.add_row(*map(escape, (message.id, message.line, message.to, message.body.kind, _when(one.at), why)))
    console.print(table)
    graves = Table("dead letter", "of", "why", title=_titled("dead letters", dead))
    for letter in dead[:SHOWN]:
        graves.add_row(*map(escape, (letter.id, letter.stream.rpartition(":")[2], letter.why)))
    if dead:
        console.print(graves)
        console.print("`ringback outbox show ID` tells all of one, `retry ID` tries it again, `drop ID` forgets it")
    return 0


def _titled(what: str, rows: Sequence[object]) -> str:
    more = f", the first {SHOWN}" if len(rows) > SHOWN else ""
    return f"{what}: {len(rows)}{more}"


async def show_one(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback outbox show`."""
    async with _letters(arguments) as letters:
        found = _object(await letters.find(arguments.id))
    if arguments.json:
        console.file.write(json.dumps(found, ensure_ascii=False) + "\n")
    else:
        console.print_json(data=found)
    return 0


async def retry(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback outbox retry`."""
    async with _letters(arguments) as letters:
        if arguments.id:
            found = await letters.find(arguments.id)
            if not isinstance(found, DeadLetter):
                raise FailedError(f"{arguments.id} is no dead letter: run `ringback outbox retry` for all that waits")
            await letters.revive(found)
            console.print(f"{arguments.id} is processed again", style="green")
        else:
            tried, in_doubt = await letters.outbox.retry()
            console.print(f"{tried} messages are tried again now", style="green")
            if in_doubt:
                console.print(f"{in_doubt} may have been sent: they wait for word, for sender.doubt_s at most")
    return 0


async def drop(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback outbox drop`."""
    async with _letters(arguments) as letters:
        found = await letters.find(arguments.id)
        if isinstance(found, DeadLetter):
            await letters.forget(found)
        elif not await letters.outbox.drop(found.message):
            raise FailedError(f"{arguments.id} is being sent or may have been sent: it cannot be dropped any more")
    console.print(f"{arguments.id} is dropped", style="green")
    return 0


def _object(found: DeadLetter | Waiting) -> dict[str, Any]:
    if isinstance(found, DeadLetter):
        return {"dead": found.id, "stream": found.stream, "why": found.why, "json": found.json}
    wait = {"next_try": found.at, "in": round(found.at - time.time(), 1), "in_doubt": found.in_doubt}
    return {"message": found.message.model_dump(mode="json"), "why": found.why, **wait}


def _when(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%d.%m. %H:%M:%S") if at else "?"
