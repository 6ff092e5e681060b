"""What queue_log tells of one caller, as far as it goes: it knows nothing of what came before and after the queues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ami_listener.channels import local_number
from ami_listener.sources.queuelog import Entry
from ringback.call import Verdict

SURE_S = 2
"""Between two moments so far apart in whole seconds lies more than one."""

SHORTEST_NUMBER = 7
"""Digits of a telephone number; what is shorter is an extension."""


@dataclass(slots=True)
class QueueStory:
    """A caller's way through the queues. `left`: why he left the last one without an agent, None where he did not; `at`
    when (epoch seconds).

    `unheard`: an agent picked up, and they may have talked for less than a second: the times are whole ones.
    """

    entered: float = 0.0
    caller: str = ""
    did: str = ""
    queues: tuple[str, ...] = ()
    agent: str = ""
    waited: float = 0.0
    talked: int = 0
    left: Verdict | None = None
    at: float = 0.0
    completed: bool = False
    unheard: bool = False

    @property
    def queue(self) -> str:
        """The last queue."""
        return self.queues[-1] if self.queues else ""

    @property
    def outside(self) -> bool:
        """Whether he surely called from outside: FreePBX wrote the DID, or his number is too long for an extension."""
        digits = sum(sign.isdigit() for sign in self.caller)
        return bool(self.queues) and (bool(self.did) or digits >= SHORTEST_NUMBER)

    @property
    def alone(self) -> Verdict:
        """The verdict where there is nothing else to go by: after a time-out the dialplan may have helped him."""
        if self.completed and not self.unheard:
            return Verdict.ANSWERED
        return Verdict.ABANDONED_QUEUE if self.left is Verdict.ABANDONED_QUEUE else Verdict.UNKNOWN


def _did(story: QueueStory, entry: Entry) -> None:
    story.did = story.did or (entry.data[0] if entry.data else "")


def _enter(story: QueueStory, entry: Entry) -> None:
    story.entered = story.entered or entry.at
    story.caller = story.caller or (entry.data[1] if len(entry.data) > 1 else "")
    story.queues = tuple(dict.fromkeys((*story.queues, entry.queue)))
    story.left, story.completed = None, False


def _leave(verdict: Verdict) -> Callable[[QueueStory, Entry], None]:
    def leave(story: QueueStory, entry: Entry) -> None:
        story.left, story.at, story.waited = verdict, entry.at, float(entry.number(2))

    return leave


def _key(story: QueueStory, entry: Entry) -> None:
    story.waited = float(entry.number(3))


def _connect(story: QueueStory, entry: Entry) -> None:
    story.agent = local_number(entry.agent) or entry.agent.rpartition("/")[2]
    story.waited = float(entry.number(0))


def _complete(story: QueueStory, entry: Entry) -> None:
    story.talked = entry.number(1)
    story.completed, story.unheard = True, story.talked < SURE_S


def _transfer(story: QueueStory, entry: Entry) -> None:
    story.completed = False


EVENTS: dict[str, Callable[[QueueStory, Entry], None]] = {
    "DID": _did,
    "ENTERQUEUE": _enter,
    "ABANDON": _leave(Verdict.ABANDONED_QUEUE),
    "EXITWITHTIMEOUT": _leave(Verdict.QUEUE_TIMEOUT),
    "EXITEMPTY": _leave(Verdict.QUEUE_EMPTY),
    "EXITWITHKEY": _key,
    "CONNECT": _connect,
    "COMPLETEAGENT": _complete,
    "COMPLETECALLER": _complete,
    "BLINDTRANSFER": _transfer,
    "ATTENDEDTRANSFER": _transfer,
    "TRANSFER": _transfer,
}
"""What each event says; all others are about the agents."""


def tell(entries: Sequence[Entry]) -> QueueStory:
    """The story that the lines of one caller tell, in the order they were written."""
    story = QueueStory()
    for entry in entries:
        if step := EVENTS.get(entry.event):
            step(story, entry)
    return story
