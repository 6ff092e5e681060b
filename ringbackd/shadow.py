"""What Ringback would have done about recorded calls: the policy and the table of cases, on the recording's own time.

Nothing is sent and nothing is stored. It is supposed that WhatsApp takes every message, that nobody answers one, and
that everybody has agreed to be contacted. Memory grows with the customers who were written to or talked to a person,
not with calls.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ami_listener.tracker import CallStarted
from ringback import payload
from ringback.call import Call, Direction
from ringback.case import On, apply, meaning, open_missed
from ringback.command import ClearTimer, Command, Send, SetTimer
from ringback.consent import Act, Ruling
from ringback.fact import CallEnded, Fact, Timer, TimerFired
from ringback.flow import Flow
from ringback.line import Line, line_of
from ringback.message import Message, Template
from ringback.phone import NoNumber, Number
from ringback.policy import Memory, why_not
from ringback.record import Case, Outcome, State
from ringback.turn import Context
from ringbackd.alarms import Alarm, Alarms, Customer
from ringbackd.decision import Action, Decision

BY_PHONE = {State.PROMISED: Action.RING, State.WITH_PERSON: Action.PERSON}
"""States that nobody's answer led to: WhatsApp does not reach him."""
AGREED = Ruling(Act.GIVEN)
UNUSED = b"no button of a message that is never sent comes back"

CANCELLED = {
    Outcome.RETURNED: "called again and talked to a person",
    Outcome.MANUAL: "was called and talked to a person",
    Outcome.EXPIRED: "on the phone until it was too late to be useful",
}
"""Why a case can end before anything was sent."""


@dataclass
class Shadow:
    """Told of calls as the sink of a listener is, it decides as the desk does. Times must not go backwards."""

    lines: tuple[Line, ...]
    flows: Mapping[str, Flow]
    _now: float = 0.0
    _cases: dict[Customer, Case] = field(default_factory=dict)
    _contacted: dict[Customer, float] = field(default_factory=dict)
    _talked: dict[str, float] = field(default_factory=dict)
    _live: dict[str, str] = field(default_factory=dict)
    _alarms: Alarms = field(default_factory=Alarms)
    _undecided: dict[str, Decision] = field(default_factory=dict)
    _queue: deque[Decision] = field(default_factory=deque)

    def started(self, call: CallStarted) -> None:
        """A customer is on the line: nobody writes to him meanwhile."""
        self._wind(call.at)
        number = (line_of(self.lines, call.did, ()) or self.lines[0]).number(call.caller)
        if isinstance(number, Number):
            self._live[call.linkedid] = number.key

    def ended(self, call: Call, file: str = "", *, timed: bool = True) -> None:
        """A call has its verdict."""
        self._wind(call.ended)
        self._live.pop(call.linkedid, None)
        decision = Decision(call, at=self._now, file=file, timed=timed)
        self._queue.append(decision)
        line = line_of(self.lines, call.did, (*call.queues, call.queue))
        other = call.dialled if call.direction is Direction.OUTBOUND else call.caller
        number = (line or self.lines[0]).number(other)
        on = meaning(CallEnded(call=call))
        if on is On.REACHED and isinstance(number, Number):
            self._reached(decision, number)
        elif on is On.MISSED:
            self._missed(decision, line, number)

    def resumed(self) -> None:
        """Another recording begins: the calls that were up in the one before are over, nobody knows how."""
        self._live.clear()

    def finish(self) -> None:
        """No more calls: who is quiet now stays so; of who is still on the phone nothing is decided."""
        while alarm := self._alarms.next():
            if alarm.timer is Timer.QUIET and not self._on_call(alarm.customer):
                self._fire(alarm)
        for decision in self._undecided.values():
            decision.why = "still on the phone at the end"
        self._undecided.clear()

    def decided(self) -> Iterator[Decision]:
        """The calls about which nothing changes any more, in the order of their ends; each is given once."""
        while self._queue and self._queue[0].case not in self._undecided:
            yield self._queue.popleft()

    def _wind(self, at: float) -> None:
        while alarm := self._alarms.next(until=at):
            self._fire(alarm)
        self._now = max(self._now, at)

    def _fire(self, alarm: Alarm) -> None:
        self._now = max(self._now, alarm.at)
        case = self._cases[alarm.customer]
        self._apply(case, TimerFired(case=case.id, timer=alarm.timer, due=alarm.at))

    def _reached(self, decision: Decision, number: Number) -> None:
        self._talked[number.key] = decision.call.ended
        fact = CallEnded(call=decision.call)
        for case in [case for (_, key), case in self._cases.items() if key == number.key]:
            if not self._apply(case, fact).active:
                decision.action, decision.case, decision.line = Action.CLOSE, case.id, case.line

    def _missed(self, decision: Decision, line: Line | None, number: Number | NoNumber) -> None:
        call = decision.call
        if line is None:
            decision.action = Action.SUPPRESS
            decision.why = f"no line has the number {call.did!r} or its queue"
            return
        customer = (line.name, number.key if isinstance(number, Number) else "")
        decision.line = line.name
        if case := self._cases.get(customer):
            decision.action, decision.case = Action.JOIN, case.id
            self._apply(case, CallEnded(call=call))
            return
        memory = Memory(AGREED, contacted=self._contacted.get(customer, 0.0), talked=self._talked.get(customer[1], 0.0))
        why = why_not(call, line, number, memory, self._now)
        if why or isinstance(number, NoNumber):
            decision.action, decision.why = Action.SUPPRESS, why
            return
        self._begin(decision, number, self._context(customer))

    def _begin(self, decision: Decision, number: Number, context: Context) -> None:
        case, commands = open_missed(CallEnded(call=decision.call), number, context)
        decision.action, decision.case = Action.WAIT, case.id
        self._undecided[case.id] = decision
        self._put(case, commands)

    def _apply(self, case: Case, fact: Fact) -> Case:
        after, commands = apply(case, fact, self._context((case.line, case.key)))
        self._put(after, commands)
        return after

    def _put(self, case: Case, commands: tuple[Command, ...]) -> None:
        customer = (case.line, case.key)
        self._cases[customer] = case
        for command in commands:
            match command:
                case Send():
                    self._sent(case, command.message)
                case SetTimer():
                    self._alarms.set(customer, command.timer, command.at)
                case ClearTimer():
                    self._alarms.clear(customer, command.timer)
        if case.state in BY_PHONE:
            self._settle(case, BY_PHONE[case.state], why=case.unwritable)
        if not case.active:
            del self._cases[customer]
            self._settle(case, Action.CANCEL, why=CANCELLED.get(case.outcome, "") if case.outcome else "")

    def _sent(self, case: Case, message: Message) -> None:
        body = message.body
        if isinstance(body, Template):
            self._contacted[case.line, case.key] = case.opened
            self._settle(case, Action.SEND, to=message.to, template=f"{body.name} ({body.language})")

    def _settle(self, case: Case, action: Action, **values: str) -> None:
        decision = self._undecided.pop(case.id, None)
        if decision:
            decision.action, decision.at = action, self._now
            for name, value in values.items():
                setattr(decision, name, value)

    def _on_call(self, customer: Customer) -> bool:
        return customer[1] in self._live.values()

    def _context(self, customer: Customer) -> Context:
        line = next(line for line in self.lines if line.name == customer[0])
        return Context(
            line=line,
            flow=self.flows[line.flow],
            now=self._now,
            sign=lambda tap: payload.sign(UNUSED, tap),
            read=lambda text: payload.read(UNUSED, text),
            on_call=self._on_call(customer),
        )
