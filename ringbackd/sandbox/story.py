"""The whole story, played by itself: three calls, one recovered customer, and how many seconds every step took."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.rule import Rule

from ringback import kpi
from ringback.call import Verdict
from ringback.record import Outcome
from ringbackd.show import report_table

from .cloudchat import ChatItem
from .cloudspec import Knobs
from .customer import PHONE, Customer
from .errors import KitError
from .page import Page
from .phones import ReceivedCall
from .scene import BRAND, CUSTOMERS, Scene
from .sip import State
from .stage import Stage

T = TypeVar("T")
HOLD_S = 1.6
"""How long a caller listens to the music before he gives up: longer than what counts as a wrong number."""
TALK_S = 2.0
SLOW_S = 5.0


class Timeline:
    """Prints every step with the seconds since the step before it."""

    def __init__(self, stage: Stage, console: Console) -> None:
        self._stage, self._console = stage, console
        self._began = self._last = time.monotonic()

    async def step(self, who: str, what: str, doing: Awaitable[T]) -> T:
        """Wait for one step and print it. Raises KitError, after a red line, when it does not happen."""
        try:
            result = await doing
        except KitError as error:
            self._print("[bold red]✘[/]", who, f"[red]{escape(what)}[/]")
            self._explain(str(error))
            raise
        self._print("[green]✔[/]", who, escape(what))
        return result

    def _explain(self, why: str) -> None:
        logs = f"look at {self._stage.log_path} and {self._stage.pbx.log_path}"
        for line in (why, logs):
            self._console.print(f"     {line}", style="red", markup=False, highlight=False, soft_wrap=True)

    def _print(self, mark: str, who: str, what: str) -> None:
        now = time.monotonic()
        gap, self._last = now - self._last, now
        colour = "yellow" if gap > SLOW_S else "dim"
        when = f"[bold]{now - self._began:5.1f} s[/] [{colour}]{f'+{gap:.1f}':>5}[/]"
        self._console.print(f"  {when}  {mark} [cyan]{who:<9}[/] {what}", highlight=False)


class Story:
    """Ana hangs up in the queue and is won back; Rosa rings a phone in vain and writes; Luis is answered."""

    def __init__(self, stage: Stage, console: Console) -> None:
        self.stage = stage
        self.line = Timeline(stage, console)
        self.ana, self.luis, self.rosa = (Customer(stage, number) for number in CUSTOMERS)

    async def play(self) -> None:
        """Everything in order. Raises KitError at the first step that does not happen."""
        await self._answered()
        first = await self._missed()
        ringing = await self._asks_for_a_call(first)
        await self._called_back(ringing)
        await self._survey()
        await self._writes()
        await self.line.step("Luis", "was answered: he got no message and no case", self._nothing_for_luis())

    async def _answered(self) -> None:
        self.stage.people.agent_available = True
        await self.line.step("Luis", "calls the queue, an agent answers, both talk", self.luis.talk(for_s=HOLD_S))
        verdict = self._verdict(self.luis, Verdict.ANSWERED)
        await self.line.step("Ringback", "verdict: answered, nothing to do", verdict)
        self.stage.people.agent_available = False

    async def _missed(self) -> ChatItem:
        both = asyncio.gather(self.ana.abandon(after_s=HOLD_S), self.rosa.abandon(PHONE, after_s=HOLD_S))
        await self.line.step("Ana, Rosa", "wait in the queue, ring a phone in vain; hang up", both)
        await self.line.step(
            "Ringback", "verdict: abandoned in queue", self._verdict(self.ana, Verdict.ABANDONED_QUEUE)
        )
        await self.line.step("Ringback", "verdict: no answer", self._verdict(self.rosa, Verdict.NO_ANSWER))
        quiet = self.stage.scene.quiet_s
        what = f"gets a message of {BRAND} (quiet time {quiet:g} s)"
        await self.line.step("Rosa", what, self.rosa.message(1))
        return await self.line.step("Ana", what, self.ana.message(1))

    async def _asks_for_a_call(self, first: ChatItem) -> ReceivedCall:
        self.stage.people.agent_available = True
        title = first.options[0].title
        await self.line.step("Ana", f"taps “{title}”", self.ana.tap(first, title))
        return await self.line.step("Asterisk", "rings Ana's phone", self.ana.rung())

    async def _called_back(self, ringing: ReceivedCall) -> None:
        ringing.answer()
        await self.line.step("Ana", "answers and is put into the queue", ringing.established())
        agent = await self.line.step("Agent 101", "answers: they talk", self.stage.people.agent.call(None, State.UP))
        await asyncio.sleep(TALK_S)
        await self.line.step("Agent 101", "hangs up", agent.hang_up())
        closed = self.ana.case("the case closes as recovered", lambda case: case.outcome is Outcome.CALLBACK)
        await self.line.step("Ringback", "closes the case: recovered by a call back", closed)

    async def _survey(self) -> None:
        survey = await self.line.step("Ana", "is asked how it was", self.ana.message(3))
        title = survey.options[0].title
        await self.line.step("Ana", f"taps “{title}”", self.ana.tap(survey, title))
        await self.line.step("Ringback", "has her rating", self.ana.case("the rating", lambda case: case.rating > 0))

    async def _writes(self) -> None:
        """Rosa would rather write: what she wants to know is in the settings, no person is needed."""
        asked = self.rosa.received()[0]
        for place, what in ((2, "would rather write"), (0, "asks for the hours"), (0, "has what she needed")):
            title = asked.options[place].title
            await self.line.step("Rosa", f"{what}: taps “{title}”", self.rosa.tap(asked, title))
            asked = await self.rosa.message(len(self.rosa.received()) + 1)
        solved = self.rosa.case("the case closes as solved", lambda case: case.outcome is Outcome.SOLVED)
        await self.line.step("Ringback", "closes the case: recovered, solved in WhatsApp", solved)

    async def _verdict(self, customer: Customer, wanted: Verdict) -> None:
        found = (await customer.verdict()).data["verdict"]
        if found != wanted:
            raise KitError(f"the verdict of {customer.name} is {found}, not {wanted}")

    async def _nothing_for_luis(self) -> None:
        case, messages = await self.stage.case(self.luis.number), self.luis.received()
        if case or messages:
            raise KitError(f"{self.luis.name} was answered, yet has {len(messages)} messages and the case {case}")


async def play(stage: Stage, console: Console) -> bool:
    """Play the story on a booted stage; True only if every step happened. Takes some 15 seconds."""
    began = time.time()
    console.print(Rule("the story, and the seconds since the step before", align="left", style="dim"))
    try:
        await Story(stage, console).play()
    except KitError:
        stage.keep_folder = True
        return False
    console.print()
    report_table(console, kpi.report(await stage.store.journal(), began, time.time()))
    return True


async def sandbox_main(auto: bool, port: int, console: Console) -> int:
    """`ringback sandbox`: with `auto` the story, else the page until Ctrl-C. Returns the exit code of the command."""
    work = asyncio.ensure_future(_auto(console) if auto else _serve(port, console))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    try:
        return await work
    except asyncio.CancelledError:
        console.print("stopped; nothing is left running")
        return 130 if auto else 0
    except (KitError, OSError) as error:
        console.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1


async def _auto(console: Console) -> int:
    async with Stage(console) as stage:
        happened = await play(stage, console)
        if not happened:
            console.print(f"the logs of this run stay in {stage.folder}", style="yellow", soft_wrap=True)
    return 0 if happened else 1


async def _serve(port: int, console: Console) -> int:
    # The delays are those of a phone on a mobile network: the ticks can be seen coming.
    _must_be_free(port)
    async with Stage(console, Scene(knobs=Knobs(latency_s=0.4, step_s=0.6))) as stage, Page(stage, port) as page:
        console.print(Panel(_welcome(stage, page.url), title="Ringback", title_align="left", expand=False))
        await asyncio.Event().wait()
    return 0


def _welcome(stage: Stage, url: str) -> str:
    return (
        f"Open [bold link={url}]{url}[/]\n\n"
        "1. Call [bold]Ventas[/]: nobody is free. Wait two seconds and hang up.\n"
        "2. Two seconds later the WhatsApp message is there: tap [bold]Llámenme ahora[/].\n"
        "3. The phone rings: answer, and answer as the agent too.\n\n"
        f"In another terminal:\n{Path(sys.executable).parent / 'ringback'} report -c {stage.settings_path}\n\n"
        "Ctrl-C stops everything and leaves nothing behind."
    )


def _must_be_free(port: int) -> None:
    """Before half a minute is spent on booting everything. Raises KitError."""
    try:
        with socket.create_server(("127.0.0.1", port)):
            return
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        raise KitError(f"port {port} of 127.0.0.1: {why}; choose another one with --port, 0 takes any") from error
