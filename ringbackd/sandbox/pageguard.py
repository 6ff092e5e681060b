"""Who may talk to the page: a browser on this machine that shows it, and nobody who sneaks in through that browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse another site's name for this address (DNS rebinding) and another site's requests (CSRF).

    A page elsewhere cannot send JSON here without asking first, and nothing here answers such a question.
    """
    host = request.headers.get("Host", "")
    if host not in _own_hosts(request):
        raise web.HTTPForbidden(text=f"this page does not go by the name {host[:100]!r}; open the printed address")
    if request.headers.get("Origin", f"http://{host}") != f"http://{host}":
        raise web.HTTPForbidden(text="a request from another site is refused")
    if request.method == "POST" and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send JSON")
    return await handler(request)


def _own_hosts(request: web.Request) -> set[str]:
    address = request.transport.get_extra_info("sockname") if request.transport else None
    port = address[1] if address else 0
    return {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Headers for every answer, refusals and streams too (a signal of aiohttp: on_response_prepare)."""
    response.headers.update(HEADERS)
