"""Verdicts from CDR and queue_log, which know less than events do: what they cannot tell is unknown. Pure.

Facts, seen on Asterisk 16 and 22 and on FreePBX 17: a record ANSWERED proves that two channels were joined only where
there is a second one (menus and announcements are ANSWERED too); behind a Local channel the records of its second
half tell who picked up; `lastapp` is what the caller's channel was doing when he hung up, and Hangup when the dialplan
ended the call. A transfer to nobody may leave no record at all: then a caller who was lost in it is told as answered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ami_listener.channels import MACHINES, endpoint, extension, local_number, technology
from ami_listener.contexts import Contexts, Kind
from ami_listener.handlers import MENU_APPS, VOICEMAIL_APPS
from ami_listener.queuestory import QueueStory, tell
from ami_listener.registry import given
from ami_listener.settings import PbxSettings
from ami_listener.sources.cdr import Cdr
from ami_listener.sources.clock import born
from ami_listener.sources.queuelog import Entry
from ringback.call import OWN_CALL_PREFIX, Call, Direction, Source, Verdict

ENDED_BY_DIALPLAN = frozenset({"hangup", ""})
"""`lastapp` of a record in which nothing more happened to the caller."""

ABANDONED = frozenset({Verdict.ABANDONED_QUEUE, Verdict.ABANDONED_IVR, Verdict.NO_ANSWER})

DIALLED = {"BUSY": Verdict.BUSY, "NO ANSWER": Verdict.NO_ANSWER}
"""What Dial() told of a leg, where that decides; FAILED and CONGESTION may be a phone or the network."""

EARLY_S = 1.0
"""A caller who entered a queue so soon after his channel was made was nowhere else before, and heard by nobody."""

AT_ONCE_S = 3.0
"""A caller who was gone so soon after he left the queue was nowhere else afterwards."""


@dataclass(slots=True)
class Evidence:
    """All that was written of one call."""

    linkedid: str
    rows: list[Cdr] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @property
    def own(self) -> list[Cdr]:
        """The records of the channel that began the call, in order."""
        return [row for row in self.rows if row.uniqueid == self.linkedid]

    @property
    def started(self) -> float:
        """When it began, to the second."""
        return born(self.linkedid) or min([row.start for row in self.rows] or [one.at for one in self.entries])

    @property
    def ended(self) -> float:
        """When the last was written of it, to the second."""
        return max([row.end for row in self.rows] + [one.at for one in self.entries])


@dataclass(frozen=True, slots=True)
class Person:
    """The device that was joined with the caller, and the most seconds for which they can have talked."""

    channel: str
    seconds: int


def gather(rows: Iterable[Cdr], entries: Iterable[Entry]) -> dict[str, Evidence]:
    """What was written, by Linkedid. A line of queue_log names a channel: its own record says which call that is."""
    found: dict[str, Evidence] = {}
    call_of: dict[str, str] = {}
    for row in rows:
        found.setdefault(row.linkedid, Evidence(row.linkedid)).rows.append(row)
        call_of[row.uniqueid] = row.linkedid
    for entry in entries:
        if entry.callid not in {"", "NONE", "MANAGER", "REALTIME"}:
            linkedid = call_of.get(entry.callid, entry.callid)
            found.setdefault(linkedid, Evidence(linkedid)).entries.append(entry)
    for evidence in found.values():
        evidence.rows.sort(key=lambda row: (row.sequence, row.start))
    return found


class Judge:
    """Judges calls by what was written of them. Trunks are those of the settings and those that the records show."""

    def __init__(self, settings: PbxSettings, rows: Iterable[Cdr]) -> None:
        self._settings = settings
        self._contexts = Contexts(settings)
        self._trunks = {endpoint(row.channel) for row in rows if self._from_outside(row)}

    def call(self, evidence: Evidence) -> Call | None:
        """The call; None where it is not known to be a customer's, or one of ours."""
        direction = self._direction(evidence)
        if direction is None:
            return None
        if direction is Direction.OURS:
            return self._ours(evidence)
        story = tell([entry for entry in evidence.entries if entry.callid == evidence.linkedid])
        verdict, person = self._verdict(evidence, story, direction)
        first = evidence.own[0] if evidence.own else None
        caller = given(first.src) if first else story.caller
        return Call(
            pbx=self._settings.name,
            linkedid=evidence.linkedid,
            direction=direction,
            verdict=self._short(verdict, evidence),
            caller=caller,
            caller_name=first.name if first and first.name != caller else "",
            did=self._did(evidence, story),
            dialled=first.dst if first and direction is Direction.OUTBOUND else "",
            queue=story.queue or _queues(evidence)[-1],
            agent=extension(person.channel) if person else story.agent if verdict is Verdict.ANSWERED else "",
            started=evidence.started,
            ended=evidence.ended,
            wait=story.waited,
            talk=float(story.talked or (person.seconds if person else 0)) if verdict is Verdict.ANSWERED else 0.0,
            queues=story.queues or _queues(evidence)[1:],
            reason=f"as the {'CDR' if evidence.rows else 'queue_log'} tells it",
            source=Source.CDR if evidence.rows else Source.QUEUE_LOG,
        )

    def _from_outside(self, row: Cdr) -> bool:
        began = row.uniqueid == row.linkedid and technology(row.channel) not in MACHINES
        return began and (bool(row.did) or self._contexts.kind(row.dcontext) is Kind.TRUNK)

    def _is_trunk(self, channel: str) -> bool:
        name = endpoint(channel)
        return name in self._trunks or any(fnmatchcase(name, pattern) for pattern in self._settings.trunks)

    def _direction(self, evidence: Evidence) -> Direction | None:
        if evidence.linkedid.startswith(OWN_CALL_PREFIX):
            return Direction.OURS
        if not evidence.own:
            outside = not evidence.rows and tell(evidence.entries).outside
            return Direction.INBOUND if outside else None
        if any(self._is_trunk(row.channel) for row in evidence.own):
            return Direction.INBOUND
        outward = any(row.dstchannel and self._is_trunk(row.dstchannel) for row in evidence.own)
        return Direction.OUTBOUND if outward else None

    def _verdict(self, evidence: Evidence, story: QueueStory, direction: Direction) -> tuple[Verdict, Person | None]:
        if not evidence.rows:
            early = story.entered - born(evidence.linkedid) < EARLY_S
            return (story.alone if early or story.alone is Verdict.ANSWERED else Verdict.UNKNOWN), None
        joined = [row for row in evidence.own if row.disposition == "ANSWERED" and row.dstchannel]
        if joined:
            return self._joined(evidence, joined[-1], story, direction)
        if any(row.disposition == "ANSWERED" and row.dstchannel for row in evidence.rows):
            return Verdict.UNKNOWN, None
        return (Verdict.UNKNOWN if direction is Direction.OUTBOUND else self._unanswered(evidence, story)), None

    def _joined(
        self, evidence: Evidence, last: Cdr, story: QueueStory, direction: Direction
    ) -> tuple[Verdict, Person | None]:
        """Somebody was joined with the caller; what happened to him after that may have lost him again."""
        person = _person(last, evidence.rows)
        later = [row for row in evidence.own if row is not last and row.start >= last.end]
        went_on = any(row.dstchannel or row.lastapp.lower() not in ENDED_BY_DIALPLAN for row in later)
        enough = person is not None and person.seconds >= max(1.0, self._settings.answered_after_s)
        if person is None or not enough or went_on or story.unheard:
            return Verdict.UNKNOWN, None
        if any(row.channel == person.channel for row in evidence.rows):  # he rang somebody else meanwhile
            return Verdict.UNKNOWN, None
        far = self._is_trunk(person.channel)
        return (Verdict.UNKNOWN, None) if far is not (direction is Direction.OUTBOUND) else (Verdict.ANSWERED, person)

    def _unanswered(self, evidence: Evidence, story: QueueStory) -> Verdict:
        last = evidence.own[-1]
        application, kind = last.lastapp.lower(), self._contexts.kind(last.dcontext)
        left = story.left if evidence.ended - story.at < AT_ONCE_S else None
        if application in VOICEMAIL_APPS:
            return Verdict.VOICEMAIL
        if application == "queue":
            return left or (Verdict.ABANDONED_QUEUE if last.billsec else Verdict.UNKNOWN)
        if application == "dial":
            return _dialled(evidence.own)
        rang = any(row.dstchannel for row in evidence.own)
        if application in MENU_APPS and (kind is Kind.IVR or (kind is Kind.OTHER and not rang and not story.queues)):
            return Verdict.ABANDONED_IVR
        if kind is Kind.CLOSED and not rang and not story.queues:
            return Verdict.CLOSED
        ended = application in ENDED_BY_DIALPLAN and kind in (Kind.OTHER, Kind.TRUNK)
        return (left if ended else None) or Verdict.UNKNOWN

    def _short(self, verdict: Verdict, evidence: Evidence) -> Verdict:
        """Who gave up within seconds. A CDR does not tell whether he did, or the phones: then it is unknown."""
        if verdict not in ABANDONED or evidence.ended - evidence.started >= self._settings.short_s:
            return verdict
        return Verdict.UNKNOWN if verdict is Verdict.NO_ANSWER else Verdict.SHORT

    def _did(self, evidence: Evidence, story: QueueStory) -> str:
        told = next((row.did for row in evidence.own if row.did), "") or story.did
        dialled = (row.dst for row in evidence.own if self._contexts.kind(row.dcontext) is Kind.TRUNK)
        return told or next((dst for dst in dialled if dst != "s"), "")

    def _ours(self, evidence: Evidence) -> Call:
        """A call back: the second half of the Local channel rang the customer, the first half went to an agent."""
        own = evidence.own
        verdict, person = _ours(evidence)
        number = next((local_number(row.channel) for row in own), "")
        return Call(
            pbx=self._settings.name,
            linkedid=evidence.linkedid,
            direction=Direction.OURS,
            verdict=verdict,
            caller=number,
            dialled=number,
            agent=extension(person.channel) if person else "",
            started=evidence.started,
            ended=evidence.ended,
            talk=float(person.seconds) if person else 0.0,
            reason="as the CDR tells it",
            customer_up=any(row.disposition == "ANSWERED" for row in _legs(evidence)),
            source=Source.CDR if evidence.rows else Source.QUEUE_LOG,
        )


