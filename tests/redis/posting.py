"""What the tests of the outbox post with: a network that answers as told, and one pass of the sender."""

from __future__ import annotations

from typing import Any

from tests.redis.offices import Office, entries
from whatsapp.outcome import Outcome, Sent
from whatsapp.sender import Sender


class Api:
    """Stands for the network beyond the client: answers as told, and counts what was posted."""

    def __init__(self, *answers: Outcome | BaseException) -> None:
        self.answers, self.posted = list(answers), [""][:0]

    async def send(self, message: Any, attempt: int = 0) -> Outcome:
        self.posted.append(message.id)
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


SENT = Sent("w1", "51987654321")


class Killed(BaseException):
    """The process dies here."""


async def work(office: Office, api: Api) -> None:
    """One pass over the outbox, as the worker does it."""
    sender = Sender(office.outbox, api, lambda: office.now)
    for entry, message in await entries(office.store):
        await sender.handle(message, entry)
