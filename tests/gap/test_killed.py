"""Ringback is killed, or its link cut, while customers call a real Asterisk: each source tells each verdict once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from rich.console import Console

from ringback.journal import Event
from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.kit import Kit, ensure
from ringbackd.sandbox.phones import RINGS, AgentPhone, answers
from ringbackd.sandbox.process import until
from ringbackd.sandbox.redisserver import RedisServer
from ringbackd.sandbox.sip import Caller, State
from tests.gap.gapkit import Office, Wire

pytestmark = [pytest.mark.pbx, pytest.mark.timeout(300)]

SOURCES = {
    "cel-csv": ("cel csv",),
    "cel-sqlite": ("cel sqlite",),
    "cdr-csv": ("cdr csv",),
    "cdr-sqlite": ("cdr sqlite",),
    "queue-log": ("queue_log",),
    "cdr-and-queue-log": ("cdr csv", "queue_log"),
}
ON = {
    "22": ("cel-csv", "cel-sqlite", "cdr-csv", "queue-log"),
    "16": ("cel-csv", "cdr-sqlite", "cdr-and-queue-log"),
    "cut": ("cel-csv", "cdr-and-queue-log", "queue-log"),
}
"""Which of them are tried on which Asterisk, and when the link is cut; each runs a Ringback of its own."""

BEFORE, WAITS, RINGS_OUT, TALKS, CLOSED, STAYS = (f"98760000{number}" for number in range(6))
TRUTH = {
    BEFORE: "abandoned_queue",
    WAITS: "answered",
    RINGS_OUT: "no_answer",
    TALKS: "answered",
    CLOSED: "closed",
    STAYS: "abandoned_queue",
}
"""As a person listening would have said it."""

QUEUES = {who: TRUTH[who] for who in (BEFORE, WAITS, STAYS)}
"""What queue_log alone tells of: all the others were in no queue. A caller whose second ended before he was in it may
have been heard by somebody in between: then it does not know.
"""

LONG_ENOUGH_S = 1.2
"""A CDR of less than a second does not tell whether the call was picked up before it went into the queue."""

TALK_S = 2.3
"""Longer than what whole seconds can hide."""


@asynccontextmanager
async def offices(
    folder: Path, pbx: Pbx, redis_url: str, port: int, names: Sequence[str]
) -> AsyncIterator[list[Office]]:
    """One for each of these sources, all on the same PBX."""
    async with AsyncExitStack() as stack:
        found = [Office(folder, pbx, redis_url, name, SOURCES[name], port) for name in names]
        for office in found:
            stack.push_async_callback(office.kill)
        await asyncio.gather(*(office.start() for office in found))
        yield found


async def day(
    kit: Kit, pbx: Pbx, leave: Callable[[], Awaitable[None]], come_back: Callable[[], Awaitable[None]]
) -> None:
    """Customers call; Ringback leaves during the first call, and comes back during the last."""
    async with (
        Caller(kit, pbx) as caller,
        AgentPhone(kit, pbx, "101", default=RINGS) as sales,
        AgentPhone(kit, pbx, "102", default=RINGS) as support,
    ):
        before = await caller.dial(BEFORE, "5550100")
        await sales.call()
        await asyncio.sleep(LONG_ENOUGH_S)
        await leave()
        await before.hang_up()
        rings = await caller.dial(RINGS_OUT, "5550101")
        await support.call()
        await rings.hang_up()
        sales.default = support.default = answers(50)
        waits, talks = await caller.dial(WAITS, "5550100"), await caller.dial(TALKS, "5550101")
        await asyncio.gather(sales.call(state=State.UP), support.call(state=State.UP), talks.established())
        await asyncio.sleep(TALK_S)
        await asyncio.gather(waits.hang_up(), talks.hang_up())
        await (await caller.dial(CLOSED, "5550104")).ended(seconds=20)
        sales.default = RINGS
        stays = await caller.dial(STAYS, "5550100")
        await sales.call(state=State.RINGING)
        await asyncio.sleep(LONG_ENOUGH_S)
        await come_back()
        await stays.hang_up()


async def told_once(office: Office) -> None:
    """Every caller of whom the source can tell has his verdict, once."""
    expected = QUEUES if office.name == "queue-log" else TRUTH
    await office.has(expected)
    said = [pair for pair in office.verdicts().elements() if pair[0] in expected]
    assert sorted(caller for caller, _ in said) == sorted(expected), office.name
    unsure = {"unknown"} if office.name == "queue-log" else set()
    assert all(verdict in {expected[caller], *unsure} for caller, verdict in said), (office.name, said)
    assert (WAITS, "answered") in said


@pytest.mark.parametrize("release", ["22", "16"])
async def test_whoever_called_while_ringback_was_killed_has_his_verdict_once(
    kit: Kit, tmp_path: Path, redis_url: str, release: str
) -> None:
    both = await ensure(("22", "16"), console=Console(stderr=True))
    async with (
        Pbx(both, tmp_path / "pbx", release=release) as pbx,
        offices(tmp_path, pbx, redis_url, pbx.ami_port, ON[release]) as all_of_them,
    ):

        async def kill() -> None:
            await asyncio.gather(*(office.kill() for office in all_of_them))

        async def start() -> None:
            await asyncio.gather(*(office.start() for office in all_of_them))

        await day(both, pbx, kill, start)
        for office in all_of_them:
            await told_once(office)
        marked = {office.name: office.sources() for office in all_of_them}
        await kill()
        await start()
        for office in all_of_them:
            await told_once(office)
    for name, sources in marked.items():
        assert sources - {"live"} == {name.split("-")[0].replace("queue", "queue_log")}, name


async def test_whoever_called_while_the_link_was_cut_has_his_verdict_once(
    kit: Kit, tmp_path: Path, redis_url: str, pbx: Pbx
) -> None:
    async with Wire(pbx.ami_port) as wire, offices(tmp_path, pbx, redis_url, wire.port, ON["cut"]) as all_of_them:

        async def come_back() -> None:
            gaps = {office.name: office.count(Event.GAP) for office in all_of_them}
            await wire.mend()
            for office in all_of_them:
                await office.filled(gaps[office.name])

        await day(kit, pbx, wire.cut, come_back)
        for office in all_of_them:
            await told_once(office)


async def test_a_gap_is_filled_once_though_redis_is_away_and_asterisk_is_reloaded(
    kit: Kit, tmp_path: Path, pbx: Pbx
) -> None:
    redis = RedisServer(kit.redis_server, tmp_path / "redis")
    async with redis, offices(tmp_path, pbx, redis.url, pbx.ami_port, ["cel-csv"]) as (office,):

        async def leave() -> None:
            await pbx.cli("core reload")
            await pbx.cli("queue reload all")
            await office.kill()
            await redis.stop()

        async def come_back() -> None:
            await office.launch()
            await until(
                lambda: "is away" in office.log.read_text() and "connected to Asterisk" in office.log.read_text(),
                seconds=20,
                otherwise=office.log.read_text,
            )
            await pbx.cli("core reload")
            await redis.start()

        await day(kit, pbx, leave, come_back)
        await told_once(office)
