"""A simulated WhatsApp Cloud API on loopback: Meta's paths, answers, refusals and webhooks, all in memory."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Self

from aiohttp import web
from pydantic import SecretStr

from ringbackd.sandbox.cloudcustomers import Customers
from ringbackd.sandbox.clouderror import MetaError, no_such_node
from ringbackd.sandbox.cloudhooks import Json
from ringbackd.sandbox.cloudnetwork import Accepted
from ringbackd.sandbox.cloudrequest import Request, TemplateRequest, read
from ringbackd.sandbox.cloudtemplates import page, read_template, template_id
from whatsapp.settings import CloudSettings

VERSION = r"{version:v\d{1,3}\.\d}"
PROVIDER_PATH, PROVIDER_HEADER = "/messages", "D360-API-KEY"
"""Where 360dialog takes messages, and what proves who sends them."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Cloud(Customers):
    """The server: `async with Cloud(templates, callback_url=...) as cloud`, then `cloud.url` and `cloud.settings`."""

    url: str = ""

    async def __aenter__(self) -> Self:
        """Listen on a free port of 127.0.0.1."""
        async with AsyncExitStack() as stack:
            runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.5)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            stack.push_async_callback(self.errands.cancel)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening, and drop the webhooks that nobody took."""
        await self._stack.aclose()

    @property
    def settings(self) -> CloudSettings:
        """What a client needs to talk to this server."""
        return CloudSettings(
            base_url=self.url,
            phone_number_id=self.account.phone_number_id,
            waba_id=self.account.waba_id,
            token=SecretStr(self.account.token),
            app_secrets=(SecretStr(self.account.app_secret),),
            verify_token=SecretStr(self.account.verify_token),
        )

    @property
    def provider_settings(self) -> CloudSettings:
        """The same by way of a provider such as 360dialog: its path, its header, no signatures."""
        theirs = {"messages_path": PROVIDER_PATH, "auth_header": PROVIDER_HEADER, "auth_prefix": "", "number_path": ""}
        return self.settings.model_copy(update=theirs | {"verify_signature": False})

    async def verify(self) -> bool:
        """Shake hands with the receiver of the webhooks, as Meta does when one is set up."""
        return await self.postman.verify()

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        app.router.add_post(f"/{VERSION}/{{node}}/messages", self._messages)
        app.router.add_get(f"/{VERSION}/{{node}}/message_templates", self._message_templates)
        app.router.add_post(f"/{VERSION}/{{node}}/message_templates", self._new_template)
        app.router.add_get(f"/{VERSION}/{{node}}", self._number)
        app.router.add_post(PROVIDER_PATH, self._messages)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if request.path == PROVIDER_PATH:
                self._check_key(request.headers.get(PROVIDER_HEADER, ""))
            else:
                self._check_token(request.headers.get("Authorization", ""))
            return await handler(request)
        except MetaError as error:
            return web.json_response(error.body, status=error.status)

    def _check_token(self, header: str) -> None:
        if not hmac.compare_digest(header.encode("utf-8", "replace"), f"Bearer {self.account.token}".encode()):
            raise MetaError(190, "the access token could not be decrypted or has expired")

    def _check_key(self, key: str) -> None:
        if not hmac.compare_digest(key.encode("utf-8", "replace"), self.account.token.encode()):
            raise web.HTTPUnauthorized(text='{"detail": "Invalid api_key"}', content_type="application/json")

    async def _messages(self, http: web.Request) -> web.Response:
        await asyncio.sleep(self.knobs.latency_s)
        if http.path != PROVIDER_PATH:
            _only(http, self.account.phone_number_id)
        self._spend_error()
        raw = await http.read()
        request = read(raw)
        taken = self.accept(request, json.loads(raw))
        await self._spend_drop(http)
        await asyncio.sleep(self.knobs.answer_delay_s)
        return web.json_response(self._receipt(request, taken))

    def _spend_error(self) -> None:
        if self.knobs.errors_left > 0:
            self.knobs = replace(self.knobs, errors_left=self.knobs.errors_left - 1)
            raise MetaError(self.knobs.error_code, "the sandbox was asked to refuse this one")

    async def _spend_drop(self, http: web.Request) -> None:
        if self.knobs.drops_left > 0 and http.transport is not None:
            self.knobs = replace(self.knobs, drops_left=self.knobs.drops_left - 1)
            http.transport.close()

    def _receipt(self, request: Request, taken: Accepted) -> Json:
        status = {"message_status": "accepted"} if isinstance(request, TemplateRequest) else {}
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": request.customer} | self.ids(request.customer)],
            "messages": [{"id": taken.wamid} | status],
        }

    async def _message_templates(self, http: web.Request) -> web.Response:
        _only(http, self.account.waba_id)
        wanted = http.query.get("name")
        found = [spec for spec in self.templates if wanted in (None, spec.name)]
        return web.json_response(page(found, http.query, f"{self.url}{http.path}"))

    async def _new_template(self, http: web.Request) -> web.Response:
        _only(http, self.account.waba_id)
        taken = self.hand_in(*read_template(await http.read()))
        identity = template_id(list(self.templates).index(taken))
        return web.json_response({"id": identity, "status": taken.status, "category": taken.category})

    async def _number(self, http: web.Request) -> web.Response:
        _only(http, self.account.phone_number_id)
        return web.json_response(
            {
                "id": self.account.phone_number_id,
                "display_phone_number": self.account.display_phone_number,
                "verified_name": self.account.verified_name,
                "quality_rating": self.account.quality_rating,
            }
        )


def _only(http: web.Request, node: str) -> None:
    if http.match_info["node"] != node:
        raise no_such_node(http.match_info["node"])
