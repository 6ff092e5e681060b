"""What the simulated Cloud API is given: its account, its approved templates, and the knobs that make it misbehave."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_PLACE = re.compile(r"\{\{([1-9][0-9]?)\}\}")


@dataclass(frozen=True, slots=True)
class Account:
    """One WhatsApp Business account with one number, as Meta would know it. Secrets are those of the sandbox only."""

    phone_number_id: str = "106540352242922"
    waba_id: str = "102290129340398"
    token: str = field(default="sandbox-token", repr=False)
    app_secret: str = field(default="sandbox-secret", repr=False)
    verify_token: str = field(default="sandbox-verify", repr=False)
    display_phone_number: str = "15550783881"
    verified_name: str = "Ringback sandbox"
    quality_rating: str = "GREEN"

    @property
    def metadata(self) -> dict[str, str]:
        """How every webhook names the number it is about."""
        return {"display_phone_number": self.display_phone_number, "phone_number_id": self.phone_number_id}


@dataclass(frozen=True, slots=True)
class TemplateSpec:
    """A template: `body` with places {{1}}, {{2}}, ..., the titles of its quick replies, and what Meta made of it.

    `ttl_s` is its `message_send_ttl_seconds`, 0 for Meta's default.
    """

    name: str
    language: str
    body: str
    buttons: tuple[str, ...] = ()
    footer: str = ""
    category: str = "UTILITY"
    status: str = "APPROVED"
    quality: str = "UNKNOWN"
    ttl_s: int = 0

    @property
    def places(self) -> int:
        """How many parameters the body wants."""
        return len(set(_PLACE.findall(self.body)))

    def render(self, params: tuple[str, ...]) -> str:
        """The words the customer sees. A parameter that itself looks like a place stays as it is."""
        return _PLACE.sub(lambda place: params[int(place[1]) - 1], self.body)

    def __post_init__(self) -> None:
        if {int(place) for place in _PLACE.findall(self.body)} != set(range(1, self.places + 1)):
            raise ValueError(f"template {self.name} ({self.language}): the places in its body skip a number")


@dataclass(frozen=True, slots=True)
class Knobs:
    """How the simulated API behaves; the default is a friendly day. Times are seconds.

    `latency_s` passes before a request is looked at, `answer_delay_s` between accepting it and answering (so that
    statuses overtake the answer), `step_s` between two statuses. The next `errors_left` sends are answered with
    `error_code`; the next `drops_left` are accepted and the connection cut instead of an answer. `fail` gives
    Meta's error code by the last digits of the customer's number: accepted, then a `failed` status.
    `duplicates` is how often each webhook comes once more; up to `batch` updates share one, gathered for `gather_s`.
    `reorder` sends the statuses of a message last one first. `rewrite_wa_id` answers 521... for +52... and leaves out
    the 9 of Brazilian mobiles, as WhatsApp does for old accounts. `omit_context` leaves taps without `context`.
    A template that was handed in has the status `review` after `review_s`, in the category `recategorise` if that is
    set (or it is rejected where its category may not be changed).
    """

    latency_s: float = 0.0
    answer_delay_s: float = 0.0
    step_s: float = 0.05
    errors_left: int = 0
    error_code: int = 131000
    drops_left: int = 0
    fail: Mapping[str, int] = field(default_factory=dict)
    duplicates: int = 0
    batch: int = 1
    gather_s: float = 0.05
    reorder: bool = False
    omit_delivered: bool = False
    omit_context: bool = False
    rewrite_wa_id: bool = False
    review_s: float = 0.2
    review: str = "APPROVED"
    recategorise: str = ""
