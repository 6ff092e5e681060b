"""Real calls on a real Asterisk 22: what the listener makes of them, live and after it was away."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from ami_listener.dialer import Dial, Dialer, Queued
from ami_listener.listener import Listener
from ami_listener.settings import PbxSettings
from ami_listener.tracker import CallStarted
from ringback.call import Call, Direction, Verdict
from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.phones import BUSY, RINGS, AgentPhone, CustomerPhone, answers
from ringbackd.sandbox.sip import Caller, State

pytestmark = pytest.mark.pbx


class Book:
    """A sink that writes everything down, and outlives the listeners that write."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.started: list[CallStarted] = []
        self.resyncs: list[frozenset[str]] = []
        self.downs: list[str] = []
        self.troubles: list[str] = []
        self.changed = asyncio.Event()

    async def call_started(self, started: CallStarted) -> None:
        self.started.append(started)
        self.changed.set()

    async def call_ended(self, call: Call) -> None:
        self.calls.append(call)
        self.changed.set()

    async def resynced(self, pbx: str, live_linkedids: frozenset[str]) -> None:
        self.resyncs.append(live_linkedids)
        self.changed.set()

    async def link_up(self, at: float) -> None:
        self.changed.set()

    async def link_down(self, at: float, reason: str) -> None:
        self.downs.append(reason)
        self.changed.set()

    async def trouble(self, text: str) -> None:
        self.troubles.append(text)
        self.changed.set()

    async def lost(self, at: float, count: int) -> None:
        raise AssertionError(f"{count} lost")

    async def when(self, true: Callable[[], object], *, seconds: float = 15) -> None:
        async with asyncio.timeout(seconds):
            while not true():
                self.changed.clear()
                await self.changed.wait()

    async def of(self, caller: str) -> Call:
        await self.when(lambda: any(call.caller == caller for call in self.calls))
        return next(call for call in self.calls if call.caller == caller)

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """By Linkedid, the first one told."""
        return {call.linkedid: call.verdict for call in reversed(self.calls)}


def settings(pbx: Pbx, **values: object) -> PbxSettings:
    own = {"name": "lima", "port": pbx.ami_port, "user": pbx.ami_user, "secret": pbx.ami_secret}
    return PbxSettings.model_validate(
        {**own, "gap": [{"read": "cel", "file": pbx.cel_path}], "short_s": 0, "reconnect_first_s": 0.1, **values}
    )


@asynccontextmanager
async def listening(pbx: Pbx, book: Book, **values: object) -> AsyncIterator[None]:
    """A listener from its resync to an end as sudden as a kill: nothing of it is kept."""
    resyncs = len(book.resyncs)
    task = asyncio.create_task(Listener(settings(pbx, **values), book).run())
    try:
        await book.when(lambda: len(book.resyncs) > resyncs)
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_what_becomes_of_three_callers(kit: Kit, pbx: Pbx, caller: Caller) -> None:
    book = Book()
    async with (
        listening(pbx, book),
        AgentPhone(kit, pbx, "101", default=RINGS) as sales,
        AgentPhone(kit, pbx, "102", default=RINGS),
    ):
        abandons = await caller.dial("987654321", "5550100", name="João Ñandú")
        await sales.call()
        await abandons.hang_up()
        gives_up = await caller.dial("987654322", "5550101")
        await gives_up.reached(State.RINGING)
        await gives_up.hang_up()
        sales.default = answers(100)
        talks = await caller.dial("987654323", "5550100")
        await (await sales.call(state=State.UP)).reached(State.UP)
        await asyncio.sleep(1.3)
        await talks.hang_up()
        first, second, third = [await book.of(f"98765432{n}") for n in (1, 2, 3)]
    assert (first.verdict, first.queue, first.caller_name) == (Verdict.ABANDONED_QUEUE, "ventas", "João Ñandú")
    assert (second.verdict, second.phones, second.did) == (Verdict.NO_ANSWER, ("102",), "5550101")
    assert (third.verdict, third.agent, third.missed) == (Verdict.ANSWERED, "101", False)
    assert {one.caller for one in book.started} == {"987654321", "987654322", "987654323"}


OFFER = """
[from-trunk](+)
exten => 5550110,1,Answer(,i)
 same => n,UserEvent(Other,Choice: whatsapp)
 same => n,Queue(ventas,,,,1)
 same => n,UserEvent(RingbackOffer,Choice: callback)
 same => n,UserEvent(RingbackSurvey,Line: ventas,Score: 4)
 same => n,Hangup()
exten => 5550111,1,Answer(,i)
 same => n,UserEvent(RingbackOffer,Choice: refused)
 same => n,UserEvent(RingbackOffer,Choice: money)
 same => n,UserEvent(RingbackSurvey,Line: ventas,Score: 9)
 same => n,Queue(ventas,,,,1)
"""


