"""What we can say to a customer on WhatsApp, refused at construction where Meta would refuse it.

Limits are those of Meta's Cloud API. Meta gives them in characters and does not say what one is: they are counted in
UTF-16 units here, as a phone counts (most emoji are two), which is never fewer.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from ringback.phone import USER_ID

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def units(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """A text cut to `limit` units."""
    return text.encode("utf-16-le", "replace")[: 2 * limit].decode("utf-16-le", "ignore")


def upto(limit: int) -> AfterValidator:
    """Refuses a text of more than `limit` units."""

    def check(text: str) -> str:
        if (length := units(text)) > limit:
            raise ValueError(f"{text[:40]!r} is {length} characters long (most emoji count twice), {limit} are allowed")
        return text

    return AfterValidator(check)


Address = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,2000}$")]
"""A web page, letters outside ASCII already written as %XX."""
FormId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,32}$")]
"""The number of a WhatsApp Flow."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class QuickReply(_Value):
    """The payload behind one quick-reply button of a template; its title is part of the approved template."""

    payload: Annotated[Words, upto(256)]


class Template(_Value):
    """A template Meta approved, the only thing that may open a conversation. `params` fill its body in order."""

    kind: Literal["template"] = "template"
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,512}$")]
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")]
    params: tuple[Annotated[Words, upto(1024)], ...] = ()
    buttons: Annotated[tuple[QuickReply, ...], Field(max_length=10)] = ()


class Text(_Value):
    """Plain words, inside the 24-hour window only."""

    kind: Literal["text"] = "text"
    text: Annotated[Words, upto(4096)]


class Button(_Value):
    """One reply button."""

    id: Annotated[Words, upto(256)]
    title: Annotated[Words, upto(20)]


class Buttons(_Value):
    """Words with one to three reply buttons."""

    kind: Literal["buttons"] = "buttons"
    text: Annotated[Words, upto(1024)]
    buttons: Annotated[tuple[Button, ...], Field(min_length=1, max_length=3)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _refuse_twins("button", [button.id for button in self.buttons], [button.title for button in self.buttons])
        return self


class Row(_Value):
    """One row of a list."""

    id: Annotated[Words, upto(200)]
    title: Annotated[Words, upto(24)]
    description: Annotated[str, upto(72)] = ""


class Menu(_Value):
    """Words with a list of one to ten rows that opens behind `button` (Meta calls it a list message)."""

    kind: Literal["menu"] = "menu"
    text: Annotated[Words, upto(4096)]
    button: Annotated[Words, upto(20)]
    rows: Annotated[tuple[Row, ...], Field(min_length=1, max_length=10)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _refuse_twins("row", [row.id for row in self.rows])
        return self


def _refuse_twins(what: str, *columns: list[str]) -> None:
    for column in columns:
        if len(set(column)) != len(column):
            raise ValueError(f"two {what}s are alike: {', '.join(column)}")


class Link(_Value):
    """Words with one button that opens a web page (Meta's `cta_url`)."""

    kind: Literal["link"] = "link"
    text: Annotated[Words, upto(1024)]
    button: Annotated[Words, upto(20)]
    url: Address


class AskLocation(_Value):
    """Words with a button by which the customer sends where he is (Meta's `location_request_message`)."""

    kind: Literal["location"] = "location"
    text: Annotated[Words, upto(1024)]


class Form(_Value):
    """Words with a button that opens a form (a WhatsApp Flow published at Meta); `token` comes back with its answer."""

    kind: Literal["form"] = "form"
    text: Annotated[Words, upto(1024)]
    button: Annotated[Words, upto(30)]
    form: FormId
    token: Annotated[Words, upto(256)]


Body = Annotated[Template | Text | Buttons | Menu | Link | AskLocation | Form, Field(discriminator="kind")]


class Message(_Value):
    """One message for one customer. `id` is ours and unique: it travels in `biz_opaque_callback_data`.

    `to` is +E164, or the user id of a customer who hides his number. After `not_after` (seconds since the
    epoch) it is stale and is not sent any more.
    """

    id: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    case: str
    line: str
    brand: str = ""
    to: Annotated[str, StringConstraints(pattern=rf"^(\+[1-9][0-9]{{6,14}}|{USER_ID})$")]
    body: Body
    not_after: float
