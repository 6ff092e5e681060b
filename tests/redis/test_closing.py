"""The closing message of a call back through the real sender to the simulated WhatsApp, from a real Redis."""

from __future__ import annotations

import aiohttp

from ringback.call import Direction, Verdict
from ringback.consent import Act, Consent, Way
from ringback.fact import CallEnded, ConsentChanged, PersonActed
from ringback.message import Message
from ringback.record import Case
from ringbackd.sandbox.cloud import Cloud
from ringbackd.sandbox.cloudspec import Knobs
from ringbackd.sandbox.scene import account, templates
from ringbackd.store import Store
from tests.core.worlds import call
from tests.redis.offices import Office, entries
from whatsapp.client import CloudClient
from whatsapp.sender import Sender

EVENINGS_OFF = {"mon": "08:00-12:20", "tue": "09:00-12:20"}


class Shop(Office):
    """An office that posts what it has to say. Its line writes first to nobody after 12:20."""

    def __init__(self, store: Store, cloud: Cloud, session: aiohttp.ClientSession) -> None:
        super().__init__(store, messaging=EVENINGS_OFF, callback={"exten": "ventas", "no_answer_min": 15})
        self.cloud, (self.line,) = cloud, self.desk.lines
        self.sender = Sender(self.outbox, CloudClient(cloud.settings, session), lambda: self.now, self._opens)

    def _opens(self, _: Message, now: float) -> float | None:
        return self.line.messaging.next_open(now, self.line.timezone)

    async def post(self) -> list[str]:
        """Send what is due; says which templates Meta has taken so far."""
        while await self.store.fire(self.now):
            await self.settle()
        for entry, name in await entries(self.store):
            await self.sender.handle(name, entry)
        await self.settle()
        return [item.text for item in self.cloud.chat("+51987654321")]

    async def tried_in_vain(self) -> Case:
        """A customer who never wrote to us, and whom we rang three times."""
        await self.missed()
        await self.post()
        (case,) = await self.store.cases_of("51987654321")
        await self.desk.process(PersonActed(nonce="1", case=case.id, act="call", at=self.now))
        for attempt in (1, 2, 3):
            self.now += 15.5 * 60
            await self.post()
            ring = {"linkedid": f"rb-{case.id}-{attempt}", "direction": Direction.OURS}
            await self.desk.process(CallEnded(call=call(Verdict.NO_ANSWER, at=self.now, **ring)))
        return case


async def test_it_goes_out_once_and_in_the_hours_in_which_he_may_be_written_to(store: Store) -> None:
    async with Cloud(templates(), account=account(), knobs=Knobs()) as cloud, aiohttp.ClientSession() as session:
        shop = Shop(store, cloud, session)
        await shop.tried_in_vain()
        assert len(await shop.post()) == 1
        shop.now += 20.5 * 3600  # tomorrow, 9:16
        for _ in range(2):
            chat = await shop.post()
        assert len(chat) == 2
        assert chat[-1].startswith("Hola, de Tienda Sol le devolvimos la llamada que pidió")


async def test_who_asked_us_to_stop_before_it_went_out_does_not_get_it(store: Store) -> None:
    async with Cloud(templates(), account=account(), knobs=Knobs()) as cloud, aiohttp.ClientSession() as session:
        shop = Shop(store, cloud, session)
        await shop.tried_in_vain()
        stop = Consent(at=shop.now, brand="Tienda Sol", act=Act.WITHDRAWN, way=Way.LIST, customer="+51987654321")
        await shop.desk.process(ConsentChanged(nonce="1", consent=stop))
        shop.now += 20.5 * 3600
        assert len(await shop.post()) == 1
