"""Phone numbers as WhatsApp writes them: without the plus, and for old accounts of two countries in another form."""

from __future__ import annotations

import re

_ALIASES = (
    (re.compile(r"^521(\d{10})$"), r"52\1"),
    (re.compile(r"^(55[1-9]\d)([6-9]\d{7})$"), r"\g<1>9\2"),
)
_OLD_FORMS = (
    (re.compile(r"^52(\d{10})$"), r"521\1"),
    (re.compile(r"^(55[1-9]\d)9(\d{8})$"), r"\1\2"),
)


def canonical(number: str) -> str:
    """The digits that one customer is kept under, whichever form he is written in (+E164 or wa_id); or his user id."""
    return _rewritten(number.removeprefix("+"), _ALIASES)


def old_form(number: str) -> str:
    """The wa_id of an account from before the numbering change (Mexico 521..., Brazil without the 9)."""
    return _rewritten(number, _OLD_FORMS)


def hidden(customer: str) -> bool:
    """Whether this is the user id of somebody who hides his number."""
    return not customer.lstrip("+").isdigit()


def _rewritten(digits: str, forms: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    for pattern, form in forms:
        if pattern.match(digits):
            return pattern.sub(form, digits)
    return digits
