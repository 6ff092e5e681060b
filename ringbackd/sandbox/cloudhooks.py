"""Webhooks out: signed, at least once, again and again while the receiver does not answer 200."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from urllib.parse import urlencode

import aiohttp
from pydantic import SecretStr

from ringbackd.sandbox.cloudspec import Account, Knobs
from whatsapp.signature import HEADER, sign

Json = dict[str, object]
FIRST_PAUSE_S, LAST_PAUSE_S, GIVE_UP_S = 0.2, 2.0, 300.0
_CHALLENGE = "1158201444"


class Errands:
    """Tasks that run on their own until they are done or the sandbox closes."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, errand: Coroutine[object, object, None]) -> None:
        """Start one."""
        task = asyncio.create_task(errand)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Wait until none is left; one may start another. What went wrong in one is raised here."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def cancel(self) -> None:
        """Stop them all."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Postman:
    """Delivers updates to `callback_url`; while that is empty it is a receiver that does not answer."""

    def __init__(self, account: Account, errands: Errands, knobs: Callable[[], Knobs], callback_url: str) -> None:
        self.callback_url = callback_url
        self._account = account
        self._errands = errands
        self._knobs = knobs
        self._waiting: list[tuple[str, Json]] = []

    def put(self, value: Json, field: str = "messages") -> None:
        """Take one update (Meta's `value` of a change in this field) and see to its delivery."""
        self._waiting.append((field, value))
        if len(self._waiting) >= self._knobs().batch:
            self._flush()
        elif len(self._waiting) == 1:
            self._errands.run(self._flush_later())

    async def verify(self) -> bool:
        """Meta's handshake: whether the receiver repeats the challenge when it is shown the right verify token."""
        question = {
            "hub.mode": "subscribe",
            "hub.verify_token": self._account.verify_token,
            "hub.challenge": _CHALLENGE,
        }
        async with _session() as session, session.get(f"{self.callback_url}?{urlencode(question)}") as answer:
            return answer.status == 200 and await answer.text() == _CHALLENGE

    async def _flush_later(self) -> None:
        await asyncio.sleep(self._knobs().gather_s)
        self._flush()

    def _flush(self) -> None:
        values, self._waiting = self._waiting, []
        if not values:
            return
        raw = self._envelope(values)
        for _ in range(1 + self._knobs().duplicates):
            self._errands.run(self._deliver(raw))

    def _envelope(self, values: list[tuple[str, Json]]) -> bytes:
        changes = [{"value": value, "field": field} for field, value in values]
        entry = {"id": self._account.waba_id, "time": int(time.time()), "changes": changes}
        return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()

    async def _deliver(self, raw: bytes) -> None:
        pause, loop = FIRST_PAUSE_S, asyncio.get_running_loop()
        give_up = loop.time() + GIVE_UP_S
        async with _session() as session:
            while not await self._accepted(session, raw) and loop.time() < give_up:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LAST_PAUSE_S)

    async def _accepted(self, session: aiohttp.ClientSession, raw: bytes) -> bool:
        if not self.callback_url:
            return False
        headers = {"Content-Type": "application/json", HEADER: sign(raw, SecretStr(self._account.app_secret))}
        try:
            async with session.post(self.callback_url, data=raw, headers=headers) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, OSError):
            return False


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))
