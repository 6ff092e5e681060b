"""Redis is away on a busy PBX, and Ringback is killed meanwhile: who called then is still written to, once."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import pytest
from rich.console import Console

from ami_listener.spill import Spill
from ringback.call import Call
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.process import until
from ringbackd.sandbox.scene import Scene, e164
from ringbackd.sandbox.stage import Stage

pytestmark = pytest.mark.pbx
QUEUE = "5550100"


def ended(stage: Stage) -> int:
    """How many calls with their verdict are in the file, as somebody else sees it."""
    spill = Spill(stage.folder / "pbx.spill", 1 << 20)
    spill.open()
    items = spill.first(1_000)
    spill.close()
    return sum(isinstance(item, Call) for item in items)


async def miss(stage: Stage, numbers: list[str]) -> None:
    """They give up in the queue."""
    calls = await stage.people.caller.dial_many(numbers, QUEUE, hang_up_after_ms=400, per_second=10)
    await asyncio.gather(*(call.ended(seconds=30) for call in calls))
    # What Asterisk has not hung up yet, nobody can have kept.
    await until(lambda: _idle(stage), seconds=10, otherwise=lambda: "Asterisk has not hung up every caller")


async def _idle(stage: Stage) -> bool:
    return "0 active channels" in await stage.pbx.cli("core show channels count")


async def kept(stage: Stage, calls: int) -> None:
    await until(lambda: ended(stage) >= calls, seconds=20, otherwise=lambda: f"only {ended(stage)} calls on disk")


async def test_calls_of_an_outage_survive_a_kill_and_are_followed_up_once(kit: Kit) -> None:
    first, second, third = ([f"9875{part}{n:04}" for n in range(20)] for part in range(3))
    async with Stage(Console(stderr=True), Scene(quiet_s=0.2, short_s=0.0), kit=kit) as stage:
        await stage.stop_ringback()
        text = stage.settings_path.read_text(encoding="utf-8")  # without its CEL nothing else knows of these calls
        stage.settings_path.write_text(re.sub("(?m)^gap.*$", "", text), encoding="utf-8")
        await stage.start_ringback()
        await stage.redis.stop()
        await miss(stage, first)
        await kept(stage, 20)
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

        def without() -> set[str]:
            return everybody - {message.to for message in stage.cloud.accepted}

        await until(lambda: not without(), seconds=60, otherwise=lambda: f"no message for {sorted(without())}")
        posted = Counter(message.to for message in stage.cloud.accepted)
        assert posted == dict.fromkeys(everybody, 1)
        assert ended(stage) == 0
