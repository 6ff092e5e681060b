"""What the journal tells of one case, as far as the figures need it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ringback.journal import Entry, Event
from ringback.receipt import REACHED
from ringback.record import Outcome

RECOVERED = (Outcome.CALLBACK, Outcome.SOLVED, Outcome.RETURNED, Outcome.MANUAL)
WINDOW_S = 24 * 3600
"""A recovery counts within a day of the missed call."""


@dataclass
class Story:
    """One case, folded from its entries in order. Times are epoch seconds."""

    missed_at: float = 0.0
    customer: str = ""
    delivered: bool = False
    engaged: bool = False
    escalated: bool = False
    outcome: str = ""
    how: str = ""
    closed: float = 0.0
    rating: int = 0
    survey: str = ""
    accepted: list[float] = field(default_factory=list)
    said: list[float] = field(default_factory=list)
    human: list[float] = field(default_factory=list)

    def tell(self, entry: Entry) -> None:
        """Take in the next entry."""
        if entry.event in {Event.QUEUED, Event.ACCEPTED, Event.DELIVERY}:
            self._our_message(entry)
        elif entry.event in {Event.OPENED, Event.CLOSED}:
            self._milestone(entry)
        else:
            self._conversation(entry)

    def _our_message(self, entry: Entry) -> None:
        message = str(entry.data["message"])
        if entry.event is Event.QUEUED and entry.data.get("survey"):
            self.survey = message
        elif entry.event is Event.QUEUED or message == self.survey:
            return  # a question how it was helps nobody
        elif entry.event is Event.ACCEPTED:
            self.accepted.append(float(entry.data["accepted_at"]))
        else:
            self.delivered = self.delivered or entry.data["status"] in REACHED

    def _milestone(self, entry: Entry) -> None:
        data = entry.data
        if entry.event is Event.OPENED:
            self.missed_at, self.customer = float(data["missed_at"]), entry.customer
            return
        self.outcome, self.how, self.closed = str(data["outcome"]), str(data.get("how", "")), entry.at
        talk = float(data.get("talk", 0))
        if talk:
            self.human.append(float(data.get("at", entry.at)) - talk)

    def _conversation(self, entry: Entry) -> None:
        match entry.event:
            case Event.SAID if not self.closed:
                self.engaged = True
                self.said.append(entry.at)
            case Event.HANDED_OVER:
                self.escalated = True
            case Event.PERSON_REPLIED:
                self.human.append(entry.at)
            case Event.RATED:
                self.rating = int(entry.data["rating"])

    @property
    def recovered(self) -> bool:
        """Whether he was reached or helped in time."""
        return self.outcome in RECOVERED and self.closed <= self.missed_at + WINDOW_S

    def first_answer(self) -> float | None:
        """Seconds from the miss to our first message after his first words, None if there is none."""
        after = [at for at in self.accepted if self.said and at >= min(self.said)]
        return min(after) - self.missed_at if after else None
