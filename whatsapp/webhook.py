"""The webhook: Meta's verification, the signature over the raw bytes, persisted before the 200; the rest later."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from whatsapp.settings import CloudSettings
from whatsapp.signature import valid

log = logging.getLogger("ringback.webhook")
LARGEST = 4 * 1024 * 1024
"""Bytes; Meta's largest batch is 3 MB."""

Persist = Callable[[bytes], Awaitable[None]]
"""Writes a raw body where it survives a crash. Raises an OSError or ConnectionError when it cannot."""


class Webhook:
    """The two handlers of one callback URL."""

    def __init__(self, settings: CloudSettings, persist: Persist) -> None:
        self.settings, self.persist = settings, persist

    def app(self, path: str) -> web.Application:
        """An aiohttp application that serves the callback at `path`, and /health."""
        app = web.Application(client_max_size=LARGEST)
        app.router.add_get(path, self.verify)
        app.router.add_post(path, self.receive)
        app.router.add_get("/health", _health)
        return app

    async def verify(self, request: web.Request) -> web.Response:
        """Meta asks once whether the address is ours: the challenge comes back raw, or 403."""
        token = request.query.get("hub.verify_token", "")
        right = hmac.compare_digest(token.encode(), self.settings.verify_token.get_secret_value().encode())
        if request.query.get("hub.mode") != "subscribe" or not right:
            log.warning(
                "webhook: a verification with a wrong token was refused; compare whatsapp.verify_token with Meta's"
            )
            return web.Response(status=403, text="wrong verify token\n")
        return web.Response(text=request.query.get("hub.challenge", ""))

    async def receive(self, request: web.Request) -> web.Response:
        """200 once the body is safe; 401 for a wrong signature; 503 while it cannot be kept (Meta sends it again)."""
        raw = await request.read()
        signature = request.headers.get("X-Hub-Signature-256", "")
        if self.settings.verify_signature and not valid(raw, signature, self.settings.app_secrets):
            log.warning("webhook: a body with a wrong signature was refused; compare whatsapp.app_secrets with Meta's")
            return web.Response(status=401, text="wrong signature\n")
        try:
            await self.persist(raw)
        except (OSError, ConnectionError):
            return web.Response(status=503, text="cannot be kept right now, send it again\n")
        return web.Response(text="ok\n")


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")
