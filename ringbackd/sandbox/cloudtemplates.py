"""Templates as Meta's side sees them: handed in, refused for their form, listed page by page."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from ringbackd.sandbox.clouderror import MetaError
from ringbackd.sandbox.cloudhooks import Json
from ringbackd.sandbox.cloudparts import Part
from ringbackd.sandbox.cloudspec import TemplateSpec

_INVALID, _AT_THE_ENDS, _TOO_MANY, _EXISTS = 100, 2388299, 2388293, 2388024
_PLACE = re.compile(r"\{\{([1-9][0-9]?)\}\}")
_LIVES: dict[str, tuple[int, int]] = {
    "UTILITY": (30, 43_200),
    "AUTHENTICATION": (30, 900),
    "MARKETING": (43_200, 2_592_000),
}
PAGE = 25


class _Example(Part):
    body_text: Annotated[tuple[tuple[Annotated[str, Field(min_length=1)], ...], ...], Field(min_length=1, max_length=1)]


class _Body(Part):
    type: Literal["BODY"]
    text: Annotated[str, Field(min_length=1, max_length=1024)]
    example: _Example | None = None


class _Footer(Part):
    type: Literal["FOOTER"]
    text: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^{}\n]*$")]


class _QuickReply(Part):
    type: Literal["QUICK_REPLY"]
    text: Annotated[str, Field(min_length=1, max_length=25, pattern=r"^[^{}\n]*$")]


class _Buttons(Part):
    type: Literal["BUTTONS"]
    buttons: Annotated[tuple[_QuickReply, ...], Field(min_length=1, max_length=10)]


class NewTemplate(Part):
    """The body of `POST /{waba-id}/message_templates`: what our templates are made of, nothing else that Meta takes."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,512}$")]
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2,3})?$")]
    category: Literal["UTILITY", "MARKETING", "AUTHENTICATION"]
    allow_category_change: bool = False
    message_send_ttl_seconds: int | None = None
    components: tuple[Annotated[_Body | _Footer | _Buttons, Field(discriminator="type")], ...]


def read_template(raw: bytes) -> tuple[TemplateSpec, bool]:
    """The template in `raw`, pending, and whether its category may be changed. Raises MetaError as Meta refuses it."""
    try:
        new = NewTemplate.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise MetaError(_INVALID, f"{where}: {first['msg']}") from None
    parts = {part.type: part for part in new.components}
    body, footer, buttons = parts.get("BODY"), parts.get("FOOTER"), parts.get("BUTTONS")
    if not isinstance(body, _Body) or len(parts) < len(new.components):
        raise MetaError(_INVALID, "components: exactly one BODY, and no other one twice")
    _check_body(body)
    _check_life(new)
    spec = TemplateSpec(
        name=new.name,
        language=new.language,
        body=body.text,
        buttons=tuple(button.text for button in buttons.buttons) if isinstance(buttons, _Buttons) else (),
        footer=footer.text if isinstance(footer, _Footer) else "",
        category=new.category,
        status="PENDING",
        ttl_s=new.message_send_ttl_seconds or 0,
    )
    return spec, new.allow_category_change


def _check_body(body: _Body) -> None:
    places, between = _PLACE.findall(body.text), _PLACE.split(body.text)[::2]
    if [int(place) for place in places] != list(range(1, len(places) + 1)):
        raise MetaError(_INVALID, "body: the variables are not numbered from 1 on")
    samples = body.example.body_text[0] if body.example else ()
    if len(samples) != len(places):
        raise MetaError(_INVALID, f"body: {len(samples)} samples for {len(places)} variables")
    if places and not all(any(sign.isalnum() for sign in end) for end in (between[0], between[-1])):
        raise MetaError(_INVALID, "Variables can't be at the start or end of the template", _AT_THE_ENDS)
    words = [word for word in _PLACE.sub(" ", body.text).split() if any(sign.isalnum() for sign in word)]
    if len(words) < 2 * len(places) + 1:
        raise MetaError(_INVALID, "This template has too many variables for its length", _TOO_MANY)


def _check_life(new: NewTemplate) -> None:
    least, most = _LIVES[new.category]
    ttl = new.message_send_ttl_seconds
    if ttl is not None and ttl != -1 and not least <= ttl <= most:
        raise MetaError(_INVALID, f"message_send_ttl_seconds: {ttl} is not between {least} and {most}")


def twice(spec: TemplateSpec) -> MetaError:
    """The answer to a name and language that are there already."""
    return MetaError(_INVALID, f"There is already {spec.language} content for this template", _EXISTS)


def page(found: Sequence[TemplateSpec], query: Mapping[str, str], address: str) -> Json:
    """One page of the list, with the cursor to the next one."""
    start, limit = _place(query.get("after", "")), max(1, min(int(query.get("limit", PAGE)), 1000))
    shown = found[start : start + limit]
    cursors = {"before": _cursor(start), "after": _cursor(start + len(shown))}
    more = {"next": f"{address}?after={cursors['after']}"} if start + limit < len(found) else {}
    data = [_listed(start + place, spec) for place, spec in enumerate(shown)]
    return {"data": data, "paging": {"cursors": cursors} | more}


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(str(place).encode()).decode()


def _place(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor)) if cursor else 0
    except ValueError:
        raise MetaError(_INVALID, "after: this cursor is none of ours") from None


def template_id(place: int) -> str:
    """The id of the template at this place of the list."""
    return str(10**14 + place)


def _listed(place: int, spec: TemplateSpec) -> Json:
    buttons = [{"type": "QUICK_REPLY", "text": title} for title in spec.buttons]
    components: list[Json] = [{"type": "BODY", "text": spec.body}]
    components += [{"type": "FOOTER", "text": spec.footer}] if spec.footer else []
    return {
        "id": template_id(place),
        "name": spec.name,
        "language": spec.language,
        "status": spec.status,
        "category": spec.category,
        "quality_score": {"score": spec.quality},
        "rejected_reason": "NONE",
        "components": components + ([{"type": "BUTTONS", "buttons": buttons}] if buttons else []),
    } | ({"message_send_ttl_seconds": spec.ttl_s} if spec.ttl_s else {})


def told(before: TemplateSpec, after: TemplateSpec, identity: str) -> list[tuple[str, Json]]:
    """The webhook fields and values by which Meta tells what changed in a template."""
    about: Json = {
        "message_template_id": int(identity),
        "message_template_name": after.name,
        "message_template_language": after.language.replace("_", "-"),
    }
    news: list[tuple[str, Json]] = []
    if before.status != after.status:
        news.append(("message_template_status_update", about | {"event": after.status, "reason": "NONE"}))
    if before.category != after.category:
        moved = {"previous_category": before.category, "new_category": after.category}
        news.append(("template_category_update", about | moved))
    if before.quality != after.quality:
        rated = {"previous_quality_score": before.quality, "new_quality_score": after.quality}
        news.append(("message_template_quality_update", about | rated))
    return news
