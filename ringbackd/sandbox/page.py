"""The sandbox's page: served with its first state in it, then kept up to date by server-sent events."""

from __future__ import annotations

import asyncio
import html
import json
import re
import tomllib
from contextlib import AsyncExitStack, suppress
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Self

from aiohttp import web
from pydantic import ValidationError

from ringback.line import Language

from .acts import Act, Acts, GoneError
from .errors import KitError
from .pagedata import Json, snapshot
from .pageguard import add_headers, guard
from .scene import CUSTOMERS
from .stage import Stage

LANGUAGES: tuple[Language, ...] = ("es", "en", "pt")
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
GATHER_S = 0.05
"""Changes that come this close together are shown as one."""
LOOK_S = 0.5
"""How long a change in Redis that no telephone or chat announced can take to show."""
_PLACE = re.compile(r"\{\{([a-z_.]+)\}\}")
_FOLDER = files("ringbackd.sandbox").joinpath("page")


class Page:
    """`async with Page(stage, port) as page`, then `page.url`. Port 0 takes a free one. OSError when it is taken."""

    url: str = ""

    def __init__(self, stage: Stage, port: int) -> None:
        self.stage, self.port = stage, port
        self.acts = Acts(stage)
        self._texts: dict[str, dict[str, dict[str, str]]] = tomllib.loads(_read("texts.toml"))
        self._changed = asyncio.Event()
        self._open = True

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.5)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", self.port).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
            self.stage.changed.append(self._ring)
            stack.callback(self.stage.changed.remove, self._ring)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[guard], client_max_size=16_384)
        app.on_response_prepare.append(add_headers)
        app.on_shutdown.append(self._close)
        app.router.add_get("/", self._index)
        app.router.add_get("/events", self._events)
        app.router.add_post("/api/{act}", self._act)
        app.router.add_get("/{name}", _file)
        return app

    def _ring(self) -> None:
        """Wake every stream that waits for a change."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def _close(self, _: web.Application) -> None:
        """Let the streams end: a browser that looks on must not hold up the end of the sandbox."""
        self._open = False
        self._ring()

    async def _index(self, request: web.Request) -> web.Response:
        language = _language(request)
        words = {
            f"{part}.{name}": text[language] for part, table in self._texts.items() for name, text in table.items()
        }
        first = await snapshot(self.stage, _customer(request), self.acts.dialled)
        places = {name: html.escape(text) for name, text in words.items()}
        places |= {"lang": language, "json.texts": _inline(words), "json.first": _inline(first)}
        text = _PLACE.sub(lambda place: places[place[1]], _read("index.html"))
        return web.Response(text=text, content_type="text/html")

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with suppress(ConnectionResetError):  # the browser has left
            await self._show(response, _customer(request))
        return response

    async def _show(self, response: web.StreamResponse, number: str) -> None:
        """Send the whole state whenever it has changed, until the browser leaves."""
        shown: Json = {}
        while self._open:
            changed = self._changed
            state = await snapshot(self.stage, number, self.acts.dialled)
            if state | {"now": 0} != shown:
                shown = state | {"now": 0}
                await response.write(f"data: {json.dumps(state)}\n\n".encode())
            await _either(changed, LOOK_S)
            await asyncio.sleep(GATHER_S)

    async def _act(self, request: web.Request) -> web.Response:
        act = self.acts.named.get(request.match_info["act"])
        if act is None:
            raise web.HTTPNotFound(text="there is no such act")
        try:
            await act(Act.model_validate_json(await request.read()))
        except ValidationError as error:
            return _refusal(400, "refused", "; ".join(detail["msg"] for detail in error.errors()))
        except (GoneError, ValueError) as error:
            return _refusal(409, "gone", str(error))
        except KitError as error:
            return _refusal(409, "busy" if request.match_info["act"] == "dial" else "refused", str(error))
        self._ring()
        return web.json_response({})


async def _either(changed: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await changed.wait()
    except TimeoutError:
        return


async def _file(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    kind = TYPES.get(PurePosixPath(name).suffix)
    if kind is None or name not in {file.name for file in _FOLDER.iterdir()}:
        raise web.HTTPNotFound(text="there is no such page")
    return web.Response(text=_read(name), content_type=kind)


def _refusal(status: int, error: str, why: str) -> web.Response:
    """`error` is a key of [error] in texts.toml, `why` says more to who reads it by machine."""
    return web.json_response({"error": error, "why": why}, status=status)


def _customer(request: web.Request) -> str:
    number = request.query.get("customer", "")
    return number if number in CUSTOMERS else next(iter(CUSTOMERS))


def _language(request: web.Request) -> Language:
    asked = request.query.get("lang", "")
    return next((language for language in LANGUAGES if language == asked), LANGUAGES[0])


def _inline(value: object) -> str:
    """JSON that may stand inside a script element, whatever texts it holds."""
    return json.dumps(value).replace("<", "\\u003c")


def _read(name: str) -> str:
    return _FOLDER.joinpath(name).read_text(encoding="utf-8")
