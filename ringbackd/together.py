"""Many small requests to Redis travel together: what several tasks ask at the same time is one write and one read.

A sender posts many messages at a time, and each of them asks Redis several things. Alone every command costs a
connection of the pool, a write and a wait; together most of that is paid once. Each command, or script, is still done
by itself: nothing becomes one transaction that was not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from redis.asyncio import Redis

MOST = 200
"""Requests in one batch at most: a batch must not keep others waiting for long."""
_ALONE = frozenset({"XREADGROUP"})
"""Commands that may block."""
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Together(Generic[Asked, Answer]):
    """Lets `do` answer what has gathered as soon as the batch before is answered: an answer or an error for each, in
    the order of the questions. When `do` itself raises, everybody of the batch gets that error."""

    def __init__(self, do: Callable[[list[Asked]], Awaitable[Sequence[Answer | Exception]]]) -> None:
        self._do = do
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._sending: asyncio.Task[None] | None = None

    async def ask(self, question: Asked) -> Answer:
        """The answer to one question."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
        return await answer

    async def _send(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                answers = await self._answers([question for question, _ in batch])
                for (_, answer), found in zip(batch, answers, strict=True):
                    _settle(answer, found)
        finally:
            self._sending = None

    async def _answers(self, questions: list[Asked]) -> Sequence[Answer | Exception]:
        try:
            return await self._do(questions)
        except Exception as error:
            return [error] * len(questions)


def _settle(answer: asyncio.Future[Answer], found: Answer | Exception) -> None:
    if answer.done():  # whoever asked was cancelled
        return
    if isinstance(found, Exception):
        answer.set_exception(found)
    else:
        answer.set_result(found)


class TogetherRedis(Redis):
    """A Redis client whose commands travel together. Of a batch that breaks every command raises the error."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._together = Together(self._asked)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """See redis.asyncio.Redis."""
        if args[0] in _ALONE:
            alone: Any = super()
            return await alone.execute_command(*args, **options)
        return await self._together.ask((args, options))

    async def _asked(self, batch: list[tuple[tuple[Any, ...], dict[str, Any]]]) -> list[Any]:
        async with self.pipeline(transaction=False) as pipeline:
            for args, options in batch:
                pipeline.execute_command(*args, **options)
            answers: list[Any] = await pipeline.execute(raise_on_error=False)
        return answers
