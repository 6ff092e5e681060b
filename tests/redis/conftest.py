"""Fixtures of the tests that need a real Redis: its newest and its oldest release."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from rich.console import Console

from ringbackd.opening import open_store
from ringbackd.sandbox.kit import ensure
from ringbackd.sandbox.redisserver import RedisServer
from ringbackd.settings import RedisSettings
from ringbackd.store import Store
from tests.redis.offices import Office


@pytest.fixture(scope="session", params=["newest", "6.0"])
def redis_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The newest Redis of the kit, and the oldest that Ringback is made for: every test here runs on both."""
    kit = asyncio.run(ensure(("22", "redis-6"), console=Console(stderr=True)))
    argv = kit.redis_server if request.param == "newest" else kit.oldest_redis_server
    server = RedisServer(argv, tmp_path_factory.mktemp("redis"))
    with asyncio.Runner() as runner:
        runner.run(server.start())
        yield server
        runner.run(server.stop())


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Store]:
    """The store on an empty Redis."""
    async with open_store(RedisSettings(url=redis_url)) as store:
        yield store


@pytest.fixture
async def office(store: Store) -> Office:
    """An office with the case of one missed call."""
    office = Office(store)
    await office.missed()
    return office
