"""Recorded calls as rows: the fields of `ringback replay`, described in docs/replay.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from ami_listener.calls import LiveCall
from ringback.call import Call, Direction
from ringback.line import Line, line_of
from ringback.policy import is_a_case
from ringbackd.decision import Decision

STILL_UP = "still up at the end of the recording"


@dataclass(frozen=True, slots=True)
class Row:
    """One call. None stands for what the recording does not tell."""

    seq: int
    file: str
    time: str | None
    caller: str
    to: str
    direction: str
    verdict: str | None
    queue: str
    wait: float | None
    talk: float | None
    agent: str
    reason: str
    missed: bool
    pbx: str
    linkedid: str
    queues: tuple[str, ...]
    phones: tuple[str, ...]
    case: Mapping[str, str | None] | None = None

    def as_json(self) -> str:
        """One line of JSON; `caller` is called `from` there, and `case` is there only in shadow mode."""
        values = {"from" if name == "caller" else name: value for name, value in asdict(self).items()}
        if self.case is None:
            del values["case"]
        return json.dumps(values)


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows come from: the file's name, the PBX's, whether the recording has times, and the lines of the house."""

    file: str
    pbx: str
    timed: bool
    lines: tuple[Line, ...] = ()


def ended(seq: int, source: Source, call: Call, decision: Decision | None = None) -> Row:
    """A call with its verdict."""
    return Row(
        seq=seq,
        file=source.file,
        time=iso(call.started) if source.timed else None,
        caller="" if call.direction is Direction.OURS else call.caller,
        to=call.did or call.dialled or _inside(call.direction, call.queue, call.phones),
        direction=call.direction,
        verdict=call.verdict,
        queue=call.queue,
        wait=call.wait if source.timed else None,
        talk=call.talk if source.timed else None,
        agent=call.agent,
        reason=call.reason,
        missed=is_a_case(call, line_of(source.lines, call.did, (*call.queues, call.queue))),
        pbx=call.pbx,
        linkedid=call.linkedid,
        queues=call.queues,
        phones=call.phones,
        case=_case(decision) if decision else None,
    )


def unfinished(seq: int, source: Source, call: LiveCall) -> Row:
    """A call that has no verdict, for the recording ends before it does."""
    queues = tuple(dict.fromkeys(stay.queue for stay in call.stays))
    queue, phones = queues[-1] if queues else "", tuple(call.phones)
    return Row(
        seq=seq,
        file=source.file,
        time=iso(call.started) if source.timed else None,
        caller="" if call.direction is Direction.OURS else call.caller,
        to=call.did or call.dialled or _inside(call.direction, queue, phones),
        direction=call.direction,
        verdict=None,
        queue=queue,
        wait=None,
        talk=None,
        agent=call.agent,
        reason=STILL_UP,
        missed=False,
        pbx=source.pbx,
        linkedid=call.linkedid,
        queues=queues,
        phones=phones,
    )


def _inside(direction: Direction, queue: str, phones: tuple[str, ...]) -> str:
    """What a call inside the house was for; a call from outside without a DID stays without."""
    return (queue or next(iter(phones), "")) if direction is Direction.INTERNAL else ""


def _case(decision: Decision) -> dict[str, str | None]:
    values = {name: getattr(decision, name) for name in ("action", "case", "line", "to", "template", "why")}
    return {**values, "at": iso(decision.at)}


def iso(at: float) -> str:
    """A time as ISO 8601 in this machine's zone, to the millisecond."""
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="milliseconds")
