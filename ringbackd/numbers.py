"""`ringback number`: how a caller id is read on a line, step by step, and what follows from it."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass

import phonenumbers
from rich.console import Console
from rich.table import Table

from ringback.line import Line, WithoutWhatsApp
from ringback.phone import NoNumber, Number, tried
from ringback.policy import why_not_written_to
from ringbackd.settings import Settings, SettingsError, load
from ringbackd.show import escape

FOLLOWS = {
    WithoutWhatsApp.PERSON: "not written to ({why}); a person of the business gets the case",
    WithoutWhatsApp.RING: "not written to ({why}); the PBX rings him back in the line's hours",
    WithoutWhatsApp.NOTHING: "not written to ({why}); nothing is done",
}


@dataclass(frozen=True, slots=True)
class Tried:
    """One reading of a caller id: what was read, how, and what came of it ('' if it is no valid number)."""

    reading: str
    how: str
    e164: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A caller id on a line. `e164`, `dial`, `key` and `kind` are empty where `reason` says why there is no number."""

    text: str
    line: str
    region: str
    e164: str = ""
    dial: str = ""
    key: str = ""
    kind: str = ""
    reason: str = ""
    follows: str = ""
    readings: tuple[Tried, ...] = ()


def explain(text: str, line: Line) -> Explanation:
    """Read a caller id as a call on `line` would be read."""
    number = line.number(text)
    if isinstance(number, NoNumber):
        follows = f"nobody to write to or to ring ({number}); the call is counted as missed"
        steps = _readings(text, line) if number in {NoNumber.INVALID, NoNumber.SERVICE} else ()
        return Explanation(text, line.name, line.region, reason=number, follows=follows, readings=steps)
    return Explanation(
        text=text,
        line=line.name,
        region=line.region,
        e164=number.e164,
        dial=number.dial,
        key=number.key,
        kind=number.kind,
        follows=_follows(number, line),
        readings=_readings(text, line),
    )


def _follows(number: Number, line: Line) -> str:
    why = why_not_written_to(number)
    return FOLLOWS[line.without_whatsapp].format(why=why) if why else f"written to at {number.e164}"


def _readings(text: str, line: Line) -> tuple[Tried, ...]:
    """The readings up to the first that holds."""
    dial = "+" * text.strip().startswith("+") + "".join(sign for sign in text if sign in "0123456789")
    steps: list[Tried] = []
    for reading, found in tried(dial, line.region, line.trunk):
        e164 = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164) if found else ""
        steps.append(Tried(reading.spelling, reading.how, e164))
        if found:
            break
    return tuple(steps)


async def number(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback number TEXT [--line L] [--json]`."""
    explanation = explain(arguments.text, line_named(load(arguments.config), arguments.line))
    if arguments.json:
        console.file.write(json.dumps(asdict(explanation), ensure_ascii=False) + "\n")
    else:
        _show(console, explanation)
    return 0


def line_named(settings: Settings, name: str) -> Line:
    """A line by its name, the first one for ''. Raises SettingsError where there is none of that name."""
    lines = {line.name: line for line in settings.line}
    if name and name not in lines:
        raise SettingsError(f"--line: {name!r} is not one of {', '.join(lines)}")
    return lines[name] if name else settings.line[0]


def _show(console: Console, found: Explanation) -> None:
    table = Table("reading", "how", "number", title=f"{escape(found.text)} on line {found.line} ({found.region})")
    for step in found.readings:
        table.add_row(step.reading, step.how, step.e164 or "no valid number")
    if found.readings:
        console.print(table)
    if found.e164:
        console.print(f"number {found.e164} ({found.kind}), dialled as {found.dial}, match key {found.key}")
    console.print(escape(found.follows), highlight=False, soft_wrap=True)
