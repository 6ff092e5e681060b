"""Promised calls for a terminal, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from ringback.journal import Datum, Entry, Event
from ringback.line import Line
from ringback.record import Case
from ringbackd.show import escape

ABOUT_IT = frozenset(
    {Event.PROMISED, Event.POSTPONED, Event.DIALLED, Event.ATTEMPT_ENDED, Event.PERSON_PLANNED, Event.CLOSED}
)
"""What the journal tells of a call back."""
MOMENTS = frozenset({"due", "slot", "until"})
COLOURS = {"promised": "green", "ringing": "yellow", "closed": "dim"}
Row = dict[str, Any]


def clock(at: float, line: Line) -> str:
    """A moment (epoch seconds) on the clock of a line."""
    return f"{datetime.fromtimestamp(at, ZoneInfo(line.timezone)):%Y-%m-%d %H:%M}"


def row(case: Case, line: Line) -> Row:
    """A case as far as its call back goes. `due` and `slot` (0: rung as soon as possible) are epoch seconds."""
    callback = case.callback
    due = callback.due if callback else 0.0
    return {
        "case": case.id,
        "line": case.line,
        "customer": case.customer,
        "name": case.name,
        "state": case.state.value,
        "due": due,
        "when": clock(due, line) if due else "",
        "slot": case.booked,
        "tried": callback.tried if callback else 0,
        "attempts": line.callback.attempts,
        "misses": case.misses,
        "intent": case.intent,
        "urgency": case.urgency,
    }


def promises_table(console: Console, rows: Sequence[Row], now: float) -> None:
    """Who is to be rung, the next first; what is late is red."""
    table = Table("case", "line", "customer", "when", "state", "tried", "intent", "urgency")
    table.title = f"{len(rows)} call backs"
    for each in rows:
        late = each["state"] == "promised" and each["due"] < now
        when = each["when"] if each["slot"] else f"{each['when']} or sooner"
        who = f"{each['customer']} {each['name']}".strip()
        table.add_row(
            each["case"],
            each["line"],
            escape(who),
            f"[red]{when}[/]" if late else when,
            _coloured(each["state"]),
            f"{each['tried']}/{each['attempts']}",
            escape(each["intent"]),
            escape(each["urgency"]),
        )
    console.print(table)


def one_callback(console: Console, about: Row, line: Line, journal: Sequence[Entry], free: Sequence[str]) -> None:
    """One promise, what happened to it, and the next slots with room."""
    when = f"for {about['when']}" if about["when"] else "no call promised"
    who = f"{about['customer']} {about['name']}".strip()
    state = _coloured(about["state"])
    console.print(f"case {about['case']}: {escape(who)} on {about['line']}, {when}: {state}", highlight=False)
    table = Table("time", "event", "data")
    for entry in about_it(journal):
        data = ", ".join(
            f"{key}={_shown(key, value, line)}" for key, value in entry.data.items() if value not in {"", 0}
        )
        table.add_row(clock(entry.at, line), entry.event, escape(data))
    console.print(table)
    console.print(f"the next slots with room: {', '.join(free) or 'none'}", highlight=False)


def callback_json(about: Row, journal: Sequence[Entry], free: Sequence[str]) -> str:
    """The same as one JSON object."""
    told = [entry.model_dump(mode="json") for entry in about_it(journal)]
    return json.dumps(about | {"journal": told, "free": list(free)}, ensure_ascii=False)


def about_it(journal: Sequence[Entry]) -> list[Entry]:
    """What of a case concerns its call back."""
    return [entry for entry in journal if entry.event in ABOUT_IT]


def _shown(key: str, value: Datum, line: Line) -> str:
    return clock(float(value), line) if key in MOMENTS else str(value)


def _coloured(state: str) -> str:
    return f"[{COLOURS.get(state, 'default')}]{state}[/]"
