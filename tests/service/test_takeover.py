"""A sender that died leaves what it had taken to another one, which leaves it alone as long as it may be alive."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.load import fill
from ringbackd.opening import open_store
from ringbackd.sandbox.cloud import Cloud
from ringbackd.sandbox.process import until
from ringbackd.settings import RedisSettings
from ringbackd.store import Store
from ringbackd.streams import CLAIM_IDLE_MS
from tests.service.services import Service, settings
from tests.service.test_dying import SPEC, dies

MESSAGES = 8


def named(name: str, config: Path) -> Path:
    """The same settings for another member of the installation."""
    path = config.with_name(f"{name}.toml")
    path.write_text(f'name = "{name}"\n{config.read_text()}')
    return path


async def taken_by(store: Store, name: str) -> dict[str, list[Any]]:
    """The entries of each stream that a member took and did not finish."""
    streams = (store.keys.first("ventas"), store.keys.outbox, store.keys.answers)
    rows = {each: await store.redis.xpending_range(each, "sender", "-", "+", 100, name) for each in streams}
    return {each: [row["message_id"] for row in found] for each, found in rows.items() if found}


async def test_another_sender_takes_over_what_a_dead_one_had(tmp_path: Path, redis_url: str) -> None:
    async with Cloud([SPEC]) as cloud, open_store(RedisSettings(url=redis_url)) as store:
        api = {"base_url": cloud.url, "timeout_s": 3}
        config = settings(tmp_path, redis={"url": redis_url}, whatsapp=api)
        await fill(store, range(MESSAGES))
        await dies(named("one", config), 1)
        left = await taken_by(store, "one")
        assert sum(map(len, left.values())) == MESSAGES
        async with Service(named("two", config), "--only", "sender") as other:

            def posted() -> Counter[str]:
                return Counter(message.ours for message in cloud.accepted)

            await fill(store, [MESSAGES])
            await until(lambda: bool(posted()), seconds=20, otherwise=lambda: f"nothing is posted; {other.log}")
            assert posted() == {f"c{MESSAGES}-m1": 1}
            for stream, entries in left.items():  # as if the test had waited
                await store.redis.xclaim(stream, "sender", "one", 0, entries, idle=CLAIM_IDLE_MS)
            everything = {f"c{number}-m1": 1 for number in range(MESSAGES + 1)}
            await until(lambda: posted() == everything, seconds=20, otherwise=lambda: f"only {posted()}; {other.log}")
        assert await taken_by(store, "one") == {}
