"""A Redis client whose commands travel together: what several tasks ask at the same time is one write and one read.

A sender posts many messages at a time, and each of them asks Redis several things. Alone every command costs a
connection of the pool, a write and a wait; together most of that is paid once. Each command, or script, is still done
by itself: nothing becomes one transaction that was not.
"""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import Redis

MOST = 200
"""Commands in one batch at most: a batch must not keep others waiting for long."""
_ALONE = frozenset({"XREADGROUP"})
"""Commands that may block."""


class TogetherRedis(Redis):
    """Sends what has gathered as soon as the batch before is answered."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._waiting: list[tuple[tuple[Any, ...], dict[str, Any], asyncio.Future[Any]]] = []
        self._sending: asyncio.Task[None] | None = None

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """See redis.asyncio.Redis. Of a batch that breaks every command raises the error."""
        if args[0] in _ALONE:
            alone: Any = super()
            return await alone.execute_command(*args, **options)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((args, options, answer))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
        return await answer

    async def _send(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                for (_, _, answer), found in zip(batch, await self._asked(batch), strict=True):
                    _settle(answer, found)
        finally:
            self._sending = None

    async def _asked(self, batch: list[tuple[tuple[Any, ...], dict[str, Any], asyncio.Future[Any]]]) -> list[Any]:
        try:
            async with self.pipeline(transaction=False) as pipeline:
                for args, options, _ in batch:
                    pipeline.execute_command(*args, **options)
                answers: list[Any] = await pipeline.execute(raise_on_error=False)
        except Exception as error:
            return [error] * len(batch)
        return answers


def _settle(answer: asyncio.Future[Any], found: Any) -> None:
    if answer.done():  # whoever asked was cancelled
        return
    if isinstance(found, Exception):
        answer.set_exception(found)
    else:
        answer.set_result(found)
