"""A real redis-server with its append-only file on, in a scratch folder and on a free loopback port."""

from collections.abc import Sequence
from pathlib import Path

import redis.asyncio
from redis.exceptions import BusyLoadingError
from redis.exceptions import ConnectionError as RedisConnectionError

from .process import Process, free_port, until


class RedisServer:
    """One server on one port and one folder; `stop` and `start` again keep both, as a restart does."""

    def __init__(self, argv: Sequence[str], folder: Path) -> None:
        self._argv = list(argv)
        self._folder = folder
        self._process: Process | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"redis://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        """Run the server and return when it answers PING; KitError after 10 seconds."""
        self._folder.mkdir(parents=True, exist_ok=True)
        process = self._process = await Process.start([*self._argv, *self._options()], log=self._folder / "redis.log")
        await until(self._answers, seconds=10, otherwise=lambda: f"Redis did not start: {process.tail()}")

    async def stop(self) -> None:
        """End the server as an administrator does; its data stays in the folder."""
        if self._process:
            await self._process.stop()

    async def __aenter__(self) -> "RedisServer":
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    def _options(self) -> list[str]:
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self._folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        return [word for name, value in options.items() for word in (f"--{name}", value)]

    async def _answers(self) -> bool:
        client = redis.asyncio.Redis.from_url(self.url)
        try:
            return bool(await client.ping())
        except (RedisConnectionError, BusyLoadingError):
            return False
        finally:
            await client.aclose()
