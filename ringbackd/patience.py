"""Redis being away is waited out with back-off, and said once for everybody, not every second by each role."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = logging.getLogger("ringback.redis")
FIRST_S, LONGEST_S = 0.2, 15.0
PASSING = (
    "LOADING",
    "READONLY",
    "MISCONF",
    "OOM",
    "NOGROUP",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "MASTERDOWN",
    "NOAUTH",
    "WRONGPASS",
)
"""Answers of Redis that speak of its own state, not of our command."""


def is_outage(error: BaseException) -> bool:
    """Whether an error says that Redis is away or cannot serve now, rather than that one command was wrong."""
    if isinstance(error, ResponseError):
        return any(word in str(error) for word in PASSING)
    return isinstance(error, RedisConnectionError | RedisTimeoutError)


class Patience:
    """Shared by all roles of a process."""

    def __init__(self, redis: Redis, address: str, replicas: int = 0) -> None:
        self.redis, self.address, self.replicas = redis, address, replicas
        self._back = asyncio.Event()
        self._back.set()
        self._watch: asyncio.Task[None] | None = None

    async def keep(self, work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
        """Do `work` again after every outage, until it ends by itself or `stop` is set."""
        while True:
            try:
                await work()
            except* RedisError as group:
                _, fatal = group.split(is_outage)
                if fatal:
                    raise
                await self._wait(group, stop)
            else:
                return
            if stop.is_set():
                return

    async def insist(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` (which may safely be done twice) until it succeeds."""
        await self.keep(work, asyncio.Event())

    async def _wait(self, group: BaseExceptionGroup[RedisError], stop: asyncio.Event) -> None:
        if self._back.is_set():
            self._back.clear()
            log.error("Redis at %s is away (%s); waiting for it, nothing is lost", self.address, _first(group))
            self._watch = asyncio.create_task(self._until_back())
        waits = [asyncio.create_task(event.wait()) for event in (self._back, stop)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _until_back(self) -> None:
        pause = FIRST_S
        while not await self._answers():
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_S)
        log.warning("Redis at %s is back", self.address)
        self._back.set()

    async def _answers(self) -> bool:
        try:
            info = await self.redis.info()
        except RedisError:
            return False
        return not info.get("loading") and int(info.get("connected_slaves", 0)) >= self.replicas

    def close(self) -> None:
        """Stop watching."""
        if self._watch:
            self._watch.cancel()


def leaves(error: BaseException) -> list[BaseException]:
    """The exceptions inside nested groups."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in leaves(inner)]
    return [error]


def _first(group: BaseExceptionGroup[RedisError]) -> str:
    error = leaves(group)[0]
    return str(error).splitlines()[0] if str(error) else type(error).__name__
