"""The parts of what may be posted to `/messages`, with Meta's limits (lengths in characters)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Title20 = Annotated[str, Field(min_length=1, max_length=20)]
Title24 = Annotated[str, Field(min_length=1, max_length=24)]
Id256 = Annotated[str, Field(min_length=1, max_length=256)]
MAX_ROWS = 10


class Part(BaseModel):
    """Any object in a request; a key that Meta does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TextBody(Part):
    """Plain words."""

    body: Annotated[str, Field(min_length=1, max_length=4096)]
    preview_url: bool = False


class _Words1024(Part):
    text: Annotated[str, Field(min_length=1, max_length=1024)]


class _Words4096(Part):
    text: Annotated[str, Field(min_length=1, max_length=4096)]


class _Reply(Part):
    id: Id256
    title: Title20


class _Button(Part):
    type: Literal["reply"]
    reply: _Reply


class _ButtonAction(Part):
    buttons: Annotated[tuple[_Button, ...], Field(min_length=1, max_length=3)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({button.reply.id for button in self.buttons}) < len(self.buttons):
            raise ValueError("two buttons have the same id")
        return self


class _Row(Part):
    id: Annotated[str, Field(min_length=1, max_length=200)]
    title: Title24
    description: Annotated[str, Field(max_length=72)] = ""


class _Section(Part):
    title: Title24 | None = None
    rows: Annotated[tuple[_Row, ...], Field(min_length=1)]


class _ListAction(Part):
    button: Title20
    sections: Annotated[tuple[_Section, ...], Field(min_length=1, max_length=10)]

    @property
    def rows(self) -> tuple[_Row, ...]:
        return tuple(row for section in self.sections for row in section.rows)

    @model_validator(mode="after")
    def _ten_distinct_rows(self) -> Self:
        if len(self.rows) > MAX_ROWS:
            raise ValueError(f"{len(self.rows)} rows in all sections together, at most {MAX_ROWS} are allowed")
        if len({row.id for row in self.rows}) < len(self.rows):
            raise ValueError("two rows have the same id")
        if len(self.sections) > 1 and not all(section.title for section in self.sections):
            raise ValueError("every one of several sections needs a title")
        return self


class ReplyButtons(Part):
    """Words with reply buttons."""

    type: Literal["button"]
    body: _Words1024
    action: _ButtonAction


class ListOfRows(Part):
    """Words with a list behind a button."""

    type: Literal["list"]
    body: _Words4096
    action: _ListAction


class _Link(Part):
    display_text: Title20
    url: Annotated[str, Field(pattern=r"^https?://\S+$")]


class _LinkAction(Part):
    name: Literal["cta_url"]
    parameters: _Link


class PageButton(Part):
    """Words with a button that opens a web page."""

    type: Literal["cta_url"]
    body: _Words1024
    action: _LinkAction


class _AskLocation(Part):
    name: Literal["send_location"]


class LocationButton(Part):
    """Words with a button that sends where the customer is."""

    type: Literal["location_request_message"]
    body: _Words1024
    action: _AskLocation


class _Form(Part):
    flow_message_version: Literal["3"]
    flow_id: Annotated[str, Field(min_length=1)]
    flow_cta: Annotated[str, Field(min_length=1, max_length=30)]
    flow_token: Annotated[str, Field(min_length=1)]


class _FormAction(Part):
    name: Literal["flow"]
    parameters: _Form


class FormButton(Part):
    """Words with a button that opens a form."""

    type: Literal["flow"]
    body: _Words1024
    action: _FormAction


Interactive = Annotated[
    ReplyButtons | ListOfRows | PageButton | LocationButton | FormButton, Field(discriminator="type")
]
"""Words with something to tap."""


class _Parameter(Part):
    type: Literal["text"]
    text: Annotated[str, Field(min_length=1, max_length=1024)]


class _Payload(Part):
    type: Literal["payload"]
    payload: Id256


class _BodyComponent(Part):
    type: Literal["body"]
    parameters: Annotated[tuple[_Parameter, ...], Field(min_length=1)]


_EITHER_CASE = BeforeValidator(lambda word: word.lower() if isinstance(word, str) else word)
"""Meta takes quick_reply and QUICK_REPLY alike, and a place as a number or as text."""


class _QuickReply(Part):
    type: Literal["button"]
    sub_type: Annotated[Literal["quick_reply"], _EITHER_CASE]
    index: Annotated[str, Field(pattern=r"^[0-9]$"), BeforeValidator(str)]
    parameters: Annotated[tuple[_Payload, ...], Field(min_length=1, max_length=1)]


class _Language(Part):
    code: Annotated[str, Field(min_length=1)]


class TemplateUse(Part):
    """A template by name and language, with what fills it."""

    name: Annotated[str, Field(min_length=1)]
    language: _Language
    components: tuple[Annotated[_BodyComponent | _QuickReply, Field(discriminator="type")], ...] = ()

    @property
    def params(self) -> tuple[str, ...]:
        """The values for the places in the body, in order."""
        bodies = [component for component in self.components if isinstance(component, _BodyComponent)]
        return tuple(parameter.text for body in bodies for parameter in body.parameters)

    @property
    def payloads(self) -> dict[int, str]:
        """The payload behind each quick-reply button, by the button's index."""
        taps = [component for component in self.components if isinstance(component, _QuickReply)]
        return {int(tap.index): tap.parameters[0].payload for tap in taps}