@pytest.mark.parametrize("user", ["ringback", "ringback-lean"])
async def test_who_takes_an_offer_is_no_missed_call(kit: Kit, pbx: Pbx, caller: Caller, user: str) -> None:
    with (pbx.folder / "etc/extensions.conf").open("a") as file:
        file.write(OFFER)
    await pbx.cli("dialplan reload")
    book = Book()
    async with listening(pbx, book, user=user), AgentPhone(kit, pbx, "101", default=RINGS):
        await (await caller.dial("987654321", "5550110")).ended(seconds=20)
        await (await caller.dial("987654322", "5550111")).ended(seconds=20)
        took, stayed = await book.of("987654321"), await book.of("987654322")
    assert (took.verdict, took.reason, took.missed) == (Verdict.DEFLECTED, "callback", False)
    assert (stayed.verdict, stayed.missed) == (Verdict.QUEUE_TIMEOUT, True)
    assert (took.score, stayed.score) == (4, 0)


async def test_calls_that_ended_while_nobody_listened_are_told(kit: Kit, pbx: Pbx, caller: Caller) -> None:
    book = Book()
    async with AgentPhone(kit, pbx, "101", default=RINGS):
        async with listening(pbx, book):
            before = await caller.dial("987654331", "5550100")
            await before.established()
            await book.when(lambda: book.started)
        await before.hang_up()
        await (await caller.dial("987654332", "5550104")).ended()
        during = await caller.dial("987654333", "5550100")
        await during.established()
        async with listening(pbx, book):
            assert len(book.resyncs[-1]) == 1
            assert book.started[-1].caller == "987654333"
            await during.hang_up()
            ended = [await book.of(f"98765433{n}") for n in (1, 2, 3)]
    assert [call.verdict for call in ended] == [Verdict.ABANDONED_QUEUE, Verdict.CLOSED, Verdict.ABANDONED_QUEUE]


async def test_a_listener_killed_again_and_again_loses_no_caller(kit: Kit, pbx: Pbx, caller: Caller) -> None:
    book, numbers = Book(), [f"9876540{n:02}" for n in range(40)]
    async with AgentPhone(kit, pbx, "101", default=RINGS):
        placing = asyncio.create_task(caller.dial_many(numbers, "5550100", hang_up_after_ms=400, per_second=6))
        for _ in range(6):
            async with listening(pbx, book, settle_s=0.8):
                await asyncio.sleep(0.97)
        placed = await placing
        await asyncio.gather(*(call.ended(seconds=20) for call in placed))
        async with listening(pbx, book):
            pass
    assert {call.caller for call in book.calls} == set(numbers)
    assert Counter(book.verdicts.values()) == {Verdict.ABANDONED_QUEUE: 40}


async def test_a_restart_of_asterisk_ends_its_calls_and_is_got_over(kit: Kit, pbx: Pbx, caller: Caller) -> None:
    book = Book()
    async with AgentPhone(kit, pbx, "101", default=RINGS), listening(pbx, book):
        call = await caller.dial("987654341", "5550100")
        await call.established()
        await book.when(lambda: book.started)
        await pbx.stop()
        await book.when(lambda: book.downs)
        await pbx.start()
        await book.when(lambda: len(book.resyncs) == 2)
        assert book.resyncs[-1] == frozenset()
        assert (await book.of("987654341")).missed
        again = await caller.dial("987654342", "5550104")
        await again.ended()
        assert (await book.of("987654342")).verdict is Verdict.CLOSED


async def test_we_ring_a_customer_and_he_talks_to_an_agent(kit: Kit, pbx: Pbx) -> None:
    book, dialer = Book(), Dialer(settings(pbx))
    dialling = asyncio.create_task(dialer.run())
    async with (
        listening(pbx, book),
        AgentPhone(kit, pbx, "101", default=answers(50)),
        CustomerPhone(kit, pbx, default=answers(50)) as customers,
    ):
        customers.behaviours["51987654352"] = BUSY
        await dialer.connected()
        for number in ("51987654351", "51987654352"):
            dial = Dial(f"rb-{number}", f"Local/{number}@ringback-outbound", "ringback-callback", "ventas")
            assert await dialer.originate(dial) == Queued()
        leg = await customers.call("51987654351", State.UP)
        await book.when(lambda: len(book.started) == 2)
        await asyncio.sleep(1.5)
        await leg.hang_up()
        talked, busy = [await book.of(f"5198765435{n}") for n in (1, 2)]
    dialling.cancel()
    await asyncio.wait({dialling})
    assert (talked.linkedid, talked.direction, talked.verdict) == ("rb-51987654351", Direction.OURS, Verdict.ANSWERED)
    assert (talked.agent, talked.queue, talked.customer_up) == ("101", "ventas", True)
    assert (busy.linkedid, busy.verdict, busy.customer_up) == ("rb-51987654352", Verdict.BUSY, False)
