from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import ip_network

import httpx
import pytest
from aiohttp import web

from ringbackd.intake import Intake
from ringbackd.opening import open_store
from ringbackd.settings import RedisSettings
from ringbackd.store import Store
from tests.webhook.test_webhook import SETTINGS
from whatsapp.webhook import Webhook


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Store]:
    async with open_store(RedisSettings(url=redis_url)) as store:
        yield store


@pytest.fixture
async def http(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    runner = Webhook(SETTINGS, Intake(store, "1").persist, [ip_network("127.0.0.1")]).runner("/whatsapp")
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{runner.addresses[0][1]}") as client:
        yield client
    await runner.cleanup()
