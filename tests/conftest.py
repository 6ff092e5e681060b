"""Fixtures for every test: the kit, and a real Redis that is empty at the start of each test."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import settings
from rich.console import Console

from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.kit import Kit, ensure
from ringbackd.sandbox.redisserver import RedisServer
from ringbackd.sandbox.sip import Caller

settings.register_profile("busy", deadline=None)  # how long an example takes says more of the machine than of it
settings.load_profile("busy")


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """A command that runs in the test's own process sets logging up for the whole of it: not for the next test."""
    root, ours = logging.getLogger(), logging.getLogger("ringback")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


@pytest.fixture(scope="session")
def kit() -> Kit:
    """Asterisk 22, redis-server and sipp, fetched on the first run."""
    return asyncio.run(ensure(("22",), console=Console(stderr=True)))


@pytest.fixture(scope="session")
def redis_server(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One redis-server for the whole session."""
    server = RedisServer(kit.redis_server, tmp_path_factory.mktemp("redis"))
    with asyncio.Runner() as runner:
        runner.run(server.start())
        yield server
        runner.run(server.stop())


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """Where an empty Redis answers."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture
async def pbx(kit: Kit, tmp_path: Path) -> AsyncIterator[Pbx]:
    """A booted Asterisk 22 of its own for each test (half a second)."""
    async with Pbx(kit, tmp_path / "pbx") as booted:
        yield booted


@pytest.fixture
async def caller(kit: Kit, pbx: Pbx) -> AsyncIterator[Caller]:
    """Customers who call that PBX."""
    async with Caller(kit, pbx) as customers:
        yield customers
