"""The conversation, written as data: steps with their texts, buttons, and what each button does.

A flow is read from TOML and checked whole before anybody is written to: every text in every language, every jump,
every limit of Meta. Nothing here sends; `ringback.step` makes the message of a step, `take` reads a customer's answer.
"""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from ringback.line import Line
from ringback.step import LANGUAGES, SLOT, Data, Does, Step, Texts

OPTIONAL = ("survey_template", "lost_template", "late", "reminder", "booked", "called_off", "full", "stopped", "back")
"""Named steps that a flow may do without: then nothing is said."""


class Choice(Data):
    """What a customer's answer means. `option` is what he tapped, empty for free words."""

    option: str = ""
    does: Does
    goto: str
    intent: str = ""
    urgency: str = ""
    slot: float = 0.0


class Flow(Data):
    """One conversation. The named steps are said when something happens that the customer did not tap for."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,32}$")]
    first: str
    """The template that opens the conversation."""
    survey: str
    """After a conversation on the phone, or a case solved in WhatsApp."""
    survey_template: str = ""
    """The template that asks the same where his 24 hours are over; see `Line.survey`."""
    lost: str
    """After the last attempt to ring back failed."""
    lost_template: str = ""
    """The template that says the same where his 24 hours are over."""
    late: str = ""
    """Said once to who waits longer than promised, because nobody is free; see `CallbackPlan.late_min`."""
    over: str
    """An answer to a case that is closed."""
    anything: str
    """Where free words lead when the step asked for a tap: to a person."""
    reminder: str = ""
    """The template that reminds of a slot shortly before it."""
    booked: str = ""
    """Said when a person of the business promised him a call, or another time."""
    called_off: str = ""
    """Said when a person of the business called the call back off."""
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
        for what in ("reminder", "survey_template", "lost_template"):
            step = getattr(self, what)
            if step and self.steps[step].say != "template":
                raise ValueError(f"{what}: {step!r} must say a template, it comes when nothing else is allowed")
        self._in_place()
        return self

    def _in_place(self) -> None:
        """Ratings belong to the survey, hours to `slots`: elsewhere a case could not follow."""
        for name, step in self.steps.items():
            for option in step.options:
                where = f"steps.{name}.options.{option.id}: does = {option.does.value!r}"
                if option.does is Does.RATE and name not in self.surveys:
                    raise ValueError(f"{where} belongs to the step that `survey` names ({self.survey!r})")
                if option.does is Does.CALL_AT:
                    raise ValueError(f"{where} belongs to the `hears` of a step that says 'slots'")

    @property
    def surveys(self) -> tuple[str, ...]:
        """The steps that ask for a rating."""
        return tuple(filter(None, (self.survey, self.survey_template)))

    def templates(self, line: Line) -> dict[str, Step]:
        """The template steps that are said to customers of a line."""
        unused = "" if line.survey.ask and line.survey.template else self.survey_template
        return {name: step for name, step in self.steps.items() if step.say == "template" and name != unused}

    def _jumps(self) -> list[tuple[str, str]]:
        jumps = [(name, getattr(self, name)) for name in ("first", "survey", "lost", "over", "anything")]
        jumps += [(name, step) for name in OPTIONAL if (step := getattr(self, name))]
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
