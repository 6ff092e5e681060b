"""The consent ledgers in Redis: a list per customer, only ever appended to, and the salted traces of who was erased."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from redis.asyncio import Redis

from ringback.consent import Act, Consent, Ruling, ruling
from ringbackd.keys import Keys

TRACES: TypeAdapter[tuple[Consent, ...]] = TypeAdapter(tuple[Consent, ...])


class Ledger:
    """Reads and appends what customers said about being contacted, by match key."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self.redis, self.keys = redis, keys
        self._salt = b""

    async def of(self, key: str) -> tuple[Consent, ...]:
        """Everything a customer said, in the order it was written; of an erased one only that he stopped us."""
        return await self.read(key, await self.redis.lrange(self.keys.of("consent", key), 0, -1))

    async def read(self, key: str, words: Sequence[Any], erased: int = 1) -> tuple[Consent, ...]:
        """The same, where his list was read already; `erased` is 0 where it is known that nobody ever was."""
        kept: Any = await self.redis.hget(self.keys.of("erased"), await self.trace(key)) if erased else None
        return (*TRACES.validate_json(kept or b"[]"), *(Consent.model_validate_json(word) for word in words))

    async def ruling(self, key: str, brand: str) -> Ruling:
        """Whether a brand may contact a customer."""
        return ruling(await self.of(key), brand)

    def append(self, key: str, consent: Consent) -> list[Sequence[str]]:
        """The writes that add a word."""
        return [
            ("RPUSH", self.keys.of("consent", key), consent.model_dump_json()),
            ("SADD", self.keys.of("consents"), key),
        ]

    async def customers(self) -> list[str]:
        """The match keys of all who ever said something."""
        found: Any = await self.redis.smembers(self.keys.of("consents"))
        return sorted(member.decode() for member in found)

    async def forget(self, key: str) -> list[Sequence[str]]:
        """The writes that leave of a customer only which brands he stopped, under a salted hash of his number."""
        words = await self.of(key)
        latest = {word.brand: word for word in sorted(words, key=lambda word: word.at)}
        stops = [word for word in latest.values() if word.act is Act.WITHDRAWN]
        bare = tuple(word.model_copy(update={"customer": "", "text": "", "proof": ""}) for word in stops)
        erased, trace = self.keys.of("erased"), await self.trace(key)
        keep = ("HSET", erased, trace, TRACES.dump_json(bare).decode())
        return [
            keep if bare else ("HDEL", erased, trace),
            ("DEL", self.keys.of("consent", key)),
            ("SREM", self.keys.of("consents"), key),
        ]

    async def trace(self, key: str) -> str:
        """The salted hash that stands for a customer who was erased. The salt is made once and stays in Redis."""
        if not self._salt:
            await self.redis.setnx(self.keys.of("salt"), secrets.token_hex(32))
            salt: Any = await self.redis.get(self.keys.of("salt"))
            self._salt = salt
        return hmac.new(self._salt, key.encode(), hashlib.sha256).hexdigest()
