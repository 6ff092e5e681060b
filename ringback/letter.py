"""The life of each message of ours, folded from the journal: when it came how far, what it cost, why it failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ringback.journal import Datum, Entry, Event
from ringback.receipt import Tick, counts

ABOUT = frozenset({Event.QUEUED, Event.ACCEPTED, Event.REFUSED, Event.DELIVERY})


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened to a message at `at` (epoch seconds, WhatsApp's own where it tells). `late`: it changed
    nothing any more."""

    at: float
    what: str
    detail: str = ""
    late: bool = False


@dataclass
class Letter:
    """One message. `status` is queued, accepted, sent, delivered, read, played, failed or refused."""

    id: str
    case: str = ""
    line: str = ""
    customer: str = ""
    step: str = ""
    body: str = ""
    wamid: str = ""
    status: str = "queued"
    queued: float = 0.0
    accepted: float = 0.0
    tick: str = ""
    category: str = ""
    billable: bool | None = None
    code: int = 0
    why: str = ""
    moments: list[Moment] = field(default_factory=list)

    def tell(self, entry: Entry) -> None:
        """Take in the next entry about it."""
        match entry.event:
            case Event.QUEUED:
                self._queued(entry)
            case Event.ACCEPTED:
                self._accepted(entry.data)
            case Event.REFUSED:
                self._refused(entry)
            case Event.DELIVERY:
                self._told(entry.data)

    def _queued(self, entry: Entry) -> None:
        data = entry.data
        self.case, self.line, self.customer, self.queued = entry.case, entry.line, entry.customer, entry.at
        self.step, self.body = str(data["step"]), str(data["body"])
        self.moments.append(Moment(entry.at, "queued", f"{self.body} {self.step}"))

    def _accepted(self, data: Mapping[str, Datum]) -> None:
        self.wamid, self.accepted = str(data["wamid"]), float(data["accepted_at"])
        self.status = self.tick or "accepted"
        self.moments.append(Moment(self.accepted, "accepted", self.wamid))

    def _refused(self, entry: Entry) -> None:
        self.code, self.why = int(entry.data["code"]), str(entry.data["why"])
        self.status = "refused"
        self.moments.append(Moment(entry.at, self.status, f"({self.code}) {self.why}"))

    def _told(self, data: Mapping[str, Datum]) -> None:
        tick, late = str(data["status"]), not counts(str(data["status"]), self.tick)
        self.category = str(data.get("category", "")) or self.category
        billable = data.get("billable")
        self.billable = billable if isinstance(billable, bool) else self.billable
        code, why = int(data["code"]), str(data["why"])
        self.moments.append(Moment(float(data["told_at"]), tick, f"({code}) {why}" if code or why else "", late))
        if not late:
            self.tick = self.status = tick
        if tick == Tick.FAILED and not late:
            self.code, self.why = code, why


def letters(journal: Iterable[Entry]) -> dict[str, Letter]:
    """Every message in the journal by our id, the oldest first."""
    found: dict[str, Letter] = {}
    for entry in journal:
        follow(found, entry)
    return found


def follow(found: dict[str, Letter], entry: Entry) -> None:
    """Take in the next entry of the journal, if it is about a message."""
    if entry.event in ABOUT:
        name = str(entry.data["message"])
        found.setdefault(name, Letter(name)).tell(entry)
