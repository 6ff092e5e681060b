"""The daemon's side of the offer: its menu is kept fresh, calls are answered, and what callers chose becomes facts.

Calls of who comes back while his case is open are answered at the same port (`ringbackd.fastlane`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from pydantic import ValidationError
from redis.exceptions import RedisError

from agi.caller import Caller
from agi.fastagi import FastAgi
from agi.fastlane import Lane, lead
from agi.menu import FILE, Entered, LineMenu, Menu, dump, load
from agi.offer import House
from agi.offer import run as offer
from agi.session import Session
from agi.spool import BAD, Datum, Spool, contents
from ringback.fact import FACT
from ringback.line import Line
from ringback.offered import Offered
from ringback.record import State
from ringbackd import fastlane, menus
from ringbackd.callers import Callers
from ringbackd.offering import took
from ringbackd.patience import Patience
from ringbackd.pauses import set_within
from ringbackd.settings import OfferSettings
from ringbackd.store import Op, Store

log = logging.getLogger("ringback.offer")
FRESH_S = 5.0
STOPPED_EVERY = 12
"""Of so many times that the menu is made, who asked not to be contacted is read once."""
LOOK_EVERY_S = 0.2
BATCH = 100
MENU_MODE = 0o644
"""Asterisk's user reads it whatever the umask; the folder keeps others out."""


class OfferDoor:
    """Runs while `run` does. `pbx` is the name of the PBX whose calls come here; `clock` gives epoch seconds."""

    def __init__(
        self,
        settings: OfferSettings,
        folder: Path,
        pbx: str,
        lines: tuple[Line, ...],
        store: Store,
        patience: Patience,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings, self.folder, self.lines, self.clock = settings, folder, lines, clock
        self.store, self.patience = store, patience
        self._by_name = {line.name: line for line in lines}
        self._news = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._callers = Callers(store, self._by_name, self._loop)
        self._spool = Spool(folder, self._wake, self._remember)
        self._menu = menus.remembered(_last(folder), lines, clock(), pbx)
        self._written = ""
        self._stuck: set[Path] = set()
        self._said: set[str] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. Raises OSError when the port is taken or the folder cannot be used."""
        _usable(self.folder)
        self._spool.sweep(time.time())
        self._write()
        door = self._open()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.patience.keep(partial(self._freshen, stop), stop))
                group.create_task(self._pick_up(stop))
        finally:
            door.close()

    def _open(self) -> FastAgi:
        host, port = self.settings.host, self.settings.port
        try:
            door = FastAgi(host, port, {"offer": self._offer, "fastlane": self._lead}, self.settings.calls)
        except OSError as error:
            raise OSError(f"offer.port: FastAGI cannot listen on {host}:{port}: {error.strerror}") from error
        door.start()
        log.info("callers are offered WhatsApp or a call back at agi://%s:%d/offer", host, door.port)
        return door

    def _offer(self, session: Session) -> None:
        offer(session, House(self._menu, self._spool, self._read, self.clock, self._promised))

    def _lead(self, session: Session) -> None:
        lead(session, self._lane)

    def _lane(self, caller: Caller) -> Lane | None:
        line = self._menu.line(caller.line, caller.dids, caller.queue)
        return fastlane.find(self._callers, self._by_name[line.name], caller.number) if line else None

    def _promised(self, line: LineMenu, number: str) -> float | None:
        case = self._callers.case_here(self._by_name[line.name], number)
        return case.callback.due if case and case.callback and case.state is State.PROMISED else None

    def _read(self, line: LineMenu, digits: str) -> Entered:
        return menus.read(self._by_name[line.name], digits)

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop has ended: the fact waits in the folder
            self._loop.call_soon_threadsafe(self._news.set)

    def _remember(self, held: Mapping[str, Datum]) -> None:
        """Let the desk know what he pressed before he can hang up: his call is no missed one then."""
        marking = self._mark(took(self.store, *(str(held[name]) for name in ("pbx", "linkedid", "choice"))))
        try:
            asyncio.run_coroutine_threadsafe(marking, self._loop)
        except RuntimeError:  # the loop has ended: the fact waits in the folder
            marking.close()

    async def _mark(self, taken: Op) -> None:
        with suppress(RedisError):  # the fact says it, too
            await self.store.commit((), [taken])

    async def _freshen(self, stop: asyncio.Event) -> None:
        times = 0
        while not stop.is_set():
            menu = replace(self._menu, lines=await menus.open_lines(self.store, self.lines, self.clock()))
            if times % STOPPED_EVERY == 0:
                stopped = await menus.who_stopped(self.store, self.lines, menu.salt)
                menu = replace(menu, stopped=dict(stopped))
            self._menu = menu
            self._write()
            times += 1
            await set_within(stop, FRESH_S)

    def _write(self) -> None:
        text = dump(self._menu)
        if text == self._written:
            return
        part = self.folder / f".{FILE}.{os.getpid()}"
        with self._minding("the script has an old menu"):
            part.unlink(missing_ok=True)
            with part.open("x", encoding="utf-8") as file:  # follows no link that somebody laid there
                file.write(text)
                os.fchmod(file.fileno(), MENU_MODE)
            part.replace(self.folder / FILE)
            self._written = text

    async def _pick_up(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._news.clear()
            paths = self._waiting()
            facts = [fact for path in paths if (fact := _fact(path))]
            if facts:
                await self.patience.keep(partial(self.store.add_facts, facts), stop)
                if stop.is_set():
                    return  # perhaps not taken: told again, it changes nothing
            for path in paths:
                self._remove(path)
            if not paths:
                await self._rest(stop)

    def _waiting(self) -> list[Path]:
        with self._minding("what callers choose is not picked up"):
            return [path for path in self._spool.waiting(time.time()) if path not in self._stuck][:BATCH]
        return []

    def _remove(self, path: Path) -> None:
        self._stuck.add(path)
        with self._minding("what was picked up cannot be removed, and is told again after a restart"):
            path.unlink(missing_ok=True)
            self._stuck.discard(path)

    @contextmanager
    def _minding(self, what: str) -> Iterator[None]:
        """A folder that fails is said once: the rest of Ringback goes on."""
        try:
            yield
        except OSError as error:
            if what not in self._said:
                log.error("offer.folder: %s: %s: %s", self.folder, error.strerror, what)
            self._said.add(what)
        else:
            self._said.discard(what)

    async def _rest(self, stop: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (self._news, stop)]
        await asyncio.wait(waits, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


def _fact(path: Path) -> Offered | None:
    """The fact in a file; one that cannot be read is put aside for an admin."""
    try:
        fact = FACT.validate_json(contents(path))
        if isinstance(fact, Offered):
            return fact
        why = f"a fact of the kind {fact.kind}"
    except (OSError, ValidationError) as error:
        why = str(error).splitlines()[0]
    aside = path.with_suffix(BAD)
    log.error("%s is no offer (%s); it is kept as %s", path, why, aside.name)
    with suppress(OSError):
        path.replace(aside)
    return None


def _last(folder: Path) -> Menu:
    try:
        return load(folder)
    except (OSError, ValueError):
        return Menu()


def _usable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o2770)
    except OSError as error:
        raise OSError(f"offer.folder: {folder}: {error.strerror}") from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise OSError(f"offer.folder: {folder}: Ringback's user may not write there")
