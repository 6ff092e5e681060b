"""Whether a missed call is followed up, and if not, why not."""

from __future__ import annotations

from dataclasses import dataclass

from ringback.call import Call, Verdict
from ringback.consent import UNSAID, Ruling
from ringback.line import Line, WithoutWhatsApp
from ringback.phone import Kind, NoNumber, Number

NO_WHATSAPP = "a number without WhatsApp"


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of a customer: epoch seconds, 0 for never."""

    consent: Ruling = UNSAID
    contacted: float = 0.0
    talked: float = 0.0
    no_whatsapp: bool = False
    """WhatsApp did not reach him lately."""


def is_a_case(call: Call, line: Line | None) -> bool:
    """Whether a call alone, on this line (None: the defaults), opens a case.

    Who called, what he agreed to and what happened besides may still speak against it: `why_not` says so.
    """
    return call.missed and not _is_too_short(call, line)


def why_not(call: Call, line: Line, number: Number | NoNumber, memory: Memory, now: float) -> str:
    """The reason why a missed call opens no case, '' when it opens one."""
    unwritable = "" if isinstance(number, NoNumber) else why_not_written_to(number, memory.no_whatsapp)
    reasons = (
        (isinstance(number, NoNumber), f"no number to write to: {number}"),
        (_is_too_short(call, line), "short: hung up within seconds"),
        (
            unwritable and line.without_whatsapp is WithoutWhatsApp.NOTHING,
            f"{unwritable}, and the line rings none such",
        ),
        (now > call.ended + line.stale_h * 3600, "too late to be useful"),
        (memory.consent.stopped, "asked not to be contacted"),
        (
            line.require_consent and not unwritable and not memory.consent.agreed,
            "has not agreed to be written to",
        ),
        (memory.talked > call.ended, "talked to a person since"),
        (memory.contacted + line.contact_gap_h * 3600 > now, "written to a short while ago"),
    )
    return next((why for holds, why in reasons if holds), "")


def _is_too_short(call: Call, line: Line | None) -> bool:
    return call.verdict is Verdict.SHORT and not (line is not None and line.contact_short)


def why_not_written_to(number: Number, no_whatsapp: bool = False) -> str:
    """Why a missed caller is helped without WhatsApp, '' when he is written to."""
    if number.kind is Kind.LANDLINE:
        return "a landline"
    return NO_WHATSAPP if no_whatsapp else ""
