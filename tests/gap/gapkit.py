"""`ringback run` on a real PBX with one source, and a wire to that PBX that can be cut."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any, Self

import redis

from ringback.journal import Entry, Event
from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.process import free_port, until
from tests.pbx.written import gap_settings
from tests.service.services import settings


class Office:
    """One `ringback run --only listener,desk`, with a namespace and a source of its own."""

    def __init__(self, folder: Path, pbx: Pbx, redis_url: str, name: str, sources: tuple[str, ...], port: int) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        own = folder / name
        own.mkdir()
        given = gap_settings(pbx, sources)
        account = {"port": port, "user": pbx.ami_user, "secret": pbx.ami_secret, "name": name, "short_s": 0}
        where = {"url": redis_url, "namespace": name}
        self.config = settings(own, pbx={**account, "trunks": given["trunks"]}, redis=where)
        lines = (f"{{ read = {json.dumps(one['read'])}, file = {json.dumps(one['file'])} }}" for one in given["gap"])
        text = self.config.read_text(encoding="utf-8").replace("[pbx]\n", f"[pbx]\ngap = [{', '.join(lines)}]\n")
        self.config.write_text(text, encoding="utf-8")
        self._redis = redis.Redis.from_url(redis_url)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Run it; returns when the PBX is heard and the gap is filled."""
        gaps = self.count(Event.GAP)
        await self.launch()
        await self.filled(gaps)

    async def launch(self) -> None:
        """Run it, whatever is away."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "ringbackd.cli", "run", "-c", str(self.config), "--only", "listener,desk"),
                stderr=log,
            )

    async def filled(self, gaps: int) -> None:
        """Wait until one more gap than so many has been filled."""
        log = self.log.read_text
        await until(lambda: self.count(Event.GAP) > gaps, seconds=40, otherwise=lambda: f"{self.name}: {log()}")

    async def kill(self) -> None:
        """Kill -9."""
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def journal(self) -> list[Entry]:
        """The journal, oldest first."""
        found: Any = self._redis.xrange(f"{{{self.name}}}:journal")
        return [Entry.model_validate_json(fields[b"json"]) for _, fields in found]

    def count(self, event: Event) -> int:
        """How often this is in the journal."""
        return sum(entry.event is event for entry in self.journal())

    def verdicts(self) -> Counter[tuple[str, str]]:
        """How often each caller has which verdict."""
        ended = (entry.data for entry in self.journal() if entry.event is Event.CALL_ENDED)
        return Counter((str(data["caller"]), str(data["verdict"])) for data in ended)

    def sources(self) -> set[str]:
        """What the verdicts were read from."""
        return {str(entry.data["source"]) for entry in self.journal() if entry.event is Event.CALL_ENDED}

    async def has(self, callers: Collection[str]) -> None:
        """Wait until every one of these callers has a verdict."""
        await until(
            lambda: set(callers) <= {caller for caller, _ in self.verdicts()},
            seconds=20,
            otherwise=lambda: f"{self.name}: {self.verdicts()} but not all of {callers}",
        )


class Wire:
    """Between Ringback and a port of the PBX: it can be cut and mended, and nobody else notices."""

    def __init__(self, port: int) -> None:
        self._far = port
        self.port = free_port()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        if self._server:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.cut()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._far)
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer), return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        finally:
            self._writers.discard(writer)
            writer.close()
