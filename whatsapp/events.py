"""What Meta's webhooks bring: what customers sent, what became of our messages, and everything else by name."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from whatsapp.reading import Kind, words

MAX_WORDS = 4096

Id = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,256}$")]
WaId = Annotated[str, StringConstraints(pattern=r"^[0-9]{5,20}$")]
UserId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$")]
NumberId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,32}$")]
Seconds = Annotated[int, Field(ge=0, lt=1 << 33)]
Words = Annotated[str, BeforeValidator(lambda value: words(value)[:MAX_WORDS])]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Inbound(_Value):
    """Something a customer sent. `id` is its wamid; `at` is Meta's time, seconds since the epoch.

    `payload` is the id behind a tapped button or row (of a location: `latitude,longitude`); `context` is the wamid it
    replies to. At least one of `wa_id` and `user_id` is there: a customer with a username may hide his number.
    """

    id: Id
    wa_id: WaId | None
    user_id: UserId | None
    phone_number_id: NumberId
    at: Seconds
    kind: Kind
    text: Words
    payload: Words
    context: Id | None
    name: Words

    @model_validator(mode="after")
    def _from_somebody(self) -> Self:
        if self.wa_id is None and self.user_id is None:
            raise ValueError("neither a wa_id nor a user_id says who sent it")
        return self


class Delivery(StrEnum):
    """How far a message of ours came. `read` implies `delivered`, which Meta may leave out."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    PLAYED = "played"


class Trouble(_Value):
    """Why a message failed: Meta's code (see `whatsapp.answer.RULES`) and title."""

    code: int
    title: Words


class Status(_Value):
    """What became of a message of ours. `ours` is the id that went with it in `biz_opaque_callback_data`."""

    wamid: Id
    status: Delivery
    at: Seconds
    phone_number_id: NumberId
    recipient: WaId | None
    user_id: UserId | None
    ours: Annotated[str, StringConstraints(min_length=1, max_length=512)] | None
    errors: tuple[Trouble, ...]


class Other(_Value):
    """Neither of the two: another webhook field, or an item that could not be read, and `reason` says why."""

    field: Words = ""
    kind: Words = ""
    reason: Words = ""


Event = Inbound | Status | Other
