"""Calls back on a real Asterisk: sipp plays the customers and the agents, our dialplan and our listener are at work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ami_listener.dialer import Dialer, Queued
from ami_listener.listener import Listener
from ami_listener.settings import PbxSettings
from ringback.call import Call
from ringback.line import CallbackPlan, Line
from ringback.record import Case
from ringback.record import State as CaseState
from ringbackd.ringing import originate
from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.phones import RINGS, CustomerPhone, Phone, ReceivedCall
from ringbackd.sandbox.process import free_udp_port, until
from ringbackd.sandbox.sip import State
from tests.core.worlds import line as plain_line
from tests.listener.test_real_pbx import Book
from tests.offer.office import WATCHER

AGENTS = ("201", "202", "203")
CHANNEL = "Local/{number}@ringback-outbound"
DIALPLAN = """
[from-internal](+)
exten => _2XX,1,Dial(PJSIP/${EXTEN},20)
 same => n,Hangup()

[from-trunk](+)
exten => 5550189,1,Answer(,i)
 same => n,Queue(equipo)
 same => n,Hangup()
exten => 5550188,1,Answer(,i)
 same => n,Gosub(ringback-offer,ventas,1)
 same => n,Queue(equipo)
 same => n,Hangup()
"""


class Team(Pbx):
    """A PBX with one queue, `equipo`, of some agents whose phones are all at one port."""

    more_modules: Sequence[str] = ("res_convert",)

    def __init__(self, kit: Kit, folder: Path, *, release: str, agents: Sequence[str] = AGENTS) -> None:
        super().__init__(kit, folder, release=release)
        self.people, self.phones_port = agents, free_udp_port()

    def configuration(self) -> Mapping[str, str]:
        own = dict(super().configuration())
        members = "\n".join(f"member => PJSIP/{agent},0" for agent in self.people)
        phones = "\n".join(
            f"[{agent}](phone)\naors = {agent}\n\n[{agent}]\ntype = aor\n"
            f"contact = sip:{agent}@127.0.0.1:{self.phones_port}\n"
            for agent in self.people
        )
        own["queues.conf"] += f"\n[equipo](sandbox)\nstrategy = rrmemory\n{members}\n"
        own["pjsip.conf"] += f"\n{phones}"
        own["extensions.conf"] += DIALPLAN
        own["manager.conf"] += WATCHER
        return own


class Floor:
    """Everybody in a call back. `ring` dials as the scheduler does and returns what our listener says of the call."""

    def __init__(self, pbx: Team, phones: Phone, customers: CustomerPhone, dialer: Dialer, book: Book) -> None:
        self.pbx, self.phones, self.customers, self.dialer, self.book = pbx, phones, customers, dialer, book

    async def ring(self, number: str, case: Case | None = None, **plan: Any) -> str:
        """Dial; returns the attempt."""
        attempt = f"rb-case{number}-1"
        outcome = await self.dialer.originate(originate(attempt, number, case, line(**plan)))
        assert outcome == Queued(), outcome
        return attempt

    async def picks_up(self, number: str) -> ReceivedCall:
        """The customer's telephone rings, and he picks it up."""
        call = await self.customers.call(number, State.RINGING)
        call.answer()
        await call.established()
        return call

    async def agent(self, seconds: float = 15) -> ReceivedCall:
        """Some agent's phone rings, and he picks it up."""
        call = await self.phones.call(None, State.RINGING, seconds=seconds)
        call.answer()
        await call.established()
        return call

    async def asked(self) -> bool:
        """Whether somebody who picked up is asked for a key by now."""
        return "!Read!" in await self.pbx.cli("core show channels concise")

    async def rung_for(self, number: str, seconds: float = 15) -> ReceivedCall:
        """The agent's phone that rings and shows this customer."""

        def rings() -> ReceivedCall | None:
            calls = self.phones.calls.values()
            return next((each for each in calls if each.state is State.RINGING and each.caller == number), None)

        await until(lambda: rings() is not None, seconds=seconds, otherwise=lambda: f"no agent is rung for {number}")
        found = rings()
        assert found
        return found

    async def agent_for(self, number: str) -> ReceivedCall:
        """The agent who is rung for this customer picks up."""
        call = await self.rung_for(number)
        call.answer()
        await call.established()
        return call

    async def free(self, agents: int) -> None:
        """Wait until the PBX says that so many agents could take a call back."""

        async def so_many() -> bool:
            occupancy = await self.dialer.queue("equipo")
            return occupancy is not None and occupancy.free == agents

        await until(so_many, seconds=20, otherwise=lambda: f"never were {agents} agents free")

    async def told(self, attempt: str, seconds: float = 20) -> Call:
        """What is said of the attempt when it is over."""
        await self.book.when(lambda: any(call.linkedid == attempt for call in self.book.calls), seconds=seconds)
        return next(call for call in self.book.calls if call.linkedid == attempt)


def line(**plan: Any) -> Line:
    """The line that is called back, with what its `[line.callback]` says besides."""
    values = {"exten": "equipo", "channel": CHANNEL, "ring_s": 10, "recovered_s": 1} | plan
    return plain_line(callback=CallbackPlan.model_validate(values), queues=("equipo",))


def missed(number: str, **changes: Any) -> Case:
    """The case of a customer who is being rung."""
    now = time.time()
    values = {"id": f"case{number}", "line": "ventas", "customer": f"+51{number}", "key": f"51{number}"}
    times = {"state": CaseState.RINGING, "opened": now, "last_miss": now}
    return Case.model_validate(values | {"dial": number} | times | changes)


@asynccontextmanager
async def floor(kit: Kit, folder: Path, release: str) -> AsyncIterator[Floor]:
    """Boot it all."""
    async with Team(kit, folder, release=release) as pbx:
        account = {"name": "lima", "port": pbx.ami_port, "user": pbx.ami_user, "secret": pbx.ami_secret}
        settings, book = PbxSettings.model_validate(account), Book()
        dialer = Dialer(settings, quiet=True)
        async with (
            Phone(kit, pbx, pbx.phones_port, default=RINGS) as phones,
            CustomerPhone(kit, pbx, default=RINGS) as customers,
        ):
            tasks = [asyncio.create_task(work) for work in (Listener(settings, book).run(), dialer.run())]
            await book.when(lambda: book.resyncs)
            await dialer.connected()
            try:
                yield Floor(pbx, phones, customers, dialer, book)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
