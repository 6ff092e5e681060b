"""`ringback run` as a real process with settings of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any, Self

from ringbackd.sandbox.process import free_port, until

LINE = """
[[line]]
name = "ventas"
brand = "Tienda Sol"
region = "PE"
timezone = "America/Lima"
dids = ["5550100"]
[line.callback]
exten = "ventas"
"""


def settings(folder: Path, **parts: dict[str, Any]) -> Path:
    """A settings file; every part may be changed key by key."""
    tables: dict[str, dict[str, Any]] = {
        "pbx": {"port": 1, "secret": "x", "spill_folder": str(folder)},
        "redis": {"url": "redis://127.0.0.1:1/0"},
        "whatsapp": {
            "phone_number_id": "106540352242922",
            "base_url": "http://127.0.0.1:1",
            "token": "sandbox-token",
            "app_secrets": ["sandbox-secret"],
            "verify_token": "sandbox-verify",
        },
        "webhook": {"port": free_port()},
    }
    for name, changes in parts.items():
        tables[name] |= changes
    text = "".join(
        f"[{name}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in table.items())
        for name, table in tables.items()
    )
    path = folder / "ringback.toml"
    path.write_text(text + LINE, encoding="utf-8")
    return path


def _toml(value: object) -> str:
    return str(value) if isinstance(value, int | float | list) else f'"{value}"'


class Service:
    """The running process; `log` is what it said so far."""

    def __init__(self, config: Path, *arguments: str) -> None:
        self.config, self.arguments = config, arguments
        self.log = ""

    async def __aenter__(self) -> Self:
        command = [sys.executable, "-m", "ringbackd.cli", "run", "-c", str(self.config), *self.arguments]
        self.process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        self._reader = asyncio.create_task(self._read())
        return self

    async def _read(self) -> None:
        assert self.process.stderr
        async for line in self.process.stderr:
            self.log += line.decode()

    async def says(self, text: str) -> None:
        """Wait until it has said this."""
        await until(lambda: text in self.log, seconds=20, otherwise=lambda: f"never said {text!r}, only:\n{self.log}")

    async def ended(self) -> int:
        """Wait for its end; the exit code."""
        code = await asyncio.wait_for(self.process.wait(), 20)
        await self._reader
        return code

    async def terminate(self) -> int:
        """SIGTERM, then its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        await self._reader
