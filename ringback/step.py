"""One step of a conversation: its texts, what may be answered, and the message that it becomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from ringback.line import Language
from ringback.message import (
    Address,
    AskLocation,
    Body,
    Button,
    Buttons,
    Form,
    FormId,
    Link,
    Menu,
    QuickReply,
    Row,
    Template,
    Text,
    units,
)

PLACEHOLDERS = frozenset({"brand", "name", "missed_at", "due", "late", "info"})
LANGUAGES: tuple[Language, ...] = ("es", "en", "pt")
SLOT = "at"
"""Options of a `slots` step are `at.<epoch seconds>`."""
TEMPLATE_LENGTH = 1024
BUTTONS = 3
"""Reply buttons of one message at most (Meta)."""

_LONGEST = dict.fromkeys(PLACEHOLDERS, "x" * 60) | {"info": "x" * 600}
"""Words of the greatest length that the settings of a line and a customer's name can have."""
_PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")
_TITLE_LIMIT = {"template": 25, "buttons": 20, "menu": 24}
_OPTIONS = {"template": (0, 10), "buttons": (1, 3), "menu": (1, 10)}
_OPENED_BY_A_BUTTON = frozenset({"menu", "slots", "link", "form"})


class Does(StrEnum):
    """What an answer sets in motion."""

    NOTHING = "nothing"
    CALL_NOW = "call_now"
    CALL_AT = "call_at"
    CALL_OFF = "call_off"
    HANDOVER = "handover"
    DECLINE = "decline"
    SOLVE = "solve"
    RATE = "rate"
    STOP = "stop"


class Data(BaseModel):
    """A part of a flow as it stands in TOML."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Texts(Data):
    """One text in the three languages. `{brand}`, `{name}`, `{missed_at}`, `{due}`, `{late}` (minutes) and `{info}` are
    filled in."""

    es: Words
    en: Words
    pt: Words

    @model_validator(mode="after")
    def _known_placeholders(self) -> Self:
        for language in LANGUAGES:
            for name in _PLACEHOLDER.findall(self.of(language)):
                if name not in PLACEHOLDERS:
                    raise ValueError(f"{language}: {{{name}}} is not one of {', '.join(sorted(PLACEHOLDERS))}")
        return self

    def of(self, language: Language) -> str:
        """The text in one language, with its placeholders."""
        text: str = getattr(self, language)
        return text


class Option(Data):
    """One answer the customer can tap."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,24}$")]
    title: Texts
    does: Does = Does.NOTHING
    goto: str = ""
    intent: str = ""
    urgency: Literal["", "low", "normal", "high"] = ""


class Hears(Data):
    """What free words mean at a step (or at a `slots` step, the slot that was picked)."""

    does: Does = Does.NOTHING
    goto: str
    intent: str = ""


class Step(Data):
    """One turn of ours: what is said, and what may be answered."""

    say: Literal["template", "text", "buttons", "menu", "slots", "link", "location", "form"]
    text: Texts
    template: str = ""
    url: Address | Literal[""] = ""
    form: FormId | Literal[""] = ""
    button: Texts | None = None
    options: tuple[Option, ...] = ()
    most: Annotated[int, Field(ge=1, le=10)] = 10
    """How many slots a `slots` step offers. Up to three are buttons, more are a list."""
    hears: Hears | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        fewest, most = _OPTIONS.get(self.say, (0, 0))
        if not fewest <= len(self.options) <= most:
            raise ValueError(f"say = {self.say!r} takes {fewest} to {most} options, not {len(self.options)}")
        if len({option.id for option in self.options}) != len(self.options):
            raise ValueError("two options are alike: their ids must differ")
        self._parts_belong()
        if self.say == "slots" and not (self.hears and self.hears.does is Does.CALL_AT):
            raise ValueError("say = 'slots' needs hears = {does = 'call_at', goto = ...}")
        self._titles_fit()
        self._texts_fit()
        return self

    def _parts_belong(self) -> None:
        for say, part in {"template": self.template, "link": self.url, "form": self.form}.items():
            if (self.say == say) != bool(part):
                field = {"link": "url"}.get(say, say)
                raise ValueError(f"{field} = '...' belongs to say = {say!r}, and to nothing else")
        if (self.say in _OPENED_BY_A_BUTTON) != (self.button is not None):
            kinds = " or ".join(map(repr, sorted(_OPENED_BY_A_BUTTON)))
            raise ValueError(f"button = {{es, en, pt}} (what he taps to open it) belongs to say = {kinds}")

    def _titles_fit(self) -> None:
        limit = _TITLE_LIMIT.get(self.say, 0)
        for option in self.options:
            for language in LANGUAGES:
                title = option.title.of(language)
                if units(title) > limit:
                    raise ValueError(f"option {option.id}, {language}: {title!r} is over {limit} characters")

    def _texts_fit(self) -> None:
        for language in LANGUAGES:
            try:
                for count in (1, BUTTONS + 1):
                    render(self, language, "es", _LONGEST, {f"{SLOT}.{place}": "1" for place in range(count)}, str)
            except ValidationError as error:
                what = error.errors()[0]
                raise ValueError(f"{language}: {'.'.join(map(str, what['loc']))}: {what['msg']}") from None
            if self.say == "template" and units(fill(self.text.of(language), _LONGEST)) > TEMPLATE_LENGTH:
                raise ValueError(f"{language}: text: with the longest words over {TEMPLATE_LENGTH} characters")


def fill(text: str, words: Mapping[str, str]) -> str:
    """Put the words into the placeholders, once: what a customer is called cannot become a placeholder itself."""
    return _PLACEHOLDER.sub(lambda match: words.get(match.group(1), ""), text)


def template_places(step: Step, language: Language) -> tuple[str, ...]:
    """The names of the placeholders in a template step's text, in their order."""
    return tuple(_PLACEHOLDER.findall(step.text.of(language)))


def template_body(step: Step, language: Language) -> str:
    """The body of a template as Meta files it: `{brand}` becomes `{{1}}`, the next one `{{2}}`."""
    numbers = iter(range(1, 100))
    return _PLACEHOLDER.sub(lambda _: f"{{{{{next(numbers)}}}}}", step.text.of(language))


def render(
    step: Step,
    language: Language,
    template_code: str,
    words: Mapping[str, str],
    slots: Mapping[str, str],
    payload: Callable[[str], str],
) -> Body:
    """Make the message of a step. `slots` maps option ids to titles; `payload` signs what a button carries."""
    text = fill(step.text.of(language), words)
    button = step.button.of(language) if step.button else ""
    match step.say:
        case "template":
            params = tuple(words[name] for name in template_places(step, language))
            replies = tuple(QuickReply(payload=payload(option.id)) for option in step.options)
            return Template(name=step.template, language=template_code, params=params, buttons=replies)
        case "buttons" | "menu" | "slots":
            titles = dict(slots) if step.say == "slots" else {o.id: o.title.of(language) for o in step.options}
            if step.say == "menu" or len(titles) > BUTTONS:
                rows = tuple(Row(id=payload(option), title=title) for option, title in titles.items())
                return Menu(text=text, button=button, rows=rows)
            buttons = tuple(Button(id=payload(option), title=title) for option, title in titles.items())
            return Buttons(text=text, buttons=buttons)
        case "link":
            return Link(text=text, button=button, url=step.url)
        case "form":
            return Form(text=text, button=button, form=step.form, token=payload(step.form))
        case "location":
            return AskLocation(text=text)
        case "text":
            return Text(text=text)
