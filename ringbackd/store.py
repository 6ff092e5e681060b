"""The working state in Redis: cases, timers, what is remembered, and the atomic commit of a decision."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from importlib.resources import files
from typing import Any

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import ConnectionError as RedisConnectionError

from ringback.fact import FACT, Accepted, AccountNews, Fact, Timer
from ringback.journal import Entry
from ringback.line import Line
from ringback.policy import Memory
from ringback.record import Case
from ringbackd.keys import REMEMBER_S, Keys
from ringbackd.ledger import Ledger

REPLICAS_MS = 1000
"""How long replicas may take to follow."""
TALKED_S = 48 * 3600
WAID_S = 365 * 24 * 3600
PAGE = 1000
"""Entries of the journal that are read at a time: Redis does nothing else meanwhile."""

Op = Sequence[str]
"""A Redis command as texts: name, key, arguments."""


class ConflictError(Exception):
    """What was read has changed since: decide again. `check` is the number, from 0, of the check that failed."""

    def __init__(self, check: int) -> None:
        super().__init__(f"check {check} failed")
        self.check = check


class NotReplicatedError(RedisConnectionError):
    """Too few replicas follow: what was written could be lost with the primary, so nothing may be done on its word."""


class Store:
    """Reads and writes the working state. Every method raises redis.RedisError when Redis is away."""

    def __init__(self, redis: Redis, keys: Keys, replicas: int = 0) -> None:
        self.redis = redis
        self.replicas = replicas
        self.keys = keys
        self.ledger = Ledger(redis, keys)
        self._commit = self.script("commit")
        self._fire = self.script("fire")
        self.claim = self.script("claim")
        self._page = self.script("page")
        self.taken = self.script("taken")

    def script(self, name: str) -> AsyncScript:
        """A script of ringbackd/scripts."""
        text = files("ringbackd").joinpath(f"scripts/{name}.lua").read_text(encoding="utf-8")
        script: AsyncScript = self.redis.register_script(text)
        return script

    async def sure(self, ask: Callable[[Redis], Awaitable[Any]]) -> Any:
        """The answer to one command or script that must not be forgotten when the primary is lost.

        It comes when as many replicas as the settings want have what was written until then. Raises NotReplicatedError
        when they do not.
        """
        if not self.replicas:
            return await ask(self.redis)
        async with self.redis.pipeline(transaction=False) as pipeline:
            await ask(pipeline)
            pipeline.execute_command("WAIT", self.replicas, REPLICAS_MS)
            answer, followed = await pipeline.execute()
        if followed < self.replicas:
            raise NotReplicatedError(
                f"only {followed} of {self.replicas} replicas have what was written; look at redis.replicas"
            )
        return answer

    async def commit(self, checks: Sequence[Op], writes: Sequence[Op], *, sure: bool = False) -> None:
        """Do all the writes at once if every check (a command, then the text it must answer) holds.

        `sure`: so that they outlive the primary. Raises ConflictError, and writes nothing, when a check does not hold.
        """
        touched = [key for op in (*checks, *writes) for key in _keys(op)]
        keys, args = list(dict.fromkeys(touched)), [json.dumps(checks), json.dumps(writes)]
        if sure:
            failed = await self.sure(lambda client: self._commit(keys=keys, args=args, client=client))
        else:
            failed = await self._commit(keys=keys, args=args)
        if failed:
            raise ConflictError(int(failed) - 1)

    async def add_facts(self, facts: Iterable[Fact]) -> None:
        """Put facts into the stream, all or none, so that they outlive the primary: who told them forgets them then."""
        writes = [self.fact(fact) for fact in facts]
        if writes:
            await self.commit((), writes, sure=True)

    def fact(self, fact: Fact) -> Op:
        """The write that puts a fact into the stream."""
        return ("XADD", self.keys.facts, "*", "json", FACT.dump_json(fact).decode())

    def note(self, entry: Entry) -> Op:
        """The write that adds an entry to the journal."""
        return ("XADD", self.keys.journal, "*", "json", entry.model_dump_json())

    def timer(self, case: str, timer: Timer) -> str:
        """The member of the sorted set that stands for a case's timer."""
        return "1|" + json.dumps({"kind": "timer", "case": case, "timer": timer}, separators=(",", ":"))

    async def fire(self, now: float, limit: int = 500) -> int:
        """Move the timers that are due (epoch seconds) to their streams; says how many."""
        moved = await self._fire(keys=[self.keys.timers, *self.keys.timer_streams], args=[f"{now:.3f}", str(limit)])
        return int(moved)

    async def case(self, case: str) -> Case | None:
        """A case by its id."""
        text = await self.redis.hget(self.keys.of("case", case), "json")
        return Case.model_validate_json(text) if text else None

    async def active_case(self, line: str, key: str) -> Case | None:
        """The active case of a customer on a line."""
        found = await self.redis.get(self.keys.of("active", line, key))
        return await self.case(_text(found)) if found else None

    async def cases_of(self, key: str) -> list[Case]:
        """A customer's active cases on every line, the newest first."""
        ids = await self.redis.smembers(self.keys.of("cases", key))
        cases = [await self.case(_text(found)) for found in ids]
        return sorted((case for case in cases if case), key=lambda case: -case.opened)

    async def active_cases(self) -> list[Case]:
        """Every active case, the oldest first."""
        cases = [await self.case(found) for found in await self.ranked(self.keys.of("cases"))]
        return [case for case in cases if case]

    async def ranked(self, key: str, most: int = 0) -> list[str]:
        """The members of a sorted set, the lowest first; at most so many, 0 for all."""
        return [_text(member) for member in await self.redis.zrange(key, 0, most - 1)]

    async def scores(self, key: str) -> dict[str, float]:
        """The members of a sorted set with their scores."""
        rows: Any = await self.redis.zrange(key, 0, -1, withscores=True)
        return {_text(member): float(score) for member, score in rows}

    async def scores_from(self, key: str, least: float) -> float:
        """The lowest score of a sorted set that is above `least`, 0 where there is none."""
        rows: Any = await self.redis.zrangebyscore(key, f"({least!r}", "+inf", start=0, num=1, withscores=True)
        return float(rows[0][1]) if rows else 0.0

    async def members(self, key: str) -> set[str]:
        """The members of a set."""
        return {_text(member) for member in await self.redis.smembers(key)}

    async def names(self, key: str) -> set[str]:
        """The field names of a hash."""
        return {_text(name) for name in await self.redis.hkeys(key)}

    async def fields(self, key: str, *names: str) -> list[bytes]:
        """Fields of a hash, empty where there is none."""
        values: Any = await self.redis.hmget(key, list(names))
        return [value or b"" for value in values]

    async def trouble(self, pbx: str) -> str:
        """What the listener of a PBX found that an admin has to mend, "" if nothing."""
        return _text(await self.redis.get(self.keys.of("trouble", pbx)) or b"")

    async def memory(self, line: Line, key: str) -> Memory:
        """What is remembered of a customer."""
        return Memory(
            consent=await self.ledger.ruling(key, line.brand),
            contacted=float(await self.redis.get(self.keys.of("contacted", line.name, key)) or 0),
            talked=float(await self.redis.get(self.keys.of("talked", key)) or 0),
            no_whatsapp=await self.no_whatsapp(key),
        )

    async def no_whatsapp(self, key: str) -> bool:
        """Whether WhatsApp did not reach a customer lately."""
        return bool(await self.redis.exists(self.keys.of("nowhatsapp", key)))

    async def live(self, key: str) -> bool:
        """Whether a customer is on a call with the PBX right now, or an attempt is still up."""
        return bool(key) and bool(await self.redis.exists(self.keys.of("live", key)))

    def not_calling(self, key: str, attempt: str) -> list[Op]:
        """The write by which a customer may be rung again, once an attempt is over."""
        calling = self.keys.of("calling", key)
        return [("IFEQ", calling, attempt, "DEL", calling)]

    def talked(self, key: str, at: float) -> Op:
        """The write that remembers when a customer last talked to a person."""
        return ("SET", self.keys.of("talked", key), repr(at), "EX", str(TALKED_S))

    async def message_of(self, wamid: str) -> str:
        """Our id of a message, '' if WhatsApp's is not known."""
        return _text(await self.redis.get(self.keys.of("wamid", wamid)) or b"") if wamid else ""

    async def message_case(self, message: str) -> tuple[str, str]:
        """The case a message of ours belongs to, and its wamid once it was accepted; '' where unknown."""
        if not message:
            return "", ""
        case, wamid = await self.fields(self.keys.of("message", message), "case", "wamid")
        return case.decode(), wamid.decode()

    async def message_state(self, message: str) -> str:
        """Where a message of ours stands in the outbox, '' once that is not kept any more."""
        return _text(await self.redis.hget(self.keys.of("message", message), "state") or b"")

    async def case_of(self, wamid: str) -> str:
        """The case that a message of ours belongs to, by WhatsApp's id; '' if it is none of ours."""
        return (await self.message_case(await self.message_of(wamid)))[0]

    async def key_of(self, wa_id: str, user_id: str) -> str:
        """The match key of the customer behind a WhatsApp id, as remembered from a send; '' if we never wrote."""
        for found in (wa_id, user_id):
            key = await self.redis.get(self.keys.of("waid", found)) if found else None
            if key:
                return _text(key)
        return ""

    def accepted(self, fact: Accepted) -> list[Op]:
        """The writes that remember that the Cloud API took a message."""
        message = self.keys.of("message", fact.message)
        return [
            ("HSET", message, "state", "accepted", "wamid", fact.wamid),
            ("SET", self.keys.of("wamid", fact.wamid), fact.message, "EX", str(REMEMBER_S)),
        ]

    def waid(self, wa_id: str, user_id: str, key: str) -> list[Op]:
        """The writes that remember under which WhatsApp ids the customer with this match key answers."""
        ids = [found for found in (wa_id, user_id) if found]
        return [("SET", self.keys.of("waid", found), key, "EX", str(WAID_S)) for found in ids]

    async def inherited(self, old: str, new: str, lines: Iterable[str]) -> list[Op]:
        """The writes by which what is remembered of a customer goes with him to another match key."""
        writes = [write for word in await self.ledger.of(old) for write in self.ledger.append(new, word)]
        for parts in (("talked",), *(("contacted", line) for line in lines)):
            key = self.keys.of(*parts, old)
            value, ttl = await self.redis.get(key), await self.redis.ttl(key)
            if value and ttl > 0:
                writes.append(("SET", self.keys.of(*parts, new), _text(value), "EX", str(ttl)))
        return writes

    async def newest(self, news: AccountNews) -> tuple[list[Op], list[Op]]:
        """The check and the write that keep news about our account, if none that is newer is kept."""
        key, name = self.keys.of("account"), f"{news.field}|{news.subject}"
        kept = _text(await self.redis.hget(key, name) or b"")
        if kept and AccountNews.model_validate_json(kept).at > news.at:
            return [], []
        return [("HGET", key, name, kept)], [("HSET", key, name, news.model_dump_json())]

    async def account(self) -> list[AccountNews]:
        """The newest news of each kind about our account, its numbers and its templates, the oldest first."""
        rows: Any = await self.redis.hvals(self.keys.of("account"))
        return sorted((AccountNews.model_validate_json(row) for row in rows), key=lambda news: news.at)

    def useless(self, kind: str) -> Op:
        """The write that counts a webhook update that nobody has a use for."""
        return ("HINCRBY", self.keys.of("unknown", "counts"), kind, "1")

    async def unknown(self) -> dict[bytes, bytes]:
        """How many webhook updates of each kind nobody could read."""
        counts: Any = await self.redis.hgetall(self.keys.of("unknown", "counts"))
        return dict(counts)

    async def entries(self) -> AsyncIterator[Entry]:
        """The journal, the oldest entry first, read a page at a time."""
        first = "-"
        while page := await self._page(keys=[self.keys.journal], args=[first, PAGE]):
            for line in page[1].split(b"\n"):  # no JSON of ours has a line break in it
                yield Entry.model_validate_json(line)
            milliseconds, number = _text(page[0]).split("-")
            first = f"{milliseconds}-{int(number) + 1}"

    async def journal(self) -> list[Entry]:
        """The whole journal, the oldest first."""
        return [entry async for entry in self.entries()]


def _keys(op: Op) -> list[str]:
    """The keys a command touches: its first argument, and those of the command that IF or IFEQ wraps."""
    wrapped = {"IF": 4, "IFEQ": 3}.get(op[0])
    return [op[1], *_keys(op[wrapped:])] if wrapped else [op[1]]


def _text(value: Any) -> str:
    """redis-py types every answer as the union of all it could be; ours are bytes."""
    return bytes(value).decode()
