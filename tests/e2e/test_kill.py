"""Kill -9 of `ringback run` at ten moments of a busy hour, played fast: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass

import pytest
from rich.console import Console

from ringback.record import Case, Outcome, State
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.phones import answers
from ringbackd.sandbox.scene import Scene, e164
from ringbackd.sandbox.sip import Call
from ringbackd.sandbox.sip import State as Leg
from ringbackd.sandbox.stage import Stage

SEED = 20261122
CALLERS, KILLS, HOUR_S = 40, 10, 45.0
SETTLE_S = 120
TALK_S = 1.5
QUEUE, PHONE, CLOSED = "5550100", "5550101", "5550104"


@dataclass(frozen=True)
class Visit:
    """One customer of the hour: when he calls, what he dials, how long he stays, whether he wants to be called back."""

    number: str
    at: float
    did: str
    stays: float
    taps: bool

    @property
    def missed(self) -> bool:
        return self.did != QUEUE


def script(dice: random.Random) -> list[Visit]:
    return [
        Visit(
            number=f"9870{index:05d}",
            at=dice.uniform(0, HOUR_S),
            did=dice.choice((QUEUE, PHONE, PHONE, CLOSED)),
            stays=dice.uniform(1.5, 4.0),
            taps=dice.random() < 0.6,
        )
        for index in range(CALLERS)
    ]


class Hour:
    """The people of the hour, each doing what the script says."""

    def __init__(self, stage: Stage, visits: list[Visit], dice: random.Random) -> None:
        self.stage, self.visits, self.dice = stage, visits, dice
        self.busy: set[asyncio.Task[None]] = set()
        self.tapped: set[str] = set()
        self.picked_up: set[str] = set()
        stage.changed.append(self.look)

    def look(self) -> None:
        """Whoever got the message taps; the agent talks for a moment to everybody he is given, and hangs up."""
        for visit in self.visits:
            chat = self.stage.cloud.chat(e164(visit.number))
            if visit.taps and chat and visit.number not in self.tapped:
                self.tapped.add(visit.number)
                self.do(self.tap(visit, chat[0].wamid))
        for call in self.stage.people.agent.calls.values():
            if call.state is Leg.UP and call.call_id not in self.picked_up:
                self.picked_up.add(call.call_id)
                self.do(self.talk(call))

    def do(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self.busy.add(task)
        task.add_done_callback(self.busy.discard)

    async def tap(self, visit: Visit, wamid: str) -> None:
        await asyncio.sleep(self.dice.uniform(0.1, 2.0))
        await self.stage.cloud.tap(e164(visit.number), wamid, 0)

    async def talk(self, call: Call) -> None:
        await asyncio.sleep(TALK_S)
        if call.state is Leg.UP:
            await call.hang_up()

    async def visit(self, visit: Visit) -> None:
        await asyncio.sleep(visit.at)
        call = await self.stage.people.dial(visit.number, visit.did)
        if not visit.missed:
            await call.ended(seconds=SETTLE_S)
        await asyncio.sleep(visit.stays)
        if call.state is not Leg.ENDED:
            await call.hang_up()

    async def kills(self) -> None:
        began = asyncio.get_running_loop().time()
        for moment in sorted(self.dice.uniform(1, HOUR_S) for _ in range(KILLS)):
            await asyncio.sleep(max(0.0, began + moment - asyncio.get_running_loop().time()))
            await self.stage.kill_ringback()
            await asyncio.sleep(self.dice.uniform(0.0, 1.0))
            await self.stage.start_ringback()

    async def unsettled(self) -> list[str]:
        """The missed callers who were not followed up to the end yet, and why."""
        cases = await self.cases()
        return [
            f"{visit.number} ({visit.did}): {case.state if case else 'no case'}"
            for visit in self.visits
            if visit.missed and not _settled(visit, case := cases.get(visit.number))
        ]

    async def cases(self) -> dict[str, Case]:
        """The newest case of every customer."""
        names = {entry.customer[3:]: entry.case for entry in await self.stage.journal() if entry.case}
        found = {number: await self.stage.store.case(name) for number, name in names.items()}
        return {number: case for number, case in found.items() if case}

    async def settle(self) -> None:
        """Wait until there is nothing left to do."""
        for _ in range(SETTLE_S):
            if not await self.unsettled():
                return
            await asyncio.sleep(1)
        self.stage.keep_folder = True
        pytest.fail(f"not followed up: {await self.unsettled()}; look at {self.stage.log_path}")


def _settled(visit: Visit, case: Case | None) -> bool:
    if case is None or case.pending or case.state is State.WAITING:
        return False
    return not (visit.taps and case.active)


@pytest.mark.pbx
@pytest.mark.timeout(400)
async def test_ten_kills_in_a_busy_hour_lose_nothing_and_repeat_nothing(kit: Kit) -> None:
    dice = random.Random(SEED)
    visits = script(dice)
    async with Stage(Console(stderr=True), Scene(quiet_s=0.5, doubt_s=8), kit=kit) as stage:
        stage.people.agent.default = stage.people.customers.default = answers(200)
        hour = Hour(stage, visits, dice)
        await asyncio.gather(hour.kills(), *(hour.visit(visit) for visit in visits))
        await hour.settle()
        await asyncio.gather(*hour.busy)
        posted = Counter(message.to for message in stage.cloud.accepted if message.body["type"] == "template")
        rung = Counter(call.number for call in stage.people.customers.calls.values())
        cases = await hour.cases()
    missed = {visit.number for visit in visits if visit.missed}
    assert {number: posted[e164(number)] for number in sorted(missed)} == dict.fromkeys(sorted(missed), 1)
    assert set(posted) == {e164(number) for number in missed}
    wanted = {visit.number for visit in visits if visit.missed and visit.taps}
    assert {number: rung[number] for number in sorted(wanted)} == dict.fromkeys(sorted(wanted), 1)
    assert set(rung) == wanted
    outcomes = {number: case.outcome for number, case in cases.items() if number in wanted}
    assert outcomes == dict.fromkeys(wanted, Outcome.CALLBACK)
