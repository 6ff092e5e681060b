"""A real primary with two replicas, and a sentinel that makes one of them the primary when it is gone."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from ringbackd.sandbox.process import Process, free_port, until

SENTINEL = """
port {port}
bind 127.0.0.1
dir {folder}
sentinel monitor calls 127.0.0.1 {primary} 1
sentinel down-after-milliseconds calls 1500
sentinel failover-timeout calls 10000
sentinel parallel-syncs calls 2
"""


class Cluster:
    """`async with`; `kill_primary` is a SIGKILL of whoever is it at that moment."""

    def __init__(self, argv: Sequence[str], folder: Path) -> None:
        self.argv, self.folder = list(argv), folder
        self.ports = [free_port() for _ in range(3)]
        self.sentinel = free_port()
        self.processes: dict[int, Process] = {}

    async def __aenter__(self) -> Cluster:
        for port in self.ports:
            await self._start(port)
        # A sentinel that comes later knows the replicas at once; else it looks for them every ten seconds only.
        await until(self._follow, seconds=15, otherwise=lambda: "the replicas do not follow")
        path = self.folder / "sentinel.conf"
        path.write_text(SENTINEL.format(port=self.sentinel, folder=self.folder, primary=self.ports[0]))
        await self._run(self.sentinel, str(path), "--sentinel")
        await until(self._ready, seconds=15, otherwise=lambda: "the sentinel does not see the replicas")
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self.processes.values():
            await process.stop(grace=0.5)

    async def _start(self, port: int) -> None:
        folder = self.folder / str(port)
        folder.mkdir(parents=True, exist_ok=True)
        options = [
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--dir",
            str(folder),
            "--save",
            "",
            "--appendonly",
            "yes",
        ]
        follows = [] if port == self.ports[0] else ["--replicaof", f"127.0.0.1 {self.ports[0]}"]
        await self._run(port, *options, "--repl-diskless-sync-delay", "0", *follows)

    async def _run(self, port: int, *words: str) -> None:
        self.processes[port] = await Process.start([*self.argv, *words], log=self.folder / f"{port}.log")

    async def _follow(self) -> bool:
        return len(await self.replicas()) == 2

    async def _ready(self) -> bool:
        return len(await self._ask("SENTINEL", "REPLICAS", "calls") or ()) == 2

    async def _ask(self, *words: str) -> Any:
        client: Any = Redis(port=self.sentinel)
        try:
            return await client.execute_command(*words)
        except RedisError:
            return None
        finally:
            await client.aclose()

    async def replicas(self) -> list[int]:
        """The ports of those that follow the first primary and have all it has."""
        client = Redis(port=self.ports[0])
        try:
            info = await client.info("replication")
        except RedisError:
            return []
        finally:
            await client.aclose()
        rows = [info[name] for name in info if name.startswith("slave") and isinstance(info[name], dict)]
        return [row["port"] for row in rows if row["state"] == "online"]

    async def primary(self) -> int:
        """Its port, as the sentinel has it."""
        told = await self._ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "calls")
        return int(told[1]) if isinstance(told, list | tuple) else self.ports[0]

    async def kill_primary(self) -> None:
        """Gone at once; returns when another one is the primary."""
        port = await self.primary()
        os.kill(self.processes.pop(port).pid, signal.SIGKILL)

        async def another() -> bool:
            return await self.primary() != port

        await until(another, seconds=20, otherwise=lambda: "the sentinel chose nobody")
