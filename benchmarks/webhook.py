"""How fast Meta's batches are taken: 1,000 updates a POST, signed, over HTTP, on a real Redis, by `ringback run`.

The server is a process of its own, which reads the kept bodies into facts at the same time; the load comes from this
process. First as many batches as go through, then 6,000 updates a second for a while with single updates in between:
how long the 200 takes. Run it with `make bench`, or `python -m benchmarks.webhook [SECONDS]`. Both processes and Redis
share the machine.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from statistics import quantiles

import aiohttp
from pydantic import SecretStr
from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from ringbackd.sandbox.kit import ensure
from ringbackd.sandbox.process import free_port, until
from ringbackd.sandbox.redisserver import RedisServer
from tests.service.services import Service, settings
from whatsapp.signature import HEADER, sign

SECONDS = 20
UPDATES = 1000
BATCHES_A_SECOND, SINGLES_A_SECOND = 6, 60
FLAT_OUT, AT_ONCE = 100, 4
SECRET = SecretStr("sandbox-secret")
NUMBER = "106540352242922"


def status(number: int) -> dict[str, object]:
    """A status as Meta sends most of them."""
    return {
        "id": f"wamid.HBgLNTE5ODc2NTQzMjEVAgARGBI{number:012d}",
        "status": ("sent", "delivered", "read")[number % 3],
        "timestamp": str(1_795_453_200 + number),
        "recipient_id": f"519{number % 10**8:08d}",
        "recipient_user_id": f"PE.{number:020d}",
        "biz_opaque_callback_data": f"c{number:013d}-m1",
        "pricing": {"billable": True, "pricing_model": "PMP", "category": "utility", "type": "regular"},
    }


def bodies(updates: int) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Webhooks of so many updates, each with its signature; no update comes twice."""
    numbers = count()
    while True:
        metadata = {"display_phone_number": "15550783881", "phone_number_id": NUMBER}
        statuses = [status(next(numbers)) for _ in range(updates)]
        value = {"messaging_product": "whatsapp", "metadata": metadata, "statuses": statuses}
        entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
        raw = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        yield raw, {HEADER: sign(raw, SECRET), "Content-Type": "application/json"}


class Load:
    """Posts webhooks and notes how long each 200 took (milliseconds)."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session, self.url = session, url
        self.took: list[float] = []

    async def post(self, body: tuple[bytes, dict[str, str]]) -> None:
        """One POST; anything but a 200 is a failure of the benchmark."""
        began = time.perf_counter()
        async with self.session.post(self.url, data=body[0], headers=body[1]) as answer:
            if answer.status != 200:
                raise RuntimeError(f"HTTP {answer.status}")
        self.took.append(1000 * (time.perf_counter() - began))


async def flat_out(load: Load) -> float:
    """Updates a second when the next batch follows at once, AT_ONCE of them on their way."""
    ready = iter([body for _, body in zip(range(FLAT_OUT), bodies(UPDATES), strict=False)])

    async def lane() -> None:
        for body in ready:
            await load.post(body)

    began = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(AT_ONCE)))
    return FLAT_OUT * UPDATES / (time.perf_counter() - began)


async def paced(load: Load, updates: int, rate: int, seconds: int) -> None:
    """`rate` POSTs a second, whether the ones before were answered or not."""
    # made before, so that making them is not measured
    ready = [body for _, body in zip(range(rate * seconds), bodies(updates), strict=False)]
    async with asyncio.TaskGroup() as group:
        for body in ready:
            group.create_task(load.post(body))
            await asyncio.sleep(1 / rate)


async def measure(folder: Path, seconds: int, console: Console) -> Table:
    """Run server and load."""
    kit = await ensure(("22",), console=console)
    async with RedisServer(kit.redis_server, folder / "redis") as server, Redis.from_url(server.url) as redis:
        port = free_port()
        config = settings(folder, redis={"url": server.url}, webhook={"port": port})
        async with Service(config, "--only", "webhook") as service, aiohttp.ClientSession() as session:
            await service.says("webhooks are received at ")
            address = f"http://127.0.0.1:{port}/whatsapp"
            whole = Load(session, address)
            rate = await flat_out(whole)
            backlog, read = await caught_up(redis)
            batches, singles = Load(session, address), Load(session, address)
            await asyncio.gather(
                paced(batches, UPDATES, BATCHES_A_SECOND, seconds), paced(singles, 1, SINGLES_A_SECOND, seconds)
            )
            left = await redis.xlen("{ringback}:webhooks")
            await caught_up(redis)
    table = Table("", "updates/s", "p50 ms", "p99 ms", "max ms", title=f"batches of {UPDATES} updates, one run")
    table.add_row("flat out, 200 after it is kept", f"{rate:,.0f}", *cuts(whole.took))
    table.add_row("read into facts meanwhile and after", f"{read:,.0f}", "", "", "")
    table.add_row("batches, paced", f"{BATCHES_A_SECOND * UPDATES:,}", *cuts(batches.took))
    table.add_row("single updates between them", f"{SINGLES_A_SECOND:,}", *cuts(singles.took))
    table.caption = f"bodies that waited to be read at the end of the paced part: {left} (flat out: {backlog})"
    return table


async def caught_up(redis: Redis) -> tuple[int, float]:
    """Wait until every kept body was read: how many waited, and updates a second of the reading."""
    waiting = int(await redis.xlen("{ringback}:webhooks"))
    before, began = int(await redis.xlen("{ringback}:facts")), time.perf_counter()

    async def done() -> bool:
        return not await redis.xlen("{ringback}:webhooks")

    await until(done, seconds=300, otherwise=lambda: "the bodies are not read")
    read = int(await redis.xlen("{ringback}:facts")) - before
    return waiting, read / (time.perf_counter() - began)


def cuts(took: list[float]) -> tuple[str, str, str]:
    """p50, p99 and the worst."""
    found = quantiles(took, n=100, method="inclusive")
    return f"{found[49]:.1f}", f"{found[98]:.1f}", f"{max(took):.1f}"


def main() -> None:
    """Measure and print."""
    console = Console()
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    with tempfile.TemporaryDirectory(prefix="ringback-webhook-") as folder:
        console.print(asyncio.run(measure(Path(folder), seconds, console)))


if __name__ == "__main__":
    main()
