"""How fast one sender process drains its outbox, pacing lifted: beside the same on httpx, and beside queue libraries.

Everything is real but the Cloud API, which is a lean sink (benchmarks/sink.py): Redis with its append-only file, the
process `ringback run --only sender`, every commit of its protocol. Taskiq, arq and saq post the same with the same HTTP
client, as many at a time: "bare" jobs do nothing else and promise nothing about a message that was cut off, "careful"
ones do by hand what our sender promises (benchmarks/peers.py). In turns, so that whatever else the machine does meets
them alike; messages per second of the sender's processor time are shown too, for a machine that has other things to do.
Ten times a bare job is not to be had on the same HTTP client: aiohttp alone, with nothing around it, makes four to
seven times as many POSTs per second of processor time as these libraries do, and a third of ours goes into it.
`python -m benchmarks.sender MESSAGES` sends so many by ours alone, in one go, and watches its memory and that of Redis.
Exit code 1: a target is missed.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import httpx
from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from benchmarks.load import fill, tidy, write_settings
from benchmarks.peers import PEERS as LIBRARIES
from benchmarks.peers import WIDTH
from ringbackd.opening import open_store
from ringbackd.sandbox.kit import ensure
from ringbackd.sandbox.process import Process, until
from ringbackd.sandbox.redisserver import RedisServer
from ringbackd.settings import RedisSettings

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".venv-bench" / "bin" / "python"
OURS, ON_HTTPX = "ringback", "ringback on httpx"
MESSAGES, JOBS, ROUNDS, BACKLOG = 5000, 2000, 3, 10_000
HOW = ("bare", "careful")
TARGETS = {ON_HTTPX: 3.0, **{f"{name}, bare": 10.0 for name in LIBRARIES}}
"""How many times as fast as each of these we have to be."""
FAST = 1000.0
GROWTH = 1.15
"""How much larger the process, or Redis, may be at the end than after a fifth of the messages."""
CAPTION = "bare: a job that posts and no more; careful: one that does by hand what ringback promises"
PATIENCE_S = 120
LOOK_S = 0.1
"""Seldom enough that looking costs the senders nothing."""


@dataclass(frozen=True)
class Rate:
    """Messages per second, and per second of the sender's processor time; how many came twice."""

    wall: float
    cpu: float
    twice: int


