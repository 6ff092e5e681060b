"""What comes of an offer."""

from __future__ import annotations

from enum import StrEnum


class Choice(StrEnum):
    """What came of an offer; the dialplan finds it in RINGBACK_OFFER."""

    NONE = "none"
    """Nothing could be offered, so nothing was said."""
    WHATSAPP = "whatsapp"
    CALLBACK = "callback"
    REFUSED = "refused"
    """He pressed # to stay on the line, or gave no number to reach him under."""
    IGNORED = "ignored"
    """He pressed nothing of use."""
    CANCELLED = "cancelled"
    """He called off the call that he was promised before."""


TAKEN = frozenset({Choice.WHATSAPP, Choice.CALLBACK})
