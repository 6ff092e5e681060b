"""The webhook fields that tell about the business's own account, numbers and templates, and where each says what."""

from __future__ import annotations

from dataclasses import dataclass

from whatsapp.events import AccountNews
from whatsapp.reading import Read, at

LONGEST_SECONDS = 1 << 33


@dataclass(frozen=True, slots=True)
class Field:
    """Reads one webhook field: which number or template it is about, what is new, and more of it."""

    subject: Read
    event: Read
    detail: Read


_NUMBER = at(("display_phone_number",))
_TEMPLATE = at(("message_template_name",), ("message_template_language",))
_ACCOUNT = at()

FIELDS: dict[str, Field] = {
    "account_alerts": Field(
        at(("alert_info", "alert_type"), ("alert_type",)),
        at(("alert_info", "alert_status"), ("alert_status",)),
        at(
            ("alert_info", "alert_severity"),
            ("alert_severity",),
            ("alert_info", "alert_description"),
            ("alert_description",),
        ),
    ),
    "account_review_update": Field(_ACCOUNT, at(("decision",)), _ACCOUNT),
    "account_update": Field(
        at(("event",)),  # each has its own last time: a new partner does not undo a restriction
        at(("event",)),
        at(
            ("violation_info", "violation_type"),
            ("ban_info", "waba_ban_state"),
            ("restriction_info", "*", "restriction_type"),
            ("country",),
            ("disconnection_info", "reason"),
        ),
    ),
    "business_capability_update": Field(
        _ACCOUNT, at(("max_daily_conversations_per_business",), ("max_daily_conversation_per_phone",)), _ACCOUNT
    ),
    "business_status_update": Field(_ACCOUNT, at(("event",)), _ACCOUNT),
    "message_template_components_update": Field(_TEMPLATE, at(("message_template_element",)), _ACCOUNT),
    "message_template_quality_update": Field(_TEMPLATE, at(("new_quality_score",)), at(("previous_quality_score",))),
    "message_template_status_update": Field(
        _TEMPLATE, at(("event",)), at(("reason",), ("rejection_info", "reason"), ("disable_info", "disable_date"))
    ),
    "phone_number_name_update": Field(
        _NUMBER, at(("decision",)), at(("requested_verified_name",), ("rejection_reason",))
    ),
    "phone_number_quality_update": Field(
        _NUMBER, at(("event",)), at(("current_limit",), ("max_daily_conversations_per_business",))
    ),
    "security": Field(_NUMBER, at(("event",)), _ACCOUNT),
    "template_category_update": Field(
        _TEMPLATE, at(("new_category",)), at(("previous_category",), ("correct_category",))
    ),
}
"""By Meta's name of the field ("Webhooks reference" of the WhatsApp Business Platform)."""

_ALARMING = frozenset(
    {"ACCOUNT_VIOLATION", "ACCOUNT_RESTRICTION", "DISABLED_UPDATE", "ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED"}
    | {"PARTNER_REMOVED", "REJECTED", "PAUSED", "DISABLED", "PENDING_DELETION", "FLAGGED", "DOWNGRADE", "RED"}
)
_WELL_AGAIN = "REINSTATE"


def alarming(event: str, detail: str) -> bool:
    """Whether somebody should look at this news. Severe alerts say so in their details."""
    return (event in _ALARMING or detail.startswith("CRITICAL")) and _WELL_AGAIN not in detail


def account_news(field: str, value: object, time: object) -> AccountNews:
    """Read the value of such a field. `time` is that of its entry, in seconds; older versions write milliseconds."""
    told = FIELDS[field]
    seconds = time if isinstance(time, int) and not isinstance(time, bool) and time >= 0 else 0
    return AccountNews(
        field=field,
        subject=told.subject(value),
        event=told.event(value),
        detail=told.detail(value),
        at=seconds // 1000 if seconds >= LONGEST_SECONDS else seconds,
    )
