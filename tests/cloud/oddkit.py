"""A network that answers oddly, for the tests of the client: any answer, one that never ends, and its settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from pydantic import SecretStr

from whatsapp.settings import CloudSettings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def api(answer: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/v26.0/1/messages", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def says(status: int, body: bytes) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={"Location": "/v26.0/1/messages"})

    return answer


async def dribble(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    while True:
        await answer.write(b" ")
        await asyncio.sleep(0.02)


def settings_for(base_url: str, timeout_s: float = 5.0, proxy: str = "") -> CloudSettings:
    return CloudSettings(
        proxy=SecretStr(proxy) if proxy else None,
        base_url=base_url,
        phone_number_id="1",
        token=SecretStr("EAAB-token"),
        app_secrets=(SecretStr("s"),),
        verify_token=SecretStr("v"),
        timeout_s=timeout_s,
    )
