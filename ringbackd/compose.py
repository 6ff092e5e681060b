"""The one place that wires: builds every object of a running Ringback and lets the roles run until told to stop."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine
from contextlib import asynccontextmanager, suppress

import aiohttp
from aiohttp import web
from redis.exceptions import RedisError

from ami_listener.dialer import Dialer
from ami_listener.listener import Listener
from ringback.flow import Flow
from ringback.message import Message
from ringbackd import booking, intake, outbox, scheduler
from ringbackd.calloff import CallingOff
from ringbackd.desk import Desk
from ringbackd.flowfiles import read_flows
from ringbackd.offerdoor import OfferDoor
from ringbackd.opening import open_store
from ringbackd.parking import Parking
from ringbackd.patience import Patience
from ringbackd.pauses import set_within
from ringbackd.pbxsink import RedisSink
from ringbackd.readiness import look
from ringbackd.seats import Seats
from ringbackd.settings import Settings
from ringbackd.store import Store
from ringbackd.streams import BATCH, Consumer
from ringbackd.worker import Handler, Worker
from whatsapp.client import CloudClient
from whatsapp.sender import Client, Sender
from whatsapp.webhook import Webhook

log = logging.getLogger("ringback")
ORDERS = 50
"""Calls back that are seen to at the same time: what waits for an agent waits elsewhere (`ringbackd.parking`)."""
ROLES = ("listener", "desk", "sender", "webhook", "scheduler", "offer")
TIMERS_EVERY_S = 0.1
CONNECT_S = 5.0
Role = Callable[[asyncio.Event], Coroutine[None, None, None]]
Clock = Callable[[], float]


def payload_secret(settings: Settings) -> bytes:
    """The key that signs our buttons, drawn from the oldest secret Meta and we share, so that it survives restarts."""
    shared = settings.whatsapp.app_secrets or (settings.whatsapp.verify_token,)
    return hmac.new(shared[-1].get_secret_value().encode(), b"ringback payload", hashlib.sha256).digest()


class House:
    """A running Ringback. `clock` gives epoch seconds."""

    def __init__(
        self,
        settings: Settings,
        flows: dict[str, Flow],
        store: Store,
        only: Collection[str],
        clock: Clock = time.time,
    ) -> None:
        self.settings, self.flows, self.store, self.only, self.clock = settings, flows, store, only, clock
        self.patience = Patience(store.redis, settings.redis.address, settings.redis.replicas)

    async def run(self, stop: asyncio.Event) -> None:
        """Let the roles run until `stop`; what is in hand is finished."""
        roles: dict[str, Role] = {name: getattr(self, f"_{name}") for name in ROLES}
        try:
            async with asyncio.TaskGroup() as group:
                for name in self.only:
                    group.create_task(self._role(roles[name], stop), name=name)
                if "sender" in self.only:
                    group.create_task(_until(stop, self._look()))
        finally:
            self.patience.close()

    async def _look(self) -> None:
        """Say at start which line cannot write to people, and why; it is nothing to stop for."""
        with suppress(RedisError):
            for trouble in await look(self.settings, self.flows, self.store):
                log.warning("%s", trouble)

    async def _role(self, role: Role, stop: asyncio.Event) -> None:
        """One role; its failure stops the others. A cancellation alone would not: redis-py loses one that comes while
        it connects."""
        try:
            await role(stop)
        except BaseException:
            stop.set()
            raise

    async def _work(
        self, stop: asyncio.Event, stream: str, group: str, handle: Handler, width: int = 1, batch: int = BATCH
    ) -> None:
        consumer = Consumer(self.store.redis, [stream], group, self.settings.name, batch)
        worker = Worker(self.store, consumer, handle, width)
        await self.patience.keep(lambda: worker.run(stop), stop)

    async def _listener(self, stop: asyncio.Event) -> None:
        sink = RedisSink(self.store, self.settings.pbx.name, self.settings.line, self.patience, self.clock)
        await _until(stop, Listener(self.settings.pbx, sink, memory=sink).run())

    async def _desk(self, stop: asyncio.Event) -> None:
        secret, guard = payload_secret(self.settings), self.settings.guard
        desk = Desk(self.store, self.settings.line, self.flows, secret, self.clock, guard)
        stream = self.store.keys.facts

        async def handle(raw: bytes, entry: str) -> None:
            await desk.handle(raw, tuple(outbox.taken_off("desk", entry)))

        async with asyncio.TaskGroup() as group:
            group.create_task(self.patience.keep(self._reconcile, stop))
            group.create_task(self._work(stop, stream, "desk", handle))
            group.create_task(self.patience.keep(lambda: self._timers(stop), stop))

    async def _reconcile(self) -> None:
        if wrong := await booking.reconcile(self.store, self.settings.line):
            log.warning("%d promised slots were not what their cases say, and are again", wrong)

    async def _timers(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            moved = await self.store.fire(self.clock())
            if not moved:
                await set_within(stop, TIMERS_EVERY_S)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """What posts messages: a connection for each that is posted at a time, kept open."""
        connector = aiohttp.TCPConnector(limit=self.settings.sender.width, ssl=self.settings.whatsapp.trust())
        async with aiohttp.ClientSession(connector=connector) as session:
            yield CloudClient(self.settings.whatsapp, session)

    async def _sender(self, stop: asyncio.Event) -> None:
        async with self.client() as client:
            box = outbox.RedisOutbox(self.store, self.settings.sender.doubt_s, self.settings.sender.pacing, self.clock)
            lines = {line.name: line for line in self.settings.line}

            def opens(message: Message, now: float) -> float | None:
                line = lines.get(message.line)
                return line.messaging.next_open(now, line.timezone) if line else now

            sender = Sender(box, client, self.clock, opens)

            async def handle(raw: bytes, entry: str) -> None:
                await sender.handle(json.loads(raw)["message"], entry)

            await self.patience.keep(lambda: self._post(stop, box, handle), stop)

    async def _post(self, stop: asyncio.Event, box: outbox.RedisOutbox, handle: Handler) -> None:
        """Post what waits: answers first, then what is due again, then first contacts, of every line its share."""
        keys = self.store.keys
        lines = {line.name for line in self.settings.line} | await self.store.members(keys.of("outboxes"))
        streams = [keys.answers, keys.outbox, *(keys.first(line) for line in sorted(lines))]
        consumer = Consumer(self.store.redis, streams, outbox.GROUP, self.settings.name, room=box.limits.room)
        await Worker(self.store, consumer, handle, self.settings.sender.width).run(stop)

    async def _webhook(self, stop: asyncio.Event) -> None:
        reader = intake.Intake(self.store, self.settings.whatsapp.phone_number_id, self.clock)
        listen = self.settings.webhook
        hook = Webhook(self.settings.whatsapp, reader.persist, listen.trusted_proxies)
        runner = hook.runner(listen.path)
        await runner.setup()
        try:
            await web.TCPSite(runner, listen.host, listen.port, reuse_address=True).start()
            if trouble := listen.unproven(self.settings.whatsapp.verify_signature):
                log.warning(trouble)
            path = "/(secret path)" if listen.secret_path else listen.path
            log.info("webhooks are received at http://%s:%d%s", listen.host, listen.port, path)
            await self._work(stop, self.store.keys.webhooks, intake.GROUP, reader.handle, batch=intake.BODIES)
            await stop.wait()
        finally:
            await runner.cleanup()

    async def _offer(self, stop: asyncio.Event) -> None:
        settings = self.settings.offer
        if settings.folder is None:
            await stop.wait()
            return
        pbx, lines = self.settings.pbx.name, self.settings.line
        await OfferDoor(settings, settings.folder, pbx, lines, self.store, self.patience, self.clock).run(stop)

    async def _scheduler(self, stop: asyncio.Event) -> None:
        dialer = Dialer(self.settings.pbx, quiet="listener" in self.only)
        pbx, lines, clock = self.settings.pbx.name, self.settings.line, self.clock
        seats = Seats(self.store, dialer, pbx, clock, self.settings.callbacks.at_once)
        work = scheduler.Scheduler(self.store, dialer, lines, self.settings.guard, clock, seats)
        calling_off = CallingOff(self.store, pbx, dialer, clock)
        parking = Parking(self.store, seats, lines, clock)
        async with asyncio.TaskGroup() as group:
            group.create_task(_until(stop, dialer.run()))
            group.create_task(self.patience.keep(lambda: parking.run(stop), stop))
            group.create_task(self.patience.keep(lambda: calling_off.run(stop), stop))
            with suppress(TimeoutError):  # what was ordered before a restart need not find the link still down
                await asyncio.wait_for(dialer.connected(), CONNECT_S)
            await self._work(stop, self.store.keys.dials, scheduler.GROUP, work.handle, width=ORDERS)


async def _until(stop: asyncio.Event, work: Awaitable[None]) -> None:
    """Let something run that never ends by itself."""
    running = asyncio.ensure_future(work)
    stopped = asyncio.ensure_future(stop.wait())
    done, _ = await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if running in done:
        running.result()
        return
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def run(settings: Settings, only: Collection[str], stop: asyncio.Event, clock: Clock = time.time) -> None:
    """Run Ringback by a clock (epoch seconds). Raises SettingsError for a flow that cannot be used, OSError when a port
    is taken."""
    flows = read_flows(settings)
    async with open_store(settings.redis) as store:
        await House(settings, flows, store, only, clock).run(stop)
