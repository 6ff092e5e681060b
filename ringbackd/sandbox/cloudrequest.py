"""What may be posted to `/messages`, and how Meta says no to the rest.

Stricter than Meta in one point, on purpose: `to` must begin with a plus, since Meta may send it elsewhere without.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from ringback.phone import USER_ID
from ringbackd.sandbox.clouderror import MetaError
from ringbackd.sandbox.cloudparts import Interactive, Part, TemplateUse, TextBody


class _Common(Part):
    messaging_product: Literal["whatsapp"]
    recipient_type: Literal["individual"] = "individual"
    to: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")] = ""
    recipient: Annotated[str, Field(pattern=f"^{USER_ID}$")] = ""
    """The user id of a customer who hides his number; `to` goes before it."""
    biz_opaque_callback_data: Annotated[str, Field(max_length=512)] = ""

    @property
    def customer(self) -> str:
        """Whom it is for: +E164, or a user id."""
        return self.to or self.recipient


class TextRequest(_Common):
    """Plain words."""

    type: Literal["text"]
    text: TextBody


class InteractiveRequest(_Common):
    """Words with something to tap."""

    type: Literal["interactive"]
    interactive: Interactive


class TemplateRequest(_Common):
    """A template."""

    type: Literal["template"]
    template: TemplateUse


Request = TextRequest | InteractiveRequest | TemplateRequest
_ADAPTER: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="type")])
_MISSING, _INVALID, _UNREADABLE = 131008, 131009, 100
_CODES: dict[str, int] = {
    "missing": _MISSING,
    "string_too_short": _MISSING,
    "extra_forbidden": _UNREADABLE,
    "json_invalid": _UNREADABLE,
    "literal_error": _UNREADABLE,
    "dict_type": _UNREADABLE,
    "union_tag_invalid": _UNREADABLE,
    "union_tag_not_found": _UNREADABLE,
}


def read(raw: bytes) -> Request:
    """The request in `raw`. Raises MetaError 100, 131008 or 131009 where its form is wrong."""
    try:
        request = _ADAPTER.validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"][1:])
        raise MetaError(_CODES.get(first["type"], _INVALID), f"{where}: {first['msg']}") from None
    if not request.customer:
        raise MetaError(_MISSING, "to: Field required")
    return request
