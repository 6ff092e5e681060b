"""How Redis is reached: at one address, or wherever the sentinels say that the primary is now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from ringbackd.keys import Keys
from ringbackd.settings import RedisSettings
from ringbackd.store import Store
from ringbackd.together import TogetherRedis

CONNECTIONS = 500
"""More than the workers of every role together."""
SENTINEL_S = 2.0
"""How long one sentinel may take before the next one is asked."""
OF_THE_SERVER = frozenset({"username", "password", "db"})


@asynccontextmanager
async def open_store(settings: RedisSettings) -> AsyncIterator[Store]:
    """The store of an installation. redis-py tries once more (a pooled connection may be dead); the rest is `Patience`.

    Trying twice is safe: every commit checks what it needs, and facts are applied once.
    """
    options: dict[str, Any] = {
        "retry": Retry(NoBackoff(), 1),
        "socket_connect_timeout": 5,
        "socket_timeout": 10,
        "max_connections": CONNECTIONS,
    }
    async with AsyncExitStack() as stack:
        if settings.sentinels:
            redis = _by_sentinel(settings, options, stack)
        else:
            redis = TogetherRedis.from_url(settings.url, **options)
        stack.push_async_callback(redis.aclose)
        yield Store(redis, Keys(settings.namespace), settings.replicas)


def _by_sentinel(settings: RedisSettings, options: dict[str, Any], stack: AsyncExitStack) -> Redis:
    parsed: dict[str, Any] = dict(parse_url(settings.url))
    mine = {name: value for name, value in parsed.items() if name in OF_THE_SERVER}
    encrypted = settings.url.startswith("rediss:")
    places = [(host, int(port)) for host, _, port in (place.rpartition(":") for place in settings.sentinels)]
    asked = {"socket_connect_timeout": SENTINEL_S, "socket_timeout": SENTINEL_S}
    make: Any = Sentinel  # which redis-py does not type
    sentinel = make(places, sentinel_kwargs=asked, ssl=encrypted, **options)
    for one in sentinel.sentinels:
        stack.push_async_callback(one.aclose)
    primary: Redis = sentinel.master_for(settings.service, redis_class=TogetherRedis, **mine)
    return primary
