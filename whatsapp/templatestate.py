"""What Meta says of our templates: read from its list and from webhooks, compared with what we have here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from whatsapp.reading import dig, listed, words
from whatsapp.templatefile import TemplateFile

_PLACE = re.compile(r"\{\{[^{}]{1,60}\}\}")


@dataclass(frozen=True, slots=True)
class Remote:
    """A template as Meta has it. `status`, `category` and `quality` are Meta's words, '' where it has not told them.

    `body` is None where only its state is known (from a webhook), not its text.
    """

    name: str
    language: str
    status: str = ""
    category: str = ""
    quality: str = ""
    reason: str = ""
    ttl_s: int | None = None
    body: str | None = None
    footer: str = ""
    buttons: tuple[str, ...] = ()

    @property
    def places(self) -> int | None:
        """How many parameters it wants, None where its text is not known."""
        return None if self.body is None else len(set(_PLACE.findall(self.body)))


def remote(item: object) -> Remote:
    """One entry of the answer of `GET /{waba-id}/message_templates`, or of a provider's list in the same form."""
    components = {words(dig(part, "type")).upper(): part for part in listed(item, "components")}
    ttl = dig(item, "message_send_ttl_seconds")
    reason = words(dig(item, "rejected_reason"))
    return Remote(
        name=words(dig(item, "name")),
        language=words(dig(item, "language")),
        status=words(dig(item, "status")).upper(),
        category=words(dig(item, "category")).upper(),
        quality=words(dig(item, "quality_score", "score") or dig(item, "quality_score")).upper(),
        reason="" if reason == "NONE" else reason,
        ttl_s=ttl if isinstance(ttl, int) and ttl > 0 else None,
        body=words(dig(components.get("BODY"), "text")),
        footer=words(dig(components.get("FOOTER"), "text")),
        buttons=tuple(words(dig(button, "text")) for button in listed(components.get("BUTTONS"), "buttons")),
    )


_TOLD = {
    "message_template_status_update": "status",
    "template_category_update": "category",
    "message_template_quality_update": "quality",
}
"""Webhook fields about one template, and what of its state each one tells."""


def change(field: str, subject: str, event: str, detail: str) -> tuple[str, str, dict[str, str]] | None:
    """Name, language and the new part of the state of the template that a webhook is about; None for other news.

    `subject` is its name and language (which webhooks write with a hyphen), `event` what is new, `detail` why.
    """
    name, _, language = subject.rpartition(" ")
    if field not in _TOLD or not name or not event:
        return None
    reason = {"reason": "" if detail == "NONE" else detail} if _TOLD[field] == "status" else {}
    return name, language.replace("-", "_"), {_TOLD[field]: event.upper(), **reason}


_WORKS = dict.fromkeys(("APPROVED", "REINSTATED", "UNARCHIVED"), True) | dict.fromkeys(
    ("PAUSED", "DISABLED", "REJECTED", "ARCHIVED", "PENDING_DELETION", "DELETED"), False
)
"""`event` of `message_template_status_update`, where it tells whether Meta takes messages with the template."""


def usable(status: str) -> bool | None:
    """Whether a template in this state can be sent; None where the state does not tell (flagged, locked, in review)."""
    return _WORKS.get(status)


def differences(local: TemplateFile, code: str, there: Remote) -> list[str]:
    """What Meta has otherwise than we have it here, a line each."""
    wording = local.languages[code]
    pairs = (
        ("category", local.category, there.category),
        ("body", wording.filed, there.body),
        ("footer", wording.footer, there.footer),
        ("buttons", ", ".join(wording.buttons), ", ".join(there.buttons)),
        ("ttl_s", local.ttl_s, there.ttl_s if there.ttl_s is not None else local.ttl_s),
    )
    return [f"{what}: here {here!r}, at Meta {meta!r}" for what, here, meta in pairs if here != meta]
