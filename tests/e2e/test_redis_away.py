"""Redis is away on a busy PBX, and Ringback is killed meanwhile: who called then is still written to, once."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import pytest
from rich.console import Console

from ami_listener.spill import Spill
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.process import until
from ringbackd.sandbox.scene import Scene, e164
from ringbackd.sandbox.stage import Stage

pytestmark = pytest.mark.pbx
QUEUE = "5550100"


def waiting(stage: Stage) -> int:
    """How much is in the file, as somebody else sees it."""
    spill = Spill(stage.folder / "pbx.spill", 1 << 20)
    spill.open()
    spill.close()
    return spill.waiting


async def miss(stage: Stage, numbers: list[str]) -> None:
    """They give up in the queue."""
    calls = await stage.people.caller.dial_many(numbers, QUEUE, hang_up_after_ms=400, per_second=10)
    await asyncio.gather(*(call.ended(seconds=30) for call in calls))


async def kept(stage: Stage, count: int) -> None:
    """Each call is a beginning and an end. The last line of a second may still be in memory, as after a kill."""
    await until(lambda: waiting(stage) >= count, seconds=20, otherwise=lambda: f"only {waiting(stage)} on disk")


async def test_calls_of_an_outage_survive_a_kill_and_are_followed_up_once(kit: Kit) -> None:
    first, second, third = ([f"9875{part}{n:04}" for n in range(20)] for part in range(3))
    async with Stage(Console(stderr=True), Scene(quiet_s=0.2, short_s=0.0), kit=kit) as stage:
        await stage.stop_ringback()
        text = stage.settings_path.read_text(encoding="utf-8")  # without its CEL nothing else knows of these calls
        stage.settings_path.write_text(re.sub("(?m)^gap.*$", "", text), encoding="utf-8")
        await stage.start_ringback()
        await stage.redis.stop()
        await miss(stage, first)
        await kept(stage, 40)
        await stage.kill_ringback()
        await stage.redis.start()
        await stage.start_ringback()
        await stage.redis.stop()
        await miss(stage, second)
        await kept(stage, 1)
        await stage.stop_ringback()
        await stage.redis.start()
        await stage.start_ringback()
        await miss(stage, third)
        everybody = {e164(number) for number in (*first, *second, *third)}

        async def written() -> bool:
            return everybody <= {message.to for message in stage.cloud.accepted}

        await stage.wait("a message for everybody", written, 60)
        posted = Counter(message.to for message in stage.cloud.accepted)
        assert posted == dict.fromkeys(everybody, 1)
        assert waiting(stage) == 0