def _person(row: Cdr, rows: Sequence[Cdr]) -> Person | None:
    """Whom the second channel of a record leads to, through any number of Local channels."""
    channel, seconds, seen = row.dstchannel, row.billsec, set[str]()
    while technology(channel) == "Local":
        half = channel.removesuffix(";1") + ";2"
        further = [one for one in rows if one.channel == half and one.disposition == "ANSWERED" and one.dstchannel]
        if not further or half in seen:
            return None
        seen.add(half)
        channel, seconds = further[-1].dstchannel, min(seconds, further[-1].billsec)
    return None if technology(channel) in MACHINES else Person(channel, seconds)


def _dialled(own: Sequence[Cdr]) -> Verdict:
    """What became of phones that were dialled and did not answer: one that rang decides."""
    told: Collection[str] = {row.disposition for row in own if row.dstchannel and row.lastapp.lower() == "dial"}
    if "NO ANSWER" in told:
        return Verdict.NO_ANSWER
    return DIALLED.get(next(iter(told)), Verdict.UNKNOWN) if len(told) == 1 else Verdict.UNKNOWN


def _legs(evidence: Evidence) -> list[Cdr]:
    return [row for row in evidence.rows if row.uniqueid == f"{evidence.linkedid};2"]


def _ours(evidence: Evidence) -> tuple[Verdict, Person | None]:
    legs = _legs(evidence)
    if not any(row.disposition == "ANSWERED" for row in legs):
        return _dialled(legs), None
    joined = [row for row in evidence.own if row.disposition == "ANSWERED" and row.dstchannel]
    person = _person(joined[-1], evidence.rows) if joined else None
    if person:
        return (Verdict.ANSWERED, person) if person.seconds else (Verdict.UNKNOWN, None)
    left = not joined and any(row.lastapp.lower() == "queue" for row in evidence.own)
    return (Verdict.ABANDONED_QUEUE if left else Verdict.UNKNOWN), None


def _queues(evidence: Evidence) -> tuple[str, ...]:
    """The queues that the records name, after an empty one."""
    named = (row.lastdata.partition(",")[0] for row in evidence.own if row.lastapp.lower() == "queue")
    return ("", *dict.fromkeys(named))
