"""A line, a flow, a clock and the shortest way to make facts, for the tests of the core."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ringback import payload
from ringback.call import Call, Direction, Verdict
from ringback.case import apply, open_missed
from ringback.command import Command, Dial, Note, Send, SetTimer
from ringback.fact import Accepted, CallEnded, Fact, Said, Timer, TimerFired
from ringback.flow import Flow
from ringback.journal import Entry, Event
from ringback.line import CallbackPlan, Line
from ringback.message import Buttons, Menu, Message, Template
from ringback.phone import Number
from ringback.record import Case
from ringback.slots import NOTHING_TAKEN, Taken
from ringback.turn import Context

ROOT = Path(__file__).parent.parent.parent
NOON = 1_795_453_200.0
"""Monday 2026-11-23, 12:00 in Lima (17:00 UTC)."""
SECRET = b"a secret of the tests"
FLOW = Flow.model_validate(tomllib.loads((ROOT / "flows/general.toml").read_text(encoding="utf-8")))
CUSTOMER = Number(e164="+51987654321", dial="987654321")


def line(**changes: Any) -> Line:
    values = {
        "name": "ventas",
        "brand": "Tienda Sol",
        "region": "PE",
        "timezone": "America/Lima",
        "dids": ("5550100",),
        "queues": ("ventas",),
        "info": "Av. Uno 123, de 9 a 18 h",
        "callback": CallbackPlan(exten="ventas"),
    }
    return Line.model_validate(values | changes)


def call(verdict: Verdict = Verdict.ABANDONED_QUEUE, at: float = NOON, **changes: Any) -> Call:
    values = {
        "pbx": "pbx",
        "linkedid": f"{at}",
        "direction": Direction.INBOUND,
        "verdict": verdict,
        "caller": "987654321",
        "did": "5550100",
        "queue": "ventas",
        "queues": ("ventas",),
        "started": at - 10,
        "ended": at,
        "wait": 8.0,
        "talk": 60.0 if verdict is Verdict.ANSWERED else 0.0,
    }
    return Call.model_validate(values | changes)


@dataclass
class World:
    """One case and its clock; every command is kept."""

    line: Line = field(default_factory=line)
    now: float = NOON
    on_call: bool = False
    ringing: bool = False
    stopped: bool = False
    agreed: bool = False
    no_whatsapp: bool = False
    taken: Taken = NOTHING_TAKEN
    flow: Flow = FLOW
    commands: list[Command] = field(default_factory=list)
    current: Case | None = None
    said: int = 0

    @property
    def case(self) -> Case:
        assert self.current
        return self.current

    @property
    def context(self) -> Context:
        return Context(
            line=self.line,
            flow=self.flow,
            now=self.now,
            sign=lambda tap: payload.sign(SECRET, tap),
            read=lambda text: payload.read(SECRET, text),
            on_call=self.on_call,
            ringing=self.ringing,
            stopped=self.stopped,
            agreed=self.agreed,
            no_whatsapp=self.no_whatsapp,
            taken=self.taken,
        )

    def missed(self, **changes: Any) -> None:
        fact = CallEnded(call=call(at=self.now, **changes))
        if self.current and self.current.active:
            self.tell(fact)
        else:
            self.current, commands = open_missed(fact, CUSTOMER, self.context)
            self.commands += commands

    def tell(self, fact: Fact) -> tuple[Command, ...]:
        self.current, commands = apply(self.case, fact, self.context)
        self.commands += commands
        return commands

    def fire(self, timer: Timer) -> tuple[Command, ...]:
        """Let the clock reach the last setting of a timer."""
        self.now = max(self.now, self.timer(timer))
        return self.tell(TimerFired(case=self.case.id, timer=timer, due=self.timer(timer)))

    def timer(self, timer: Timer) -> float:
        return [c.at for c in self.commands if isinstance(c, SetTimer) and c.timer is timer][-1]

    def taps(self, option: str, message: Message | None = None) -> tuple[Command, ...]:
        """The customer taps the button with this option on the last message that has one."""
        carried = [p for m in ([message] if message else self.messages) for p in payloads(m) if f"|{option}|" in p]
        return self.says("", carried[-1])

    def says(self, text: str, carried: str = "") -> tuple[Command, ...]:
        self.said += 1
        return self.tell(Said(wamid=f"in{self.said}", wa_id="51987654321", text=text, payload=carried, at=self.now))

    def accept(self) -> None:
        for message in self.case.pending:
            self.tell(Accepted(case=self.case.id, message=message, wamid=f"w-{message}", at=self.now))

    @property
    def messages(self) -> list[Message]:
        return [c.message for c in self.commands if isinstance(c, Send)]

    @property
    def dials(self) -> list[Dial]:
        return [c for c in self.commands if isinstance(c, Dial)]

    @property
    def journal(self) -> list[Entry]:
        return [c.entry for c in self.commands if isinstance(c, Note)]

    def events(self) -> list[Event]:
        return [entry.event for entry in self.journal]


def contacted(**changes: Any) -> World:
    """A customer who was written to and has not answered."""
    world = World(line=line(**changes))
    world.missed()
    world.fire(Timer.QUIET)
    world.accept()
    return world


def payloads(message: Message) -> list[str]:
    match message.body:
        case Template():
            return [button.payload for button in message.body.buttons]
        case Buttons():
            return [button.id for button in message.body.buttons]
        case Menu():
            return [row.id for row in message.body.rows]
    return []
