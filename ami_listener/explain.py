"""Why a call got its verdict: the events that changed what was known of it, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ami_listener.meanings import Known, changes, known
from ami_listener.replay import Replay
from ami_listener.tracker import Outcome
from ringback.call import Call

LAST = "the last channel of the call is gone: now it is judged"


@dataclass(frozen=True, slots=True)
class Step:
    """One event that decided something; `meant` says what, in words for people.

    `number` is its place among the events of calls in the recording; `at` its time in seconds since the epoch (in a
    recording without times it means nothing).
    """

    number: int
    at: float
    event: str
    channel: str
    meant: tuple[str, ...]


class Explanation:
    """The story of one Linkedid in a recording: iterate it for the steps, then `call` is the verdict.

    `call` stays None when the recording ends before the call does (`found` is True then), or does not have it.
    """

    def __init__(self, replay: Replay, linkedid: str) -> None:
        self._replay, self._linkedid = replay, linkedid
        self.call: Call | None = None
        self.found = False

    def __iter__(self) -> Iterator[Step]:
        known_before = Known()
        for number, (event, outcomes) in enumerate(self._replay.steps(), 1):
            known_now = self._look(outcomes) or known_before
            meant = changes(known_before, known_now) or ((LAST,) if self.call else ())
            if meant:
                yield Step(number, self._replay.stream.now, event["Event"], event.get("Channel", ""), meant)
            if self.call:
                return
            known_before = known_now

    def _look(self, outcomes: Iterable[Outcome]) -> Known | None:
        live = self._replay.tracker.call(self._linkedid)
        ended = (one for one in outcomes if isinstance(one, Call) and one.linkedid == self._linkedid)
        self.call = next(ended, None)
        self.found = self.found or live is not None or self.call is not None
        return known(live) if live else None
