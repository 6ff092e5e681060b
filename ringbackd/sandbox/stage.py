"""The stage: a whole Ringback at work on one machine, everything real but WhatsApp, in a scratch folder.

Asterisk, Redis, sipp and `ringback run` are child processes on free ports of loopback; all of them end, and the folder
is removed, when the stage is left.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Self

import aiohttp
from rich.console import Console

from ringback.journal import Entry, Event
from ringback.line import Line
from ringback.record import Case
from ringbackd.opening import open_store
from ringbackd.settings import RedisSettings, load
from ringbackd.store import Store

from .asterisk import Pbx
from .cloud import Cloud
from .kit import Kit, ensure
from .people import People
from .process import Process, free_port, until
from .redisserver import RedisServer
from .scene import CUSTOMERS, Scene, account, e164, templates, write_settings

READY_S = 20.0


class Stage:
    """Boots and holds every part: `async with Stage(console) as stage`. `kit` may be given where it is at hand.

    Raises KitError with one clear line when a part does not start. `changed` are called, in the event loop, whenever a
    telephone or a chat has moved.
    """

    kit: Kit
    pbx: Pbx
    cloud: Cloud
    people: People
    redis: RedisServer
    store: Store
    settings_path: Path
    line: Line

    def __init__(self, console: Console, scene: Scene | None = None, kit: Kit | None = None) -> None:
        self.console = console
        self.scene = scene or Scene()
        self.folder = Path()
        self.keep_folder = False
        """Set it, and the scratch folder with all the logs stays."""
        self.changed: list[Callable[[], None]] = []
        self._given_kit = kit
        self._webhook_port = free_port()
        self._ringback: Process | None = None

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._boot(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    async def _boot(self, stack: AsyncExitStack) -> None:
        self.kit = self._given_kit or await ensure((self.scene.release,), console=self.console)
        self.folder = Path(tempfile.mkdtemp(prefix="ringback-stage-"))
        stack.callback(self._clear)
        self.redis = RedisServer(self.kit.redis_server, self.folder / "redis")
        with self._shown("Redis"):
            stack.push_async_callback(self.redis.stop)
            await self.redis.start()
            self.store = await stack.enter_async_context(open_store(RedisSettings(url=self.redis.url)))
        with self._shown(f"Asterisk {self.scene.release}"):
            self.pbx = Pbx(self.kit, self.folder / "pbx", release=self.scene.release)
            await stack.enter_async_context(self.pbx)
        with self._shown("telephones (sipp)"):
            self.people = await stack.enter_async_context(People(self.kit, self.pbx, self._tell))
        with self._shown("simulated WhatsApp"):
            self.cloud = await stack.enter_async_context(self._whatsapp())
        self.settings_path = write_settings(
            self.folder, self.scene, self.pbx, self.cloud, self.redis.url, self._webhook_port
        )
        (self.line,) = load(self.settings_path).line
        with self._shown("ringback run"):
            stack.push_async_callback(self.stop_ringback)
            await self.start_ringback()

    def _whatsapp(self) -> Cloud:
        cloud = Cloud(
            templates(),
            account=account(),
            callback_url=f"http://127.0.0.1:{self._webhook_port}/whatsapp",
            names={e164(number): name for number, name in CUSTOMERS.items()},
            knobs=self.scene.knobs,
        )
        cloud.chats.on_change.append(lambda _: self._tell())
        return cloud

    @contextmanager
    def _shown(self, part: str) -> Iterator[None]:
        """Say what is being started, and how long it took."""
        began = time.monotonic()
        with self.console.status(f"starting {part} ..."):
            yield
        self.console.print(f"  [green]✔[/] {part} [dim]{time.monotonic() - began:.1f} s[/]", highlight=False)

    def _tell(self) -> None:
        for listener in self.changed:
            listener()

    def _clear(self) -> None:
        if not self.keep_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def ringback_pid(self) -> int | None:
        """The process id of `ringback run`, None while it is not running."""
        return self._ringback.pid if self._ringback and self._ringback.running else None

    @property
    def log_path(self) -> Path:
        """What `ringback run` logs, over all its restarts."""
        return self.folder / "ringback.log"

    async def start_ringback(self) -> None:
        """Run `ringback run` and return when it is connected to the PBX and answers webhooks. Raises KitError."""
        links = await self._links()
        argv = [sys.executable, "-m", "ringbackd.cli", "run", "-c", str(self.settings_path)]
        process = self._ringback = await Process.start(argv, log=self.log_path)

        async def ready() -> bool:
            return not process.running or (await self._links() > links and await self._receives())

        await until(ready, seconds=READY_S, otherwise=lambda: f"ringback run is not ready: {process.tail()}")
        await until(lambda: process.running, seconds=0, otherwise=lambda: f"ringback run ended: {process.tail()}")

    async def kill_ringback(self) -> None:
        """Kill -9; returns when it is gone."""
        if self._ringback and self._ringback.running:
            os.kill(self._ringback.pid, signal.SIGKILL)
            await self._ringback.ended()

    async def stop_ringback(self) -> None:
        """Ask it to end (SIGTERM), as systemd does."""
        if self._ringback:
            await self._ringback.stop()

    async def _links(self) -> int:
        return sum(entry.event is Event.LINK_UP for entry in await self.store.journal())

    async def _receives(self) -> bool:
        try:
            return await self.cloud.verify()
        except (aiohttp.ClientError, OSError):
            return False

    async def journal(self, number: str = "") -> list[Entry]:
        """The journal, oldest first: of one customer (his caller id, as 987654321), or whole."""
        entries = await self.store.journal()
        return [entry for entry in entries if not number or entry.customer == e164(number)]

    async def calls(self, number: str) -> list[Entry]:
        """The calls of one customer that ended, those we placed to him too."""
        return [entry for entry in await self.journal() if _is_call_of(entry, number)]

    async def case(self, number: str) -> Case | None:
        """The newest case of a customer, open or closed."""
        cases = [entry.case for entry in await self.journal(number) if entry.case]
        return await self.store.case(cases[-1]) if cases else None

    async def wait(self, what: str, probe: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
        """Wait until `probe` says yes. Raises KitError "WHAT: not within SECONDS s"."""
        await until(probe, seconds=seconds, otherwise=lambda: f"{what}: not within {seconds:g} s")


def _is_call_of(entry: Entry, number: str) -> bool:
    return entry.event is Event.CALL_ENDED and entry.data["caller"] == number
