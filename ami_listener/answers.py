"""Actions that were sent and wait for Asterisk's answer. Nothing stays here longer than somebody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Message = dict[str, str]


class LinkDownError(ConnectionError):
    """The connection broke before the answer came: the action may have been carried out."""


class NotConnectedError(LinkDownError):
    """There is no connection: nothing was sent."""


@dataclass(slots=True)
class Answer:
    """The response to one action, and the rows of its list when it is answered by one."""

    response: asyncio.Future[Message]
    complete: asyncio.Future[None]
    rows: list[Message] = field(default_factory=list)


class Answers:
    """Brings responses to those who asked, by ActionID."""

    def __init__(self) -> None:
        self._waiting: dict[str, Answer] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    @contextmanager
    def expect(self, action_id: str, *, rows: bool) -> Iterator[Answer]:
        """Wait for an answer inside this block; `rows`: a list of events follows the response."""
        loop = asyncio.get_running_loop()
        answer = Answer(loop.create_future(), loop.create_future())
        if not rows:
            answer.complete.set_result(None)
        self._waiting[action_id] = answer
        try:
            yield answer
        finally:
            del self._waiting[action_id]
            answer.response.cancel()
            answer.complete.cancel()

    def take(self, message: Message) -> bool:
        """Whether the message belongs to somebody who waits for it. Events that only carry an ActionID do not."""
        answer = self._waiting.get(message.get("ActionID", ""))
        if "Event" not in message:
            if answer and not answer.response.done():
                answer.response.set_result(message)
            return True
        if answer is None or answer.complete.done():
            return False
        if message.get("EventList", "").lower() == "complete":
            answer.complete.set_result(None)
        else:
            answer.rows.append(message)
        return True

    def fail(self, reason: str) -> None:
        """The connection is gone: nobody needs to wait any longer."""
        for answer in self._waiting.values():
            if not answer.response.done():
                answer.response.set_exception(LinkDownError(reason))
            elif not answer.complete.done():
                answer.complete.set_exception(LinkDownError(reason))