class Bench:
    """Redis, the sink, and whoever sends."""

    def __init__(self, redis: RedisServer, sink: str, folder: Path, http: httpx.AsyncClient) -> None:
        self.redis, self.sink, self.folder, self.http = redis, sink, folder, http

    async def told(self, path: str = "/") -> dict[str, float]:
        """The sink's figures."""
        answer: dict[str, float] = (await self.http.get(self.sink + path)).json()
        return answer

    async def rate(self, name: str) -> Rate:
        """How fast one sender is, from the first message that the sink saw to the last."""
        async with Redis.from_url(self.redis.url) as redis:
            await redis.flushall()
        await self.told("/new")
        argv, count = await self._prepared(name)
        process = await Process.start(argv, log=self.folder / "log", cwd=ROOT)
        try:
            return await self._finished(process, count)
        finally:
            await process.stop(grace=0)

    async def _prepared(self, name: str) -> tuple[Sequence[str], int]:
        if name in {OURS, ON_HTTPX}:
            count = MESSAGES if name == OURS else JOBS
            async with open_store(RedisSettings(url=self.redis.url)) as store:
                await fill(store, range(count))
            return self.sender(name), count
        library, how = name.split(", ")
        url = f"{self.sink}/v26.0/1/messages"
        return [str(PEERS), "-m", "benchmarks.peers", library, how, self.redis.url, url, str(JOBS)], JOBS

    def sender(self, name: str) -> list[str]:
        """The command that sends."""
        config = write_settings(self.folder, self.redis.url, self.sink, WIDTH)
        if name == OURS:
            return [sys.executable, "-m", "ringbackd.cli", "run", "-c", str(config), "--only", "sender"]
        return [sys.executable, "-m", "benchmarks.drain", str(config)]

    async def _finished(self, process: Process, count: int) -> Rate:
        give_up, started = time.monotonic() + PATIENCE_S, (0.0, 0.0)
        while (figures := await self.told())["count"] < count:
            if not process.running or time.monotonic() > give_up:
                raise SystemExit(f"only {figures['count']} of {count} came: {process.tail()}")
            if figures["count"] and not started[0]:
                started = figures["count"], used(process.pid)
            await asyncio.sleep(LOOK_S)
        busy = used(process.pid) - started[1]
        seconds = figures["last"] - figures["first"]
        return Rate((count - 1) / seconds, (count - started[0]) / max(busy, 0.01), int(figures["twice"]))

    async def endurance(self, console: Console, messages: int) -> bool:
        """So many messages through one process; whether it and Redis stay as large as after a fifth of them."""
        await self.told("/new")
        process = await Process.start(self.sender(OURS), log=self.folder / "log", cwd=ROOT)
        try:
            sizes = await self._fed(process, messages)
            rate = await self._finished(process, messages)
        finally:
            await process.stop()
        console.print(f"{messages:,} messages at {rate.wall:,.0f}/s, {rate.twice} of them twice")
        flat = [steady(console, who, found) for who, found in sizes.items()]
        return all(flat) and not rate.twice

    async def _fed(self, process: Process, messages: int) -> dict[str, list[int]]:
        """Keep the outbox filled; how many kilobytes the sender and Redis had meanwhile."""
        sizes: dict[str, list[int]] = {"the sender": [], "Redis": []}
        async with open_store(RedisSettings(url=self.redis.url)) as store:
            for first in range(0, messages, BACKLOG):
                await fill(store, range(first, min(first + BACKLOG, messages)))
                await until(partial(self._took, first), seconds=PATIENCE_S, otherwise=process.tail)
                await tidy(store, first)
                sizes["the sender"].append(resident(process.pid))
                sizes["Redis"].append((await store.redis.info("memory"))["used_memory"] // 1024)
        return sizes

    async def _took(self, count: int) -> bool:
        return (await self.told())["count"] >= count


def used(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Kilobytes of memory that a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def steady(console: Console, who: str, sizes: list[int]) -> bool:
    """Whether somebody was as large in the last fifth of the time as in the second."""
    fifth = max(1, len(sizes) // 5)
    early, late = max(sizes[fifth : 2 * fifth] or sizes), max(sizes[-fifth:])
    console.print(f"{who}: {early:,} kB after a fifth, {late:,} kB at the end")
    return late < GROWTH * early


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """Everything but the senders."""
    kit = await ensure(console=Console(stderr=True))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sink = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.sink", stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        try:
            port = (await sink.stdout.readline()).decode().strip() if sink.stdout else ""
            async with RedisServer(kit.redis_server, folder / "redis") as redis, httpx.AsyncClient() as http:
                yield Bench(redis, f"http://127.0.0.1:{port}", folder, http)
        finally:
            sink.kill()
            await sink.wait()


def show(console: Console, rates: dict[str, list[Rate]]) -> bool:
    """The figures as a table; whether every target is met."""
    ours = _middle(rates[OURS])
    table = Table("sender", "messages/s", "per CPU second", "twice", "ringback is", "by CPU", "target")
    table.title, table.caption = f"{WIDTH} at a time, medians of {ROUNDS}", CAPTION
    met = ours.wall >= FAST and not ours.twice
    for name, found in rates.items():
        one = _middle(found)
        ratio, target = ours.wall / one.wall, TARGETS.get(name, 0.0)
        met = met and ratio >= target
        verdict = f">= {target:g}x {_verdict(ratio >= target)}" if target else ""
        if name == OURS:
            verdict = f">= {FAST:,.0f}/s {_verdict(ours.wall >= FAST)}"
        times = f"{ratio:.1f}x", f"{ours.cpu / one.cpu:.1f}x"
        table.add_row(name, f"{one.wall:,.0f}", f"{one.cpu:,.0f}", f"{one.twice}", *times, verdict)
    console.print(table)
    return met


def _middle(found: list[Rate]) -> Rate:
    return Rate(median(one.wall for one in found), median(one.cpu for one in found), sum(one.twice for one in found))


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"


async def compare(console: Console) -> bool:
    """Everybody in turn, again and again."""
    names = [OURS, ON_HTTPX, *(f"{name}, {how}" for name in LIBRARIES for how in HOW)]
    rates: dict[str, list[Rate]] = {name: [] for name in names}
    async with bench() as it:
        for _ in range(ROUNDS):
            for name, found in rates.items():
                found.append(await it.rate(name))
        steady = await it.endurance(console, 5 * BACKLOG)
    return show(console, rates) and steady


async def long(console: Console, messages: int) -> bool:
    """Ours alone."""
    async with bench() as it:
        return await it.endurance(console, messages)


def main() -> None:
    """Measure and print."""
    console, arguments = Console(), [int(word) for word in sys.argv[1:]]
    sys.exit(not asyncio.run(long(console, arguments[0]) if arguments else compare(console)))


if __name__ == "__main__":
    main()
