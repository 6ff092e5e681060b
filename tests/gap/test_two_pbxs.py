"""Two PBXs feed one Redis: each call is told once, under its own PBX, and what befalls one is nothing to the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ami_listener.listener import Listener
from ami_listener.settings import PbxSettings
from ringback.call import Call
from ringback.fact import FACT, CallEnded
from ringbackd.opening import open_store
from ringbackd.patience import Patience
from ringbackd.pbxsink import RedisSink
from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.kit import Kit, ensure
from ringbackd.sandbox.phones import RINGS, AgentPhone
from ringbackd.sandbox.process import until
from ringbackd.sandbox.sip import Caller
from ringbackd.settings import RedisSettings
from ringbackd.store import Store
from tests.core.worlds import line

pytestmark = pytest.mark.pbx
NAMES = ("lima", "cusco")


@asynccontextmanager
async def listening(store: Store, name: str, pbx: Pbx, folder: Path) -> AsyncIterator[None]:
    values = {"name": name, "port": pbx.ami_port, "user": pbx.ami_user, "secret": pbx.ami_secret, "short_s": 0}
    settings = PbxSettings.model_validate({**values, "spill_folder": folder, "reconnect_first_s": 0.1})
    sink = RedisSink(store, name, (line(),), Patience(store.redis, "redis"))
    task = asyncio.create_task(Listener(settings, sink).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def told(store: Store) -> list[Call]:
    rows: Any = await store.redis.xrange(store.keys.facts)
    facts = [FACT.validate_json(fields[b"json"]) for _, fields in rows]
    return sorted((fact.call for fact in facts if isinstance(fact, CallEnded)), key=lambda call: call.pbx)


async def until_live(store: Store, pbx: str, calls: int) -> None:
    async def as_many() -> bool:
        return len(await store.names(store.keys.of("livecalls", pbx))) == calls

    await until(as_many, seconds=20, otherwise=lambda: f"{pbx} has not {calls} calls")


async def test_calls_of_two_pbxs_at_once_and_one_of_them_restarts(kit: Kit, redis_url: str, tmp_path: Path) -> None:
    both = await ensure(("22", "16"), console=Console(stderr=True))
    async with (
        open_store(RedisSettings(url=redis_url)) as store,
        Pbx(both, tmp_path / "lima", release="22") as lima,
        Pbx(both, tmp_path / "cusco", release="16") as cusco,
        AgentPhone(both, lima, "101", default=RINGS),
        AgentPhone(both, cusco, "101", default=RINGS),
        Caller(both, lima) as in_lima,
        Caller(both, cusco) as in_cusco,
        listening(store, "lima", lima, tmp_path),
        listening(store, "cusco", cusco, tmp_path),
    ):
        in_both = [await in_lima.dial("987654321", "5550100"), await in_cusco.dial("987654321", "5550100")]
        for name in NAMES:
            await until_live(store, name, 1)
        await cusco.stop()
        await cusco.start()
        await until_live(store, "cusco", 0)
        await until_live(store, "lima", 1)
        await in_both[0].hang_up()
        await until_live(store, "lima", 0)
        calls = await told(store)
    assert [(call.pbx, call.caller, call.missed) for call in calls] == [
        ("cusco", "987654321", True),
        ("lima", "987654321", True),
    ]
