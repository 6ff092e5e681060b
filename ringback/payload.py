"""What our buttons carry: case, step and option, signed, so that a forged or foreign tap is never taken for ours."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

VERSION = "rb1"


@dataclass(frozen=True, slots=True)
class Tap:
    """What a button of ours says when it comes back."""

    case: str
    step: str
    option: str


def sign(secret: bytes, tap: Tap) -> str:
    """The payload of a button: at most 200 characters, which is what Meta takes as the id of a list's row."""
    text = "|".join((VERSION, tap.case, tap.step, tap.option))
    return f"{text}|{_mac(secret, text)}"


def read(secret: bytes, payload: str) -> Tap | None:
    """The tap behind a payload, None when we did not sign it."""
    text, _, mac = payload.rpartition("|")
    parts = text.split("|")
    if len(parts) != 4 or parts[0] != VERSION:
        return None
    if not hmac.compare_digest(_mac(secret, text).encode(), mac.encode()):
        return None
    return Tap(case=parts[1], step=parts[2], option=parts[3])


def _mac(secret: bytes, text: str) -> str:
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()[:16]
