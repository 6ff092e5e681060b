"""Everything that happens, as it arrives at the desk.

Every fact has an `id`: applying the same fact twice changes nothing. Times are seconds since the epoch.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ringback.call import Call
from ringback.consent import Consent
from ringback.offered import Offered


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CallEnded(_Fact):
    """The PBX side reached a verdict."""

    kind: Literal["call_ended"] = "call_ended"
    call: Call

    @property
    def id(self) -> str:
        """One verdict per Linkedid of a PBX, however often the call is read again after a gap."""
        return f"call:{self.call.pbx}:{self.call.linkedid}"


class Timer(StrEnum):
    """What a case can wait for."""

    QUIET = "quiet"
    DUE = "due"
    DOUBT = "doubt"
    EXPIRY = "expiry"
    REMIND = "remind"


class TimerFired(_Fact):
    """A moment a case waited for has come."""

    kind: Literal["timer"] = "timer"
    case: str
    timer: Timer
    due: float

    @property
    def id(self) -> str:
        """A timer set again for another moment is another fact."""
        return f"timer:{self.case}:{self.timer}:{self.due:.3f}"


class Accepted(_Fact):
    """The Cloud API took a message (it is not delivered yet)."""

    kind: Literal["accepted"] = "accepted"
    case: str
    message: str
    wamid: str
    wa_id: str = ""
    user_id: str = ""
    at: float

    @property
    def id(self) -> str:
        """The answer of the API and a status webhook may both tell it: the first one counts."""
        return f"accepted:{self.message}"


class Refused(_Fact):
    """A message will not go out. `scope`: recipient, stale (nobody would want it now), courtesy (he has had enough)."""

    kind: Literal["refused"] = "refused"
    case: str
    message: str
    scope: Literal["recipient", "stale", "courtesy"]
    code: int = 0
    why: str
    at: float

    @property
    def id(self) -> str:
        """A message is refused once."""
        return f"refused:{self.message}"


class Delivery(_Fact):
    """What WhatsApp says of a message: sent, delivered, read, failed or played; and what it costs, if it says so."""

    kind: Literal["delivery"] = "delivery"
    wamid: str
    message: str = ""
    status: Literal["sent", "delivered", "read", "failed", "played"]
    code: int = 0
    why: str = ""
    category: str = ""
    billable: bool | None = None
    wa_id: str = ""
    user_id: str = ""
    at: float

    @property
    def id(self) -> str:
        """Meta repeats webhooks: one effect per message and status."""
        return f"delivery:{self.wamid}:{self.status}"


class Said(_Fact):
    """The customer tapped or wrote. `payload` is the button's (`tapped`); `context` the message he answers."""

    kind: Literal["said"] = "said"
    wamid: str
    wa_id: str = ""
    user_id: str = ""
    name: str = ""
    text: str = ""
    payload: str = ""
    tapped: bool = False
    context: str = ""
    at: float

    @property
    def id(self) -> str:
        """Meta repeats webhooks."""
        return f"said:{self.wamid}"


class Noticed(_Fact):
    """A customer did something without words: `what` is reaction, revoke... in Meta's terms, `text` more of it."""

    kind: Literal["noticed"] = "noticed"
    wamid: str
    wa_id: str = ""
    user_id: str = ""
    what: str
    text: str = ""
    at: float

    @property
    def id(self) -> str:
        """Meta repeats webhooks."""
        return f"noticed:{self.wamid}"


class Echoed(_Fact):
    """A person of the business wrote `text` to a customer from the WhatsApp Business app: it is on its way already."""

    kind: Literal["echoed"] = "echoed"
    wamid: str
    wa_id: str = ""
    user_id: str = ""
    text: str
    at: float

    @property
    def id(self) -> str:
        """Meta repeats webhooks."""
        return f"echoed:{self.wamid}"


class NumberChanged(_Fact):
    """A customer has another WhatsApp number or user id; empty is what was not told."""

    kind: Literal["number_changed"] = "number_changed"
    wamid: str
    old_wa_id: str = ""
    old_user_id: str = ""
    wa_id: str = ""
    user_id: str = ""
    at: float

    @property
    def id(self) -> str:
        """Meta repeats webhooks."""
        return f"number_changed:{self.wamid}"


class AccountNews(_Fact):
    """Meta tells about our account, a number (`subject`) or a template of ours; `field` is the webhook's."""

    kind: Literal["account"] = "account"
    field: str
    subject: str = ""
    event: str
    detail: str = ""
    at: float

    @property
    def id(self) -> str:
        """Meta repeats webhooks, which have no id of their own here."""
        return f"account:{self.field}:{self.subject}:{self.event}:{self.at:.0f}"


class NotDialled(_Fact):
    """A callback attempt ended before a channel existed. `outcome` says why in the words of `ringback.callback`, or
    that nobody is free to talk (`waits`). An unwanted one is not tried again before `again` (epoch seconds)."""

    kind: Literal["not_dialled"] = "not_dialled"
    case: str
    attempt: str
    outcome: Literal["failed", "unwanted", "forbidden", "waits"]
    why: str
    at: float
    again: float = 0.0

    @property
    def id(self) -> str:
        """An attempt ends once."""
        return f"not_dialled:{self.attempt}"


class PersonActed(_Fact):
    """A person of the business wrote to the customer, closed his case as solved, promised him a call at `due` (0: now)
    or another time than he had, or called the call off."""

    kind: Literal["person"] = "person"
    nonce: str
    case: str
    act: Literal["reply", "solve", "call", "cancel"]
    text: str = ""
    due: float = 0.0
    who: str = ""
    at: float

    @property
    def id(self) -> str:
        """The sender of the act chooses the nonce."""
        return f"person:{self.nonce}"


class ConsentChanged(_Fact):
    """A customer said, outside a conversation of ours, whether he may be contacted: in a call's menu, in a list of the
    business, by WhatsApp's own switch. He is `consent.customer` (E.164), or `user_id` where his number is hidden."""

    kind: Literal["consent"] = "consent"
    nonce: str
    consent: Consent
    user_id: str = ""

    @property
    def id(self) -> str:
        """The nonce names the word: the call, the row of the list, the webhook."""
        return f"consent:{self.nonce}"


Fact = (
    CallEnded
    | Offered
    | TimerFired
    | Accepted
    | Refused
    | Delivery
    | Said
    | Noticed
    | Echoed
    | NumberChanged
    | ConsentChanged
    | AccountNews
    | NotDialled
    | PersonActed
)
FACT: TypeAdapter[Fact] = TypeAdapter(Annotated[Fact, Field(discriminator="kind")])
"""Reads and writes any fact as JSON."""
