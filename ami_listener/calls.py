"""What is known of a call while it lasts: where the caller is, whom he talked to, how the phones answered. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from ami_listener.contexts import Kind
from ringback.call import Direction, SaidThere

SAME_S = 1.0
"""The live event and the CEL row of one queue entry or transfer are never further apart than this."""


MOST = 1_000
"""Queue stays, phones, results and absorbed calls that are kept of one call; any more is no call but noise."""


class Place(Enum):
    """Where in the PBX a caller is, or was when he left."""

    NOWHERE = auto()
    PHONES = auto()
    QUEUE = auto()
    IVR = auto()
    VOICEMAIL = auto()
    CLOSED = auto()


@dataclass(slots=True)
class Talk:
    """Seconds that two people heard each other, over any number of stretches."""

    total: float = 0.0
    since: float | None = None
    heard: bool = False

    def update(self, connected: bool, at: float) -> None:
        """Say whether they hear each other from `at` on; times that go backwards add nothing."""
        if self.since is not None:
            self.total += max(0.0, at - self.since)
        self.since = at if connected else None
        self.heard = self.heard or connected

    def reached(self, seconds: float) -> bool:
        """Whether they talked for at least so long."""
        return self.heard and self.total >= seconds


@dataclass(slots=True)
class Stay:
    """A caller's time in one queue; `status` is Asterisk's QUEUESTATUS, or TIMEOUT when the queue let him go."""

    queue: str
    joined: float
    left: float | None = None
    status: str = ""


@dataclass(slots=True)
class LiveCall:
    """One call in progress. `origin` executes its dialplan; `person` is the customer's leg ("" while unknown).

    `placed`: the PBX itself placed it, for a program or a person who clicked on a number.
    `complete` is False when its beginning, or who else is in its bridge, was not seen: then only what was witnessed may
    be said of it; `judged`: its verdict was told before all of its channels were known. `born` is its beginning by the
    registry's own clock, which no step of Asterisk's clock moves.
    """

    linkedid: str
    started: float
    latest: float
    born: float
    origin: str
    person: str = ""
    person_name: str = ""
    complete: bool = False
    placed: bool = False
    judged: bool = False
    announced: bool = False
    direction: Direction = Direction.INTERNAL
    caller: str = ""
    caller_name: str = ""
    did: str = ""
    dialled: str = ""
    channels: set[str] = field(default_factory=set)
    absorbed: list[LiveCall] = field(default_factory=list)
    place: Place = Place.NOWHERE
    schedule: bool = False
    menu: str = ""
    stays: list[Stay] = field(default_factory=list)
    legs: int = 0
    phones: list[str] = field(default_factory=list)
    dial_results: set[str] = field(default_factory=set)
    hung_up: float | None = None
    customer_up: bool = False
    said: SaidThere = SaidThere.NOTHING
    message_left: bool | None = None
    taken: str = ""
    """What he took of the offer of WhatsApp or a call back, "" if he did not."""
    score: int = 0
    """What he answered to the survey after the talk."""
    agent: str = ""
    talk: Talk = field(default_factory=Talk)
    handed_over: Talk | None = None
    handed_over_at: float | None = None
    waiting_since: float | None = None
    waited: float = 0.0

    @property
    def in_queue(self) -> bool:
        """Whether the caller is in a queue at this moment."""
        return self.place is Place.QUEUE and bool(self.stays) and self.stays[-1].left is None

    def join(self, queue: str, at: float) -> None:
        """The caller entered a queue. Of an entry that is told again the rest will be told again too."""
        self._seek(at)
        self.place = Place.QUEUE
        last = self.stays[-1] if self.stays else None
        if last and last.queue == queue and (last.left is None or abs(at - last.joined) < SAME_S):
            last.left = None
            return
        self.stays.append(Stay(queue, at))
        del self.stays[:-MOST]
        if self.waiting_since is None:
            self.waiting_since = at

    def leave(self, at: float, status: str = "") -> None:
        """The caller is out of the queue; `status` is only what his leaving suggests."""
        if self.stays:
            stay = self.stays[-1]
            stay.left = at if stay.left is None else stay.left
            stay.status = stay.status or status

    def leave_with(self, status: str) -> None:
        """The queue itself says why it let the caller go; it says so after he left."""
        if self.stays:
            self.stays[-1].status = status

    def visit(self, kind: Kind, context: str) -> None:
        """The caller's channel executes this context now."""
        if kind is Kind.SCHEDULE:
            self.schedule = True
        elif kind is Kind.VOICEMAIL:
            self.place = Place.VOICEMAIL
        elif kind is Kind.PHONES:
            self._find_phones()
        elif kind is Kind.HANGUP and self.schedule:
            self._find_closed()
        elif kind is Kind.IVR:
            self.enter_menu(context)
        elif kind is Kind.CLOSED or (kind is Kind.ANNOUNCEMENT and (self.schedule or self.place is Place.NOWHERE)):
            self._find_closed()

    def menu_app(self, kind: Kind, context: str) -> None:
        """The caller's channel waits for a key; an announcement that can be skipped is not a menu."""
        begins = kind in (Kind.OTHER, Kind.TRUNK) and self.place in (Place.NOWHERE, Place.IVR)
        if begins or kind is Kind.IVR:
            self.enter_menu(context)

    def enter_menu(self, context: str) -> None:
        """The caller hears a menu."""
        self.place, self.menu, self.schedule = Place.IVR, context, False

    def ring(self, at: float) -> None:
        """Phones ring for the caller; those that ring inside a queue are the queue's affair."""
        self._seek(at)
        if not self.in_queue:
            self.place = Place.PHONES

    def try_phone(self, phone: str) -> None:
        """This phone was rung for the caller, or is the one that he hears."""
        if phone not in self.phones and len(self.phones) < MOST:
            self.phones.append(phone)

    def ring_ended(self, result: str) -> None:
        """How a phone, or a Dial as a whole, ended: a DIALSTATUS."""
        if len(self.dial_results) < MOST:
            self.dial_results.add(result)

    def turn_away(self, tone: str) -> None:
        """The dialplan plays a tone. After phones that rang, queues or menus, those decide what became of him."""
        if self.place in (Place.NOWHERE, Place.PHONES) and not self.dial_results:
            self.dial_results.add(tone)

    def hear(self, agent: str, at: float) -> None:
        """Whom the caller hears from `at` on ("" for nobody)."""
        self.latest = at = max(at, self.latest)
        if agent:
            self._stop_waiting(at)
            self.agent = agent
        for talk in (self.talk, self.handed_over):
            if talk is not None:
                talk.update(bool(agent), at)

    def hand_over(self, at: float, still_heard: bool) -> None:
        """Somebody transferred or parked the caller: from here on he has to reach a person again.

        `still_heard`: the transfer joined two conversations, so whom he hears now is the one he was handed to. The same
        transfer told twice counts once.
        """
        if self.handed_over_at is not None and abs(at - self.handed_over_at) < SAME_S:
            return
        self.handed_over_at = at
        self.latest = at = max(at, self.latest)
        talking = still_heard and self.talk.since is not None
        self.handed_over = Talk(since=at, heard=True) if talking else Talk()

    def shift(self, seconds: float) -> None:
        """Move every moment, as a clock does that is set."""
        self.started += seconds
        self.latest += seconds
        self.hung_up = _moved(self.hung_up, seconds)
        self.handed_over_at = _moved(self.handed_over_at, seconds)
        self.waiting_since = _moved(self.waiting_since, seconds)
        for talk in (self.talk, self.handed_over):
            if talk is not None:
                talk.since = _moved(talk.since, seconds)
        for stay in self.stays:
            stay.joined += seconds
            stay.left = _moved(stay.left, seconds)

    def end_wait(self, at: float) -> None:
        """Close the books on waiting at the call's end."""
        self._stop_waiting(at)
        if not self.stays and not self.talk.heard:
            self.waited = max(0.0, at - self.started)

    def doubt(self, at: float) -> None:
        """Whom the caller hears is not known. An event from before, told again, says nothing about now."""
        self.complete = self.complete and at < self.latest

    def _seek(self, at: float) -> None:
        """A caller for whom phones ring once more, after he talked to somebody, has been sent on.

        So it is after a Redirect, which no event tells. Of events from before (the CEL and the live link may tell
        the same) nothing follows.
        """
        if self.talk.heard and self.talk.since is None and at >= self.latest:
            self.hand_over(at, still_heard=False)

    def _find_phones(self) -> None:
        if self.place in (Place.NOWHERE, Place.IVR, Place.CLOSED):
            self.place = Place.PHONES

    def _find_closed(self) -> None:
        if self.place in (Place.NOWHERE, Place.IVR):
            self.place = Place.CLOSED

    def _stop_waiting(self, at: float) -> None:
        if self.waiting_since is not None:
            self.waited = max(0.0, at - self.waiting_since)
            self.waiting_since = None
        elif not self.talk.heard and not self.stays:
            self.waited = max(0.0, at - self.started)


def _moved(moment: float | None, seconds: float) -> float | None:
    return None if moment is None else moment + seconds
