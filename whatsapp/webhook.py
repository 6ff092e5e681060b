"""The webhook: Meta's verification, the signature over the raw bytes, persisted before the 200; the rest later."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from whatsapp.origin import Network, client_address
from whatsapp.settings import CloudSettings
from whatsapp.signature import HEADER, valid

log = logging.getLogger("ringback.webhook")
LARGEST = 4 * 1024 * 1024
"""Bytes; Meta's largest batch is 3 MB."""
BODY_S = 30.0
"""How long a body may take to arrive."""
REPEAT_S = 60.0
"""A refusal is logged at most once in this time: whoever knocks often must not fill the disk."""

Persist = Callable[[bytes], Awaitable[None]]
"""Writes a raw body where it survives a crash. Raises an OSError or ConnectionError when it cannot."""


class Webhook:
    """The two handlers of one callback URL. `trusted` are the reverse proxies in front of it."""

    def __init__(self, settings: CloudSettings, persist: Persist, trusted: Sequence[Network] = ()) -> None:
        self.settings, self.persist, self.trusted = settings, persist, trusted
        self._logged: dict[str, float] = {}
        self._refused = 0

    def app(self, path: str) -> web.Application:
        """An aiohttp application that serves the callback at `path`, and /health."""
        app = web.Application(client_max_size=LARGEST)
        app.router.add_get(path, self.verify)
        app.router.add_post(path, self.receive)
        app.router.add_get("/health", _health)
        return app

    def runner(self, path: str) -> web.AppRunner:
        """The server of that application. A body is taken as its sender signed it: nothing is unpacked."""
        return web.AppRunner(self.app(path), access_log=None, shutdown_timeout=5, auto_decompress=False)

    async def verify(self, request: web.Request) -> web.Response:
        """Meta asks once whether the address is ours: the challenge comes back raw, or 403."""
        token = request.query.get("hub.verify_token", "")
        right = hmac.compare_digest(token.encode("utf-8", "replace"), self._verify_token)
        if request.query.get("hub.mode") != "subscribe" or not right:
            self._warn(request, "a verification with a wrong token was refused; compare whatsapp.verify_token")
            return web.Response(status=403, text="wrong verify token\n")
        return web.Response(text=request.query.get("hub.challenge", ""))

    @property
    def _verify_token(self) -> bytes:
        return self.settings.verify_token.get_secret_value().encode()

    async def receive(self, request: web.Request) -> web.Response:
        """200 once the body is safe; 401 for a wrong signature, 408 and 413 for a body that is too slow or too large,
        415 for a packed one (Meta packs none), 503 while it cannot be kept (Meta sends it again)."""
        if request.headers.get("Content-Encoding", "identity") != "identity":
            return web.Response(status=415, text="send the body unpacked, without a Content-Encoding\n")
        try:
            async with asyncio.timeout(BODY_S):
                raw = await request.read()
        except TimeoutError:
            return web.Response(status=408, text="the body came too slowly\n")
        signature = request.headers.get(HEADER, "")
        if self.settings.verify_signature and not valid(raw, signature, self.settings.app_secrets):
            self._warn(request, "a body with a wrong signature was refused; compare whatsapp.app_secrets")
            return web.Response(status=401, text="wrong signature\n")
        try:
            await self.persist(raw)
        except (OSError, ConnectionError):
            return web.Response(status=503, text="cannot be kept right now, send it again\n")
        return web.Response(text="ok\n")

    def _warn(self, request: web.Request, what: str) -> None:
        self._refused += 1
        now = time.monotonic()
        if now - self._logged.get(what, -REPEAT_S) < REPEAT_S:
            return
        self._logged[what] = now
        forwarded = request.headers.getall("X-Forwarded-For", [])
        address = client_address(request.remote or "", forwarded, self.trusted)
        log.warning("webhook: %s with Meta's (from %s; %d refused since the start)", what, address, self._refused)


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")
