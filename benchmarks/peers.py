"""The same POST as a job of a public queue library: `python -m benchmarks.peers NAME CLIENT REDIS URL JOBS`.

Run by the environment of requirements-bench.lock, which has the libraries. As many jobs at a time as our sender has
messages; each library as its own documentation sets it up. Only what the API sees is measured, not the enqueueing.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx

WIDTH = 80
AUTH = {"Authorization": "Bearer token"}
Post = Callable[[dict[str, Any]], Awaitable[None]]


def body(number: int) -> dict[str, Any]:
    """A first message such as our sender posts."""
    reply = {"type": "button", "sub_type": "quick_reply", "index": "0"}
    payload = f"c{number}.first_contact.now.0123456789abcdef"
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": f"+5198{number:07d}",
        "biz_opaque_callback_data": f"job-{number}",
        "type": "template",
        "template": {
            "name": "ringback_missed_call",
            "language": {"code": "es"},
            "components": [
                {"type": "body", "parameters": [{"type": "text", "text": "Sol"}, {"type": "text", "text": "12:00"}]},
                reply | {"parameters": [{"type": "payload", "payload": payload}]},
            ],
        },
    }


def poster(client: str, url: str) -> Post:
    """A function that posts, over connections that are kept open."""
    if client == "httpx":
        session = httpx.AsyncClient()

        async def by_httpx(job: dict[str, Any]) -> None:
            (await session.post(url, json=job, headers=AUTH)).raise_for_status().json()

        return by_httpx
    opened: list[aiohttp.ClientSession] = []

    async def by_aiohttp(job: dict[str, Any]) -> None:
        if not opened:  # aiohttp wants to be made inside the loop
            opened.append(aiohttp.ClientSession())
        async with opened[0].post(url, json=job, headers=AUTH) as answer:
            answer.raise_for_status()
            await answer.json()

    return by_aiohttp


async def taskiq(redis: str, post: Post, jobs: int) -> None:
    """taskiq with the broker of taskiq-redis that acknowledges: streams."""
    from taskiq.api import run_receiver_task
    from taskiq_redis import RedisStreamBroker

    broker = RedisStreamBroker(redis)
    task = broker.register_task(post, task_name="post")
    await broker.startup()
    for number in range(jobs):
        await task.kiq(body(number))
    await run_receiver_task(broker, max_async_tasks=WIDTH)


async def arq(redis: str, post: Post, jobs: int) -> None:
    """arq's worker."""
    from arq.connections import RedisSettings, create_pool
    from arq.worker import Worker, func

    async def run(_: object, job: dict[str, Any]) -> None:
        await post(job)

    settings = RedisSettings.from_dsn(redis)
    pool = await create_pool(settings)
    for number in range(jobs):
        await pool.enqueue_job("post", body(number))
    worker = Worker([func(run, name="post")], redis_settings=settings, max_jobs=WIDTH, handle_signals=False)
    await worker.async_run()


async def saq(redis: str, post: Post, jobs: int) -> None:
    """saq's worker."""
    from saq import Queue, Worker

    async def run(_: object, *, job: dict[str, Any]) -> None:
        await post(job)

    queue = Queue.from_url(redis)
    for number in range(jobs):
        await queue.enqueue("post", job=body(number))
    worker: Any = Worker(queue, functions=[("post", run)], concurrency=WIDTH)
    await worker.start()


PEERS = {"taskiq-redis": taskiq, "arq": arq, "saq": saq}


def main() -> None:
    """Enqueue, then work until killed."""
    name, client, redis, url, jobs = sys.argv[1:]
    if urlsplit(url).hostname != "127.0.0.1":
        sys.exit("this posts to a sink on this machine only")
    asyncio.run(PEERS[name](redis, poster(client, url), int(jobs)))


if __name__ == "__main__":
    main()
