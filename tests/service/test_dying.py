"""A sender that is killed before each of its steps, over and over, posts every message once."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from pathlib import Path

from redis.asyncio import Redis

from benchmarks.load import fill
from ringbackd.opening import open_store
from ringbackd.sandbox.cloud import Cloud
from ringbackd.sandbox.cloudspec import Knobs, TemplateSpec
from ringbackd.sandbox.process import free_port, until
from ringbackd.settings import RedisSettings
from ringbackd.store import Store
from tests.service.services import Service, settings

SPEC = TemplateSpec("ringback_missed_call", "es", "Hola, somos {{1}}. Nos llamó a las {{2}}.", ("Ahora",))
MESSAGES = 16
DIES_AT = (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13)
"""Three messages are under way at a time: one script claims them and one paces them, then each is posted, then what
became of them is committed, of one or several at once. Every gap is met."""
WIDTH, DOUBT_S = 3, 10


async def dies(config: Path, step: int) -> None:
    """Run a sender until it dies, or has nothing left to do before that."""
    argv = [sys.executable, "-m", "tests.service.dying", str(config), str(step)]
    process = await asyncio.create_subprocess_exec(*argv, stderr=asyncio.subprocess.DEVNULL)
    try:
        assert await asyncio.wait_for(process.wait(), 30) == -signal.SIGKILL
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def unsettled(store: Store) -> list[str]:
    names = [f"c{number}-m1" for number in range(MESSAGES)]
    states = [(name, (await store.fields(store.keys.of("message", name), "state"))[0].decode()) for name in names]
    return [f"{name}: {state}" for name, state in states if state != "accepted"]


async def test_killed_before_every_step_it_sends_each_message_once(tmp_path: Path, redis_url: str) -> None:
    # Some answers never come; statuses come twice, and only when the next sender is at work already.
    knobs = Knobs(answer_delay_s=0.1, step_s=2.5, duplicates=1, drops_left=2)
    port = free_port()
    async with (
        Cloud([SPEC], knobs=knobs, callback_url=f"http://127.0.0.1:{port}/whatsapp") as cloud,
        open_store(RedisSettings(url=redis_url)) as store,
    ):
        api = {"base_url": cloud.url, "timeout_s": 3}
        config = settings(tmp_path, redis={"url": redis_url}, webhook={"port": port}, whatsapp=api)
        config.write_text(f"{config.read_text()}\n[sender]\nwidth = {WIDTH}\ndoubt_s = {DOUBT_S}\n")
        await fill(store, range(MESSAGES))
        async with Service(config, "--only", "desk,webhook"):
            for step in DIES_AT:
                await dies(config, step)
            async with Service(config, "--only", "sender") as last:
                await until(lambda: _settled(store), seconds=60, otherwise=lambda: f"not settled; {last.log}")
        posted = Counter(message.ours for message in cloud.accepted)
        left = await unsettled(store)
    assert left == []
    assert posted == {f"c{number}-m1": 1 for number in range(MESSAGES)}
    async with Redis.from_url(redis_url) as redis:
        assert not await redis.exists("{ringback}:dead")


async def _settled(store: Store) -> bool:
    return not await unsettled(store)
