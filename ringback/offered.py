"""What a caller who waits was offered, and what he chose: one of the facts of `ringback.fact`."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict


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


class Offered(BaseModel):
    """A caller was offered WhatsApp or a call back. `number` is what he typed and confirmed, '' for his own
    (`caller`, as the PBX shows it). `line`, `did` and `queue` say which line it is of; `key` is what he pressed, `slot`
    when he wants to be called (epoch seconds, 0 for as soon as possible), `text` what he had been told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["offered"] = "offered"
    pbx: str
    linkedid: str
    line: str = ""
    did: str = ""
    queue: str = ""
    caller: str = ""
    number: str = ""
    choice: Choice
    key: str = ""
    slot: float = 0.0
    text: str = ""
    at: float

    @property
    def id(self) -> str:
        """The daemon and the script may both tell it: one effect per call and choice."""
        return f"offered:{self.pbx}:{self.linkedid}:{self.choice}"
