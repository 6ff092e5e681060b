"""What we can say to a customer on WhatsApp, refused at construction where Meta would refuse it.

Limits are those of Meta's Cloud API (lengths in characters).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class QuickReply(_Value):
    """The payload behind one quick-reply button of a template; its title is part of the approved template."""

    payload: Annotated[Words, StringConstraints(max_length=256)]


class Template(_Value):
    """A template Meta approved, the only thing that may open a conversation. `params` fill its body in order."""

    kind: Literal["template"] = "template"
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,512}$")]
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")]
    params: tuple[Annotated[Words, StringConstraints(max_length=1024)], ...] = ()
    buttons: Annotated[tuple[QuickReply, ...], Field(max_length=10)] = ()


class Text(_Value):
    """Plain words, inside the 24-hour window only."""

    kind: Literal["text"] = "text"
    text: Annotated[Words, StringConstraints(max_length=4096)]


class Button(_Value):
    """One reply button."""

    id: Annotated[Words, StringConstraints(max_length=256)]
    title: Annotated[Words, StringConstraints(max_length=20)]


class Buttons(_Value):
    """Words with one to three reply buttons."""

    kind: Literal["buttons"] = "buttons"
    text: Annotated[Words, StringConstraints(max_length=1024)]
    buttons: Annotated[tuple[Button, ...], Field(min_length=1, max_length=3)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _refuse_twins("button", [button.id for button in self.buttons], [button.title for button in self.buttons])
        return self


class Row(_Value):
    """One row of a list."""

    id: Annotated[Words, StringConstraints(max_length=200)]
    title: Annotated[Words, StringConstraints(max_length=24)]
    description: Annotated[str, StringConstraints(max_length=72)] = ""


class Menu(_Value):
    """Words with a list of one to ten rows that opens behind `button` (Meta calls it a list message)."""

    kind: Literal["menu"] = "menu"
    text: Annotated[Words, StringConstraints(max_length=4096)]
    button: Annotated[Words, StringConstraints(max_length=20)]
    rows: Annotated[tuple[Row, ...], Field(min_length=1, max_length=10)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _refuse_twins("row", [row.id for row in self.rows])
        return self


def _refuse_twins(what: str, *columns: list[str]) -> None:
    for column in columns:
        if len(set(column)) != len(column):
            raise ValueError(f"two {what}s are alike: {', '.join(column)}")


Body = Annotated[Template | Text | Buttons | Menu, Field(discriminator="kind")]


class Message(_Value):
    """One message for one customer. `id` is ours and unique: it travels in `biz_opaque_callback_data`.

    `to` is +E164. After `not_after` (seconds since the epoch) it is stale and is not sent any more.
    """

    id: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    case: str
    line: str
    brand: str = ""
    to: Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
    body: Body
    not_after: float
