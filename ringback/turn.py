"""One fact applied to one case: the case as it changes, and the commands as they gather."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ringback import words
from ringback.command import CallOff, ClearTimer, Command, Note, Record, Send, SetTimer, Withdraw
from ringback.consent import Act, Consent
from ringback.fact import Timer
from ringback.flow import Flow
from ringback.journal import Datum, Entry, Event
from ringback.line import Line
from ringback.message import Body, Message, Text, cut
from ringback.payload import Tap
from ringback.record import Case, Outcome, State
from ringback.slots import NOTHING_TAKEN, Taken, next_slots
from ringback.step import SLOT, fill, render

WINDOW_S = 24 * 3600
"""Free words are allowed for 24 hours after the customer's last message (Meta's rule)."""
NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision may look at beside the case. `on_call`: the customer is on a call with the PBX right now;
    `ringing`: the attempt under way is still up; `no_whatsapp`: WhatsApp did not reach him lately; `stopped`: he asked
    this brand not to contact him, `agreed`: he said that it may; `taken`: which slots of the line are promised. `sign`
    makes the payload of a button, `read` reads it back."""

    line: Line
    flow: Flow
    now: float
    sign: Callable[[Tap], str]
    read: Callable[[str], Tap | None]
    on_call: bool = False
    ringing: bool = False
    no_whatsapp: bool = False
    stopped: bool = False
    agreed: bool = False
    taken: Taken = NOTHING_TAKEN


class Turn:
    """Gathers what one fact does to one case. Lives only inside `ringback.case.apply`."""

    def __init__(self, case: Case, context: Context) -> None:
        self.case = case
        self.context = context
        self.commands: list[Command] = []
        self.taken = context.taken.without(case.booked)

    def change(self, **fields: object) -> None:
        """Change fields of the case."""
        self.case = self.case.model_copy(update=fields)

    def note(self, event: Event, **data: Datum) -> None:
        """Write into the journal."""
        case = self.case
        entry = Entry(at=self.context.now, event=event, case=case.id, line=case.line, customer=case.customer, data=data)
        self.commands.append(Note(entry))

    def wake(self, timer: Timer, at: float) -> None:
        """Set a timer."""
        self.commands.append(SetTimer(timer, at))

    def linger(self, since: float) -> None:
        """Let the case end `expiry_h` after `since`, or when it was to end anyway, if that is later."""
        self.change(expires=max(self.case.expires, since + self.context.line.expiry_h * 3600))
        self.wake(Timer.EXPIRY, self.case.expires)

    def say(self, name: str, until: float = 0.0) -> None:
        """Say a step of the flow; the case then waits for its answer. After `until` (epoch seconds) it is not sent."""
        if not name:
            return
        step = self.context.flow.steps[name]
        line = self.context.line
        words = self._words()
        slots = self.slots(step.most) if step.say == "slots" else {}
        body = render(step, line.language, line.template_code, words, slots, self._payload(name))
        self.send(body, name, fill(step.text.of(line.language), words), until)
        if step.options or step.hears:
            self.change(step=name)

    def send(self, body: Body, step: str, fallback: str = "", until: float = 0.0) -> None:
        """Put a message into the outbox, unless it would be refused because the 24-hour window is closed."""
        case, now = self.case, self.context.now
        if body.kind != "template" and not self.window_open:
            return
        stale = self.useful_until if body.kind == "template" else now + self.context.line.stale_h * 3600
        message = Message(
            id=f"{case.id}-m{case.sent + 1}",
            case=case.id,
            line=case.line,
            brand=self.context.line.brand,
            to=case.customer,
            body=body,
            not_after=until or stale,
        )
        text = fallback if body.kind == "template" else body.text
        self.change(sent=case.sent + 1, pending=(*case.pending, message.id))
        self.case = self.case.heard(now, "us", text)
        self.commands.append(Send(message))
        survey = step in self.context.flow.surveys
        self.note(Event.QUEUED, message=message.id, step=step, body=body.kind, survey=survey)

    @property
    def useful_until(self) -> float:
        """Until when a first message makes sense; hours in which nobody may be written to do not make it late."""
        line, missed = self.context.line, self.case.last_miss
        return (line.messaging.next_open(missed + line.quiet_s, line.timezone) or missed) + line.stale_h * 3600

    @property
    def window_open(self) -> bool:
        """Whether free words are allowed now."""
        return self.context.now < self.case.asked + WINDOW_S

    def record(self, consent: Consent) -> None:
        """Write a customer's word about being contacted into his ledger and into the journal."""
        self.commands.append(Record(self.case.key, consent))
        event = Event.OPTED_OUT if consent.act is Act.WITHDRAWN else Event.OPTED_IN
        self.note(event, brand=consent.brand, way=consent.way, proof=consent.proof, text=consent.text)

    def close(self, outcome: Outcome, **data: Datum) -> None:
        """End the case: nothing of it is pending any more, and his phone stops ringing."""
        self.withdraw()
        if self.case.under_way:
            self.commands.append(CallOff(self.case.under_way, self.context.now))
        self.commands += [ClearTimer(timer) for timer in Timer]
        self.change(state=State.CLOSED, outcome=outcome, closed=self.context.now, step="")
        self.note(Event.CLOSED, outcome=outcome, **data)

    def withdraw(self) -> None:
        """Take back the messages that WhatsApp has not taken yet."""
        self.commands += [Withdraw(message) for message in self.case.pending]
        self.change(pending=())

    def _words(self) -> dict[str, str]:
        case, line, now = self.case, self.context.line, self.context.now
        due = case.callback.due if case.callback else now
        return {
            "brand": line.brand,
            "name": cut(" ".join(case.name.split()), NAME_LENGTH) or line.brand,
            "missed_at": words.clock(case.last_miss, line.timezone),
            "due": words.due(due, now, line.timezone, line.language),
            "late": str(max(1, round((now - due) / 60))),
            "info": line.info or line.brand,
        }

    def slots(self, most: int) -> dict[str, str]:
        """The slots he may choose for a call back: option ids and titles."""
        line, now = self.context.line, self.context.now
        return {
            f"{SLOT}.{int(slot.begins)}": words.slot_title(slot.begins, now, line.timezone, line.language)
            for slot in next_slots(line, self.taken, now, most)
        }

    def _payload(self, step: str) -> Callable[[str], str]:
        return lambda option: self.context.sign(Tap(case=self.case.id, step=step, option=option))


def plain(text: str) -> Text:
    """A person's own words as a message."""
    return Text(text=text)
