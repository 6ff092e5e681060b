"""What `ringback doctor` tries: Redis, the PBX, WhatsApp and its templates, with the settings as they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
from redis.exceptions import RedisError

from ami_listener.spill import Spill, SpillError
from ringback.flow import Flow
from ringbackd import gapcheck, guardshow, offercheck, pbxcheck, webhookchecks
from ringbackd.circuits import Circuits
from ringbackd.opening import open_store
from ringbackd.readiness import look, wanted
from ringbackd.settings import Settings

MORE_ROOM = "give them room with pbx.spill_folder and pbx.spill_bytes"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried. A bad one says what to do."""

    good: bool
    text: str


async def examine(settings: Settings, flows: dict[str, Flow]) -> AsyncIterator[Finding]:
    """Try everything, one after the other."""
    yield await _redis(settings)
    async for good, text in pbxcheck.told(settings):
        yield Finding(good, text)
    async for finding in _heard(settings):
        yield finding
    async for good, text in gapcheck.sources(settings.pbx):
        yield Finding(good, text)
    yield _spill(settings)
    for good, text in [*await offercheck.told(settings), *await guardshow.stops_told(settings)]:
        yield Finding(good, text)
    yield await _whatsapp(settings)
    if trouble := settings.webhook.unproven(settings.whatsapp.verify_signature):
        yield Finding(False, trouble)
    for finding in await _webhooks(settings):
        yield finding
    for finding in await _templates(settings, flows):
        yield finding


async def _redis(settings: Settings) -> Finding:
    try:
        async with open_store(settings.redis) as store:
            server: Any = await store.redis.info()
            dead = await store.redis.xlen(store.keys.of("dead"))
            trouble = await store.trouble(settings.pbx.name)
            lost = int(await store.redis.get(store.keys.of("lost", settings.pbx.name)) or 0)
            broken = await Circuits(store).broken()
    except RedisError as error:
        return Finding(False, f"Redis: {error}; look at redis.url")
    if dead:
        return Finding(
            False, f"Redis: {dead} entries of the stream `dead` could not be processed; look at: ringback outbox list"
        )
    if broken:
        what = "; ".join(f"{name}: {why}" for name, (why, _) in broken.items())
        return Finding(
            False, f"WhatsApp does not take our messages, they wait: {what}; mend it, then: ringback outbox retry"
        )
    if trouble:
        return Finding(False, f"Redis: the running service noted: {trouble}")
    if lost:
        return Finding(False, f"Redis: it was away, and {lost} news of calls were lost in the last days; {MORE_ROOM}")
    return _server(server, settings.redis.replicas)


def _server(server: Mapping[str, Any], replicas: int) -> Finding:
    """Whether Redis itself is set up so that it forgets nothing."""
    version = f"Redis {server['redis_version']}"
    following = int(server.get("connected_slaves", 0))
    if following < replicas:
        text = (
            f"{following} of {replicas} replicas follow: nothing is posted or dialled until they do; see redis.replicas"
        )
        return Finding(False, f"Redis: {text}")
    if server.get("maxmemory") and server.get("maxmemory_policy") != "noeviction":
        return Finding(False, f"{version}: set `maxmemory-policy noeviction`, or it throws cases away when it is full")
    if not server.get("aof_enabled"):
        return Finding(False, f"{version}: set `appendonly yes`, or a crash of Redis forgets cases")
    return Finding(True, f"{version} answers and writes its append-only file")


async def _heard(settings: Settings) -> AsyncIterator[Finding]:
    with suppress(RedisError):  # that Redis is away was said already
        async with open_store(settings.redis) as store:
            yield Finding(True, await gapcheck.heard(store, settings.pbx.name))


def _spill(settings: Settings) -> Finding:
    pbx = settings.pbx
    spill = Spill(pbx.spill_file, pbx.spill_bytes)
    try:
        spill.open()
    except SpillError as error:
        return Finding(False, str(error))
    finally:
        spill.close()
    if spill.waiting:
        return Finding(True, f"{spill.waiting} news of calls wait in {spill.path} until Redis takes them")
    return Finding(True, f"while Redis is away, calls wait in {pbx.spill_folder}")


async def _webhooks(settings: Settings) -> list[Finding]:
    try:
        async with open_store(settings.redis) as store:
            return [Finding(good, text) for good, text in await webhookchecks.told(store)]
    except RedisError:
        return []  # said already


async def _templates(settings: Settings, flows: dict[str, Flow]) -> list[Finding]:
    names = ", ".join(sorted({f"{step.template} ({line.template_code})" for line, step in wanted(settings, flows)}))
    try:
        async with open_store(settings.redis) as store:
            troubles = await look(settings, flows, store)
    except RedisError:
        return [Finding(False, "templates: not tried without Redis")]
    if troubles:
        return [Finding(False, trouble) for trouble in troubles]
    if settings.whatsapp.templates_url:
        return [Finding(True, f"templates are approved and fit: {names}")]
    return [Finding(True, f"templates that must be approved at Meta: {names}; set whatsapp.waba_id and this is tried")]


async def _whatsapp(settings: Settings) -> Finding:
    cloud = settings.whatsapp
    url = cloud.number_url
    if not url:
        return Finding(True, "WhatsApp: not tried, whatsapp.number_path is empty")
    try:
        async with httpx.AsyncClient(timeout=10, proxy=cloud.proxy_url, verify=cloud.trust()) as client:
            answer = await client.get(url, headers=cloud.auth, params={"fields": "display_phone_number,verified_name"})
    except httpx.HTTPError as error:
        return Finding(False, f"WhatsApp: {url}: {cloud.hide(str(error)) or type(error).__name__}")
    if answer.is_success:
        return Finding(True, f"WhatsApp: {answer.json().get('display_phone_number', cloud.phone_number_id)} is ours")
    return Finding(
        False, f"WhatsApp: HTTP {answer.status_code}: {_message(answer)}; look at whatsapp.token and phone_number_id"
    )


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:200]
