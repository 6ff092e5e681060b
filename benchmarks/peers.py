"""The same POST as a job of a public queue library: `python -m benchmarks.peers NAME HOW REDIS URL JOBS`.

Run by the environment of requirements-bench.lock, which has the libraries. As many jobs at a time as our sender has
messages, and the same HTTP client; each library as its own documentation sets it up. Only what the API sees is
measured, not the enqueueing. HOW is "bare": a job posts, and no more; or "careful": it does what our sender promises,
as somebody would write it by hand with redis-py. It marks a message before it posts and skips one that is marked, asks
whether the customer is on a call or has said stop, counts him and the second against their limits, and writes down
what became of the message for others to read. (It does not try again, which costs nothing while nothing fails.)
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from redis.asyncio import Redis

WIDTH = 80
AUTH = {"Authorization": "Bearer token"}
REMEMBER_S, DAY_S = 9 * 24 * 3600, 24 * 3600
Post = Callable[[dict[str, Any]], Awaitable[str]]


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


def bare(url: str) -> Post:
    """A function that posts, over connections that are kept open."""
    opened: list[aiohttp.ClientSession] = []

    async def post(job: dict[str, Any]) -> str:
        if not opened:  # aiohttp wants to be made inside the loop
            opened.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=WIDTH)))
        async with opened[0].post(url, json=job, headers=AUTH) as answer:
            answer.raise_for_status()
            wamid: str = (await answer.json())["messages"][0]["id"]
            return wamid

    return post


def careful(url: str, redis: Redis) -> Post:
    """A function that does what our sender promises."""
    post = bare(url)

    async def send(job: dict[str, Any]) -> str:
        message, to = job["biz_opaque_callback_data"], job["to"]
        async with redis.pipeline() as before:
            before.set(f"message:{message}", "sending", nx=True, ex=REMEMBER_S)
            before.exists(f"live:{to}")
            before.lrange(f"consent:{to}", 0, -1)
            before.incr(f"second:{int(time.time())}")
            before.incr(f"day:{to}")
            before.expire(f"day:{to}", DAY_S)
            ours, on_call, said, *_ = await before.execute()
        if not ours or on_call or said:
            return ""
        wamid = await post(job)
        async with redis.pipeline() as after:
            after.set(f"message:{message}", "accepted", ex=REMEMBER_S)
            after.set(f"wamid:{wamid}", message, ex=REMEMBER_S)
            after.xadd("facts", {"json": json.dumps({"kind": "accepted", "message": message, "wamid": wamid})})
            await after.execute()
        return wamid

    return send


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
    name, how, redis, url, jobs = sys.argv[1:]
    if urlsplit(url).hostname != "127.0.0.1":
        sys.exit("this posts to a sink on this machine only")
    post = careful(url, Redis.from_url(redis)) if how == "careful" else bare(url)
    asyncio.run(PEERS[name](redis, post, int(jobs)))


if __name__ == "__main__":
    main()
