"""Redis Cluster's rule: a script touches only the keys that its caller named, as a real Redis saw it work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ringback.fact import Delivery, PersonActed, Said
from ringbackd.booking import reconcile
from ringbackd.sandbox.process import until
from ringbackd.store import Store
from tests.core.worlds import line
from tests.redis.offices import Office, entries
from tests.redis.posting import SENT, Api, work
from whatsapp.outcome import Refused, Scope

_SCRIPTS = {"EVAL", "EVALSHA"}


@asynccontextmanager
async def watched(store: Store) -> AsyncIterator[list[tuple[bool, list[str]]]]:
    """Every command meanwhile: whether a script gave it, and its words."""
    seen: list[tuple[bool, list[str]]] = []

    async def listen(monitor: Any, ready: asyncio.Event) -> None:
        async with monitor:
            ready.set()
            async for command in monitor.listen():
                name, *words = command["command"].split(" ")
                seen.append((command["client_type"] == "lua", [name.upper(), *words]))

    ready = asyncio.Event()
    listening = asyncio.create_task(listen(store.redis.monitor(), ready))
    await ready.wait()
    yield seen
    await store.redis.echo("end")
    await until(lambda: (False, ["ECHO", "end"]) in seen, seconds=10, otherwise=lambda: "the end was not seen")
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


def undeclared(seen: list[tuple[bool, list[str]]]) -> set[tuple[str, str]]:
    """The commands and keys that a script used without having been given the key."""
    given: set[str] = set()
    found = set()
    for by_script, words in seen:
        if words[0] in _SCRIPTS:
            given = set(words[3 : 3 + int(words[2])])
        elif by_script and words[1] not in given:
            found.add((words[0], words[1]))
    return found


async def test_scripts_touch_only_the_keys_that_they_were_given(store: Store) -> None:
    async with watched(store) as seen:
        office = Office(store)
        await office.missed()
        await work(office, Api(Refused(Scope.TEMPLATE, 132001, "no such template")))
        await office.outbox.retry()
        await store.fire(office.now)
        ((_, name),) = await entries(store)
        await work(office, Api(SENT))
        await office.settle()
        await office.desk.process(Delivery(wamid=SENT.wamid, message=name, status="failed", code=131026, at=office.now))
        await office.desk.process(Said(wamid="in", wa_id="51987654321", text="llámenme", at=office.now))
        await work(office, Api(SENT))
        (case,) = await store.active_cases()
        await office.desk.process(PersonActed(nonce="1", case=case.id, act="solve", at=office.now))
        await reconcile(store, (line(),))
        await store.journal()
    scripts = {words[1] for _, words in seen if words[0] in _SCRIPTS}
    assert len(scripts) >= 5
    assert sum(by_script for by_script, _ in seen) > 50
    assert undeclared(seen) == set()
