"""What stands between Ringback and its PBX, and may break."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self


class Relay:
    """`async with`; passes AMI on from `port` to the PBX's, until `cut`. With `swallow`, whoever sends an Originate is
    cut off before he has the answer."""

    def __init__(self, ami_port: int) -> None:
        self.ami_port, self.swallow, self.port = ami_port, False, 0
        self._open = asyncio.Event()
        self._open.set()
        self._pairs: set[asyncio.StreamWriter] = set()
        self._passing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        for task in self._passing:
            task.cancel()

    def cut(self) -> None:
        """Break every connection; new ones break at once."""
        self._open.clear()
        self._break()

    def mend(self) -> None:
        """Let connections through again."""
        self._open.set()

    def _break(self) -> None:
        for writer in self._pairs:
            writer.close()
        self._pairs.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open.is_set():
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.ami_port)
        self._pairs |= {writer, far_writer}
        mute = asyncio.Event()
        for one in (self._asks(reader, far_writer, writer, mute), self._answers(far_reader, writer, mute)):
            task = asyncio.create_task(one)
            self._passing.add(task)
            task.add_done_callback(self._passing.discard)

    async def _asks(
        self, reader: asyncio.StreamReader, to: asyncio.StreamWriter, back: asyncio.StreamWriter, mute: asyncio.Event
    ) -> None:
        while data := await reader.read(65536):
            lost = self.swallow and b"Action: Originate" in data
            if lost:
                mute.set()
            to.write(data)
            await to.drain()
            if lost:
                await asyncio.sleep(0.3)
                back.close()
        to.close()

    async def _answers(self, reader: asyncio.StreamReader, to: asyncio.StreamWriter, mute: asyncio.Event) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if not mute.is_set():
                    to.write(data)
                    await to.drain()
        to.close()
