"""A flood of events, on the real Asterisk 22 too, and a reader that has other things to do: we are not thrown out."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from ami_listener.breath import BREATH
from ami_listener.listener import Listener
from ami_listener.tracker import Outcome, Tracker
from ringback.call import Verdict
from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.process import until
from ringbackd.sandbox.sip import Caller
from tests.listener.hostile import hostile
from tests.listener.test_real_pbx import Book, listening

ROWS, KEPT = 2_000, 3_000
CHANNELS, ROUNDS = 8, 2_200
"""Each round is three Newexten and two VarSet, one of which decides: 88,000 events."""

BUSY_S = 0.03
"""How long, again and again, the reader's process does something else: half of its time."""

FLOOD = f"""
[flood]
exten => s,1,Set(N=0)
 same => n(top),Set(DIALSTATUS=BUSY)
 same => n,Set(N=$[${{N}} + 1])
 same => n,GotoIf($[${{N}} < {ROUNDS}]?top)
 same => n,Hangup()
"""


async def other_work() -> None:
    """Keeps the loop from reading, as a long computation would."""
    while True:
        end = time.monotonic() + BUSY_S
        while time.monotonic() < end:
            sum(range(1_000))
        await asyncio.sleep(BUSY_S)


@pytest.mark.alone
@pytest.mark.pbx
async def test_fifty_thousand_events_at_the_strictest_timeout_cost_no_connection(pbx: Pbx, caller: Caller) -> None:
    with (pbx.folder / "etc/extensions.conf").open("a") as file:
        file.write(FLOOD)
    with (pbx.folder / "etc/manager.conf").open("a") as file:
        file.write("\n[strict](ringback)\nwritetimeout = 100\n")
    await pbx.cli("dialplan reload")
    await pbx.cli("manager reload")
    book = Book()

    async def over() -> bool:
        return "0 active channels" in await pbx.cli("core show channels")

    async with listening(pbx, book, user="strict"):
        busy = asyncio.create_task(other_work())
        for _ in range(CHANNELS):
            await pbx.cli("channel originate Local/s@flood application NoOp")
        await until(over, seconds=60, otherwise=lambda: "the flood does not end")
        closed = await caller.dial("987654321", "5550104")
        await closed.ended(seconds=60)
        call = await book.of("987654321")
        busy.cancel()
    assert call.verdict is Verdict.CLOSED
    assert (book.downs, len(book.resyncs)) == ([], 1)
    log = pbx.log_path.read_text()
    assert "Timed out" not in log, log


def channel(name: str, number: int, more: str = "") -> str:
    own = f"Channel: PJSIP/carrier-{number}\r\nUniqueid: 1.{number}\r\nLinkedid: 1.{number}\r\n"
    return f"Event: {name}\r\n{own}Context: from-trunk\r\n{more}\r\n"


async def test_a_resync_of_many_channels_lets_the_link_be_read_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in turns of the loop, not in seconds."""
    turn, fed, feed = 0, Counter[int](), Tracker.feed

    def counted(self: Tracker, event: Mapping[str, str], at: float) -> list[Outcome]:
        fed[turn] += 1
        return feed(self, event, at)

    async def count_turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    def rows(action: dict[str, str]) -> Iterator[str]:
        own = f"ActionID: {action['ActionID']}\r\n"
        yield "".join(channel("Newstate", number) for number in range(KEPT))
        yield f"Response: Success\r\n{own}EventList: start\r\n\r\n"
        yield "".join(channel("CoreShowChannel", number, own) for number in range(ROWS))
        yield f"Event: CoreShowChannelsComplete\r\n{own}EventList: Complete\r\n\r\n"

    monkeypatch.setattr(Tracker, "feed", counted)
    book = Book()
    async with hostile() as server:
        server.replies["CoreShowChannels"] = rows
        tasks = [asyncio.create_task(work) for work in (Listener(server.settings(), book).run(), count_turns())]
        await book.when(lambda: book.resyncs)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    assert sum(fed.values()) == ROWS + KEPT
    assert len(book.resyncs[0]) == KEPT
    assert max(fed.values()) <= 2 * BREATH
