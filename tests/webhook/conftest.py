from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ringbackd.compose import open_store
from ringbackd.settings import RedisSettings
from ringbackd.store import Store


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Store]:
    async with open_store(RedisSettings(url=redis_url)) as store:
        yield store
