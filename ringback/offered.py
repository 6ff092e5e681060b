"""What a caller who waits was offered, and what he chose: one of the facts of `ringback.fact`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Choice(StrEnum):
    """What became of an offer to a caller who waits."""

    WHATSAPP = "whatsapp"
    CALLBACK = "callback"
    REFUSED = "refused"
    """He pressed the key to stay on the line."""
    IGNORED = "ignored"
    """He pressed nothing of use, or hung up before he chose."""
    CANCELLED = "cancelled"
    """He called off the call that he was promised before."""


TAKEN = frozenset({Choice.WHATSAPP, Choice.CALLBACK})
SETTLED = TAKEN | {Choice.CANCELLED}
"""After these the call is over, and no missed call."""


Moment = Annotated[float, Field(ge=0, le=32_503_680_000, allow_inf_nan=False)]
"""Epoch seconds, up to the year 3000: what lies beyond is no moment that a calendar knows."""
Told = Annotated[str, Field(max_length=200)]
"""What came from the PBX or a keypad."""


class Offered(BaseModel):
    """A caller was offered WhatsApp or a call back. `number` is what he typed and confirmed, '' for his own
    (`caller`, as the PBX shows it). `line`, `did` and `queue` say which line it is of; `key` is what he pressed, `slot`
    when he wants to be called (epoch seconds, 0 for as soon as possible), `text` what he had been told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["offered"] = "offered"
    pbx: Told
    linkedid: Told
    line: Told = ""
    did: Told = ""
    queue: Told = ""
    caller: Told = ""
    number: Told = ""
    choice: Choice
    key: Told = ""
    slot: Moment = 0.0
    text: Annotated[str, Field(max_length=2000)] = ""
    at: Moment

    @property
    def id(self) -> str:
        """The daemon and the script may both tell it: one effect per call and choice."""
        return f"offered:{self.pbx}:{self.linkedid}:{self.choice}"
