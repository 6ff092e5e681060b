"""The conversation, written as data: steps with their texts, buttons, and what each button does.

A flow is read from TOML and checked whole before anybody is written to: every text in every language, every jump,
every limit of Meta. Nothing here sends; `render` makes the message of a step and `take` reads a customer's answer.
"""

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

PLACEHOLDERS = frozenset({"brand", "name", "missed_at", "due", "info"})
LANGUAGES: tuple[Language, ...] = ("es", "en", "pt")
SLOT = "at"
"""Options of a `slots` step are `at.<epoch seconds>`."""
TEMPLATE_LENGTH = 1024

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


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Texts(_Data):
    """One text in the three languages. `{brand}`, `{name}`, `{missed_at}`, `{due}` and `{info}` are filled in."""

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


class Option(_Data):
    """One answer the customer can tap."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,24}$")]
    title: Texts
    does: Does = Does.NOTHING
    goto: str = ""
    intent: str = ""
    urgency: Literal["", "low", "normal", "high"] = ""


class Hears(_Data):
    """What free words mean at a step (or at a `slots` step, the slot that was picked)."""

    does: Does = Does.NOTHING
    goto: str
    intent: str = ""


class Step(_Data):
    """One turn of ours: what is said, and what may be answered."""

    say: Literal["template", "text", "buttons", "menu", "slots", "link", "location", "form"]
    text: Texts
    template: str = ""
    url: Address | Literal[""] = ""
    form: FormId | Literal[""] = ""
    button: Texts | None = None
    options: tuple[Option, ...] = ()
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
                render(self, language, "es", _LONGEST, {f"{SLOT}.1": "1"}, str)
            except ValidationError as error:
                what = error.errors()[0]
                raise ValueError(f"{language}: {'.'.join(map(str, what['loc']))}: {what['msg']}") from None
            if self.say == "template" and units(fill(self.text.of(language), _LONGEST)) > TEMPLATE_LENGTH:
                raise ValueError(f"{language}: text: with the longest words over {TEMPLATE_LENGTH} characters")


class Choice(_Data):
    """What a customer's answer means. `option` is what he tapped, empty for free words."""

    option: str = ""
    does: Does
    goto: str
    intent: str = ""
    urgency: str = ""
    slot: float = 0.0


class Flow(_Data):
    """One conversation. The named steps are said when something happens that the customer did not tap for."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,32}$")]
    first: str
    """The template that opens the conversation."""
    survey: str
    """After a conversation on the phone, or a case solved in WhatsApp."""
    lost: str
    """After the last attempt to ring back failed."""
    over: str
    """An answer to a case that is closed."""
    anything: str
    """Where free words lead when the step asked for a tap: to a person."""
    full: str = ""
    """Said to who chose a slot that others took meanwhile, or that has passed: it offers slots again."""
    stopped: str = ""
    """Said once to who asks not to be contacted any more: how to come back."""
    back: str = ""
    """Said to who takes that back."""
    steps: Annotated[dict[str, Step], Field(min_length=1)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for where, step in self._jumps():
            if step not in self.steps:
                raise ValueError(f"{where} leads to {step!r}, which is not a step")
        if self.steps[self.first].say != "template":
            raise ValueError(f"first: {self.first!r} must say a template, nothing else may open a conversation")
        self._in_place()
        return self

    def _in_place(self) -> None:
        """Ratings belong to the survey, hours to `slots`: elsewhere a case could not follow."""
        for name, step in self.steps.items():
            for option in step.options:
                where = f"steps.{name}.options.{option.id}: does = {option.does.value!r}"
                if option.does is Does.RATE and name != self.survey:
                    raise ValueError(f"{where} belongs to the step that `survey` names ({self.survey!r})")
                if option.does is Does.CALL_AT:
                    raise ValueError(f"{where} belongs to the `hears` of a step that says 'slots'")

    def _jumps(self) -> list[tuple[str, str]]:
        jumps = [(name, getattr(self, name)) for name in ("first", "survey", "lost", "over", "anything")]
        jumps += [(name, step) for name in ("full", "stopped", "back") if (step := getattr(self, name))]
        for name, step in self.steps.items():
            jumps += [(f"steps.{name}.options.{option.id}", option.goto) for option in step.options if option.goto]
            jumps += [(f"steps.{name}.hears", step.hears.goto)] if step.hears else []
        return jumps

    def take(self, step: str, option: str, text: str) -> Choice:
        """Read an answer given at `step`: the option tapped, an option's title typed by hand, or free words."""
        asked = self.steps.get(step)
        hears = asked.hears if asked else None
        if hears and option.startswith(f"{SLOT}."):
            return Choice(option=option, does=hears.does, goto=hears.goto, intent=hears.intent, slot=_slot(option))
        for known in asked.options if asked else ():
            if known.id == option or (not option and _same(text, known.title)):
                return Choice(
                    option=known.id, does=known.does, goto=known.goto, intent=known.intent, urgency=known.urgency
                )
        if hears and hears.does is not Does.CALL_AT:
            return Choice(does=hears.does, goto=hears.goto, intent=hears.intent)
        return Choice(does=Does.HANDOVER, goto=self.anything)


def _same(text: str, title: Texts) -> bool:
    return text.strip().casefold() in {title.of(language).casefold() for language in LANGUAGES}


def _slot(option: str) -> float:
    digits = option.removeprefix(f"{SLOT}.")
    return float(digits) if re.fullmatch(r"[0-9]{1,12}", digits) else 0.0


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
        case "buttons":
            buttons = tuple(Button(id=payload(option.id), title=option.title.of(language)) for option in step.options)
            return Buttons(text=text, buttons=buttons)
        case "menu" | "slots":
            titles = dict(slots) if step.say == "slots" else {o.id: o.title.of(language) for o in step.options}
            rows = tuple(Row(id=payload(option), title=title) for option, title in titles.items())
            return Menu(text=text, button=button, rows=rows)
        case "link":
            return Link(text=text, button=button, url=step.url)
        case "form":
            return Form(text=text, button=button, form=step.form, token=payload(step.form))
        case "location":
            return AskLocation(text=text)
        case "text":
            return Text(text=text)
