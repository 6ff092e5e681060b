"""The message templates as data, checked against Meta's rules for their creation before Meta sees them.

Rules: Meta's "Template components" and "Time-to-live" pages; about variables (not at the ends, not side by side, 2x + 1
fixed words for x of them) its error texts of the subcodes 2388293 and 2388299.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

BODY_LENGTH = 1024
TTL_S = {"AUTHENTICATION": (30, 900), "UTILITY": (30, 43_200), "MARKETING": (43_200, 2_592_000)}
"""The least and the greatest `message_send_ttl_seconds` of each category."""

_PLACE = re.compile(r"\{([a-z_]+)\}")
_ILL_SPACED = re.compile(r"\t| {4}|\n{3}|[ \t]\n")
_BRACES = re.compile(r"[{}]")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,512}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_[A-Z]{2,3})?$")]
Sample = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\n\t]*$")]
Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=25, pattern=r"^[^\n\t*_~`{}]*$")
]
Footer = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60, pattern=r"^[^\n\t{}]*$")]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Wording(_Data):
    """A template in one language. `body` has places like {brand}; the buttons are quick replies."""

    body: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=BODY_LENGTH)]
    footer: Footer = ""
    buttons: Annotated[tuple[Title, ...], Field(max_length=10)] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """The names of the places in the body, in their order."""
        return tuple(_PLACE.findall(self.body))

    @property
    def filed(self) -> str:
        """The body as Meta files it, with {{1}}, {{2}}, ..."""
        numbers = iter(range(1, 1 + len(self.places)))
        return _PLACE.sub(lambda _: f"{{{{{next(numbers)}}}}}", self.body)

    @model_validator(mode="after")
    def _as_meta_wants(self) -> Self:
        fixed = [re.sub(r"[\W_]", "", part) for part in _PLACE.split(self.body)[::2]]
        words = sum(bool(re.search(r"\w", word)) for word in _PLACE.sub(" ", self.body).split())
        if _BRACES.search(_PLACE.sub("", self.body)):
            raise ValueError("body: braces belong to places like {brand}, nothing else")
        if self.places and not (fixed[0] and fixed[-1]):
            raise ValueError("body: begins or ends with a place; put words before and after it")
        if not all(fixed):
            raise ValueError("body: two places stand side by side; put words between them")
        if words < 2 * len(self.places) + 1:
            raise ValueError(f"body: {words} fixed words are too few for {len(self.places)} places")
        if _ILL_SPACED.search(self.body):
            raise ValueError("body: tabs, four spaces, spaces before a line break or two empty lines in a row")
        if len(set(self.buttons)) < len(self.buttons):
            raise ValueError("buttons: two are alike")
        return self


class TemplateFile(_Data):
    """A template in its languages. `ttl_s`: seconds after which Meta drops a message that was not delivered."""

    name: Name
    category: Literal["UTILITY", "MARKETING", "AUTHENTICATION"]
    ttl_s: int
    samples: dict[str, Sample] = {}
    languages: Annotated[dict[Code, Wording], Field(min_length=1)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        least, most = TTL_S[self.category]
        if not least <= self.ttl_s <= most:
            raise ValueError(f"ttl_s: {self.ttl_s} is not between {least} and {most}, as {self.category} wants")
        first = next(iter(self.languages.values()))
        for code, wording in self.languages.items():
            if (wording.places, len(wording.buttons)) != (first.places, len(first.buttons)):
                raise ValueError(f"languages.{code}: other places or another number of buttons than the first language")
            for place in wording.places:
                if place not in self.samples:
                    raise ValueError(f"samples.{place}: is missing; Meta wants one for each place")
            if len(_PLACE.sub(lambda place: self.samples[place[1]], wording.body)) > BODY_LENGTH:
                raise ValueError(f"languages.{code}.body: over {BODY_LENGTH} characters with its samples")
        return self

    @property
    def places(self) -> tuple[str, ...]:
        """The names of the places, in their order; the same in each language."""
        return next(iter(self.languages.values())).places

    def creation(self, code: str, allow_category_change: bool) -> dict[str, object]:
        """The body of the request that creates it in one language."""
        wording = self.languages[code]
        body: dict[str, object] = {"type": "BODY", "text": wording.filed}
        if wording.places:
            body["example"] = {"body_text": [[self.samples[place] for place in wording.places]]}
        components = [body]
        if wording.footer:
            components.append({"type": "FOOTER", "text": wording.footer})
        if wording.buttons:
            buttons = [{"type": "QUICK_REPLY", "text": title} for title in wording.buttons]
            components.append({"type": "BUTTONS", "buttons": buttons})
        return {
            "name": self.name,
            "language": code,
            "category": self.category,
            "allow_category_change": allow_category_change,
            "message_send_ttl_seconds": self.ttl_s,
            "components": components,
        }
