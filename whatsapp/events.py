"""What Meta's webhooks bring: what customers sent, what became of our messages, and everything else by name."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from whatsapp.reading import Kind, words

MAX_WORDS = 4096
MAX_RAW = 16_384

Id = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,256}$")]
WaId = Annotated[str, StringConstraints(pattern=r"^[0-9]{5,20}$")]
UserId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$")]
NumberId = Annotated[str, StringConstraints(pattern=r"^[0-9]{0,32}$")]
Seconds = Annotated[int, Field(ge=0, lt=1 << 33)]
Words = Annotated[str, BeforeValidator(lambda value: words(value)[:MAX_WORDS])]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Inbound(_Value):
    """Something a customer sent. `id` is its wamid; `at` is Meta's time, seconds since the epoch.

    `payload` is the id behind a tapped button or row (of a location: `latitude,longitude`); `context` is the wamid it
    replies to. At least one of `wa_id` and `user_id` is there: a customer with a username may hide his number.
    `phone_number_id` says which number of the business he wrote to, empty where Meta does not tell.
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


class Echo(_Value):
    """Something a person of the business wrote to a customer from the WhatsApp Business app on his phone."""

    id: Id
    wa_id: WaId | None
    user_id: UserId | None
    phone_number_id: NumberId
    at: Seconds
    kind: Kind
    text: Words
    payload: Words

    @model_validator(mode="after")
    def _to_somebody(self) -> Self:
        if self.wa_id is None and self.user_id is None:
            raise ValueError("neither a wa_id nor a user_id says to whom it went")
        return self


class Delivery(StrEnum):
    """How far a message of ours came. `read` implies `delivered`, which Meta may leave out."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    PLAYED = "played"


class Trouble(_Value):
    """Why a message failed: Meta's code (see `whatsapp.answer.RULES`; 0 where there is none), title and details."""

    code: int
    title: Words


class Price(_Value):
    """What a message costs: Meta's category (utility, marketing, service...) and whether it is billed at all."""

    category: Words = ""
    billable: bool | None = None


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
    price: Price = Price()


class NumberChange(_Value):
    """A customer has another number, another user id, or both; what is not told is None. `id` names the news."""

    id: Id
    at: Seconds
    old_wa_id: WaId | None
    old_user_id: UserId | None
    wa_id: WaId | None
    user_id: UserId | None

    @model_validator(mode="after")
    def _from_one_to_another(self) -> Self:
        if not (self.old_wa_id or self.old_user_id) or not (self.wa_id or self.user_id):
            raise ValueError("the old or the new id is not told")
        return self


class Preference(_Value):
    """What a customer set in WhatsApp itself: `value` stop or resume, `category` marketing_messages."""

    wa_id: WaId | None
    user_id: UserId | None
    at: Seconds
    category: Words
    value: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")]

    @model_validator(mode="after")
    def _of_somebody(self) -> Self:
        if self.wa_id is None and self.user_id is None:
            raise ValueError("neither a wa_id nor a user_id says whose it is")
        return self


class AccountNews(_Value):
    """Something about the business's own account, number or template: `subject` is which one, `event` what is new.

    `at` is 0 where Meta does not tell.
    """

    field: Words
    subject: Words
    event: Words
    detail: Words
    at: Seconds


class Other(_Value):
    """None of these: another webhook field, or an item that could not be read, and `reason` says why.

    `raw` is the item as JSON, at most `MAX_RAW` characters of it.
    """

    field: Words = ""
    kind: Words = ""
    reason: Words = ""
    raw: str = ""


Event = Inbound | Echo | Status | NumberChange | Preference | AccountNews | Other
