"""Ringback is killed fifty times, before and after every step of a call back: each customer is rung once, and talks."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from ringback.record import Outcome
from ringbackd.sandbox.kit import ensure
from ringbackd.sandbox.phones import answers
from ringbackd.sandbox.process import until
from ringbackd.sandbox.redisserver import RedisServer
from ringbackd.store import Store
from tests.callbacks.rig import Floor, floor, line
from tests.callbacks.test_seats import Watch, due, redis, store

__all__ = ["redis", "store"]
LIVES, CUSTOMERS, EVERY_S, SEED = 50, 40, 1.3, 20261123


def values(here: Floor, url: str) -> dict[str, object]:
    """The settings of the Ringback that dies."""
    plan = {"press_1": False, "recovered_s": 0.5, "ring_s": 5, "no_answer_min": 0.02, "failed_min": 0.02, "attempts": 9}
    return {
        "name": "house",
        "redis": {"url": url},
        "whatsapp": {"token": "t", "app_secrets": ["s"], "verify_token": "v", "phone_number_id": "1"},
        "guard": {"block_hour": 1000},
        "line": [line(**plan).model_dump(mode="json")],
        "pbx": {
            "name": "lima",
            "port": here.pbx.ami_port,
            "user": here.pbx.ami_user,
            "secret": here.pbx.ami_secret,
            "spill_folder": str(here.pbx.folder),
            "gap": [{"read": "cel", "file": str(here.pbx.cel_path)}],
        },
    }


@pytest.mark.pbx
@pytest.mark.timeout(300)
async def test_killed_at_every_step_it_rings_each_customer_once(
    redis: RedisServer, store: Store, tmp_path: Path
) -> None:
    kit = await ensure(("22",), console=Console(stderr=True))
    async with floor(kit, tmp_path / "pbx", "22") as here:
        here.customers.default = here.phones.default = answers(100)
        numbers = [f"9870001{index:02}" for index in range(CUSTOMERS)]
        cases = [await due(store, number, EVERY_S * index) for index, number in enumerate(numbers)]
        talking = asyncio.create_task(Watch(here).agents_talk())
        path = tmp_path / "settings.json"
        path.write_text(json.dumps(values(here, redis.url)))
        argv = [sys.executable, "-m", "tests.callbacks.dying", str(path), str(SEED), str(LIVES)]
        process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)

        async def served() -> bool:
            found = [await store.case(case) for case in cases]
            return all(case and case.outcome is Outcome.CALLBACK for case in found)

        try:
            assert process.stdout
            died = [int(await process.stdout.readline()) for _ in range(LIVES)]
            await until(served, seconds=90, otherwise=lambda: f"not everybody was served: {here.book.calls}")
        finally:
            process.kill()
            await process.wait()
            talking.cancel()
    assert died == [9] * LIVES
    assert Counter(call.number for call in here.customers.calls.values()) == dict.fromkeys(numbers, 1)
