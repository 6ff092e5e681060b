"""Recorded calls on a terminal: tables, and the story of one call."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ami_listener.explain import Explanation, Step
from ami_listener.meanings import VERDICTS
from ami_listener.replay import Replay
from ringback.call import Direction, Verdict
from ringbackd.decision import Action
from ringbackd.replayrows import STILL_UP, Row

PAGE = 200
"""Calls in one table; the next ones get a table of their own, so that any number of calls fits into memory."""

WIDTH = 180
"""Characters of a line in a file or pipe."""

SPARE = ("direction", "reason", "queue", "linkedid")
"""The columns that a narrow terminal does without, the first ones first."""

LONGEST = 60
"""Characters of one cell; numbers and names come from anybody."""

COLOURS = {
    Verdict.ANSWERED: "green",
    Verdict.UNKNOWN: "dim",
    Verdict.SHORT: "yellow",
    Verdict.CLOSED: "yellow",
    Verdict.VOICEMAIL: "yellow",
}
"""Of a verdict; any other is a loss, in red, where it is a customer's."""

ACTION_COLOURS = {Action.SEND: "bold green", Action.SUPPRESS: "red", Action.WAIT: "yellow"}

OF_A_CASE = frozenset({Action.JOIN, Action.CLOSE})
"""What is done to a case that another call began."""


def print_tables(console: Console, rows: Iterable[Row]) -> None:
    """Rows as tables, page by page as they come, and how many there were."""
    console.width = console.width if console.is_terminal else WIDTH
    rows, calls, missed, left_out = iter(rows), 0, 0, frozenset[str]()
    while page := list(islice(rows, PAGE)):
        table, without = _fitting(console, page)
        console.print(table)
        calls, missed, left_out = calls + len(page), missed + sum(row.missed for row in page), left_out | without
    hint = f"; left out here for want of room: {', '.join(sorted(left_out))} (--json has all)" if left_out else ""
    what = "call" if calls == 1 else "calls"
    console.print(f"{calls} {what}, {missed} of them missed{hint}", highlight=False)


def _fitting(console: Console, rows: list[Row]) -> tuple[Table, frozenset[str]]:
    """The table with as many columns as the terminal has room for, and what is left out. A pipe has room for all."""
    for count in range(len(SPARE) + 1):
        without = frozenset(SPARE[:count])
        table = _table(rows, without)
        needed = table.__rich_measure__(console, console.options.update(max_width=10 * WIDTH)).maximum
        if needed <= console.width or not console.is_terminal:
            break
    return table, without


def _table(rows: list[Row], without: frozenset[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    shown = [_cells(row) for row in rows]
    for name in shown[0]:
        if name not in without:
            table.add_column(name, justify="right" if name in {"wait", "talk"} else "left", overflow="fold")
    for cells in shown:
        table.add_row(*(cell for name, cell in cells.items() if name not in without))
    return table


def _cells(row: Row) -> dict[str, Text]:
    cells = {
        "time": _cell(f"{datetime.fromisoformat(row.time):%d %b %H:%M:%S}" if row.time else f"#{row.seq}"),
        "from": _cell(row.caller),
        "to": _cell(row.to),
        "direction": _cell(row.direction),
        "verdict": Text(row.verdict or "–", _colour(row)),
        "queue": _cell(row.queue),
        "wait": _seconds(row.wait),
        "talk": _seconds(row.talk),
        "agent": _cell(row.agent),
        "reason": _cell(row.reason),
        "linkedid": _cell(row.linkedid, "dim"),
    }
    return cells | ({"what Ringback would have done": _would(row)} if row.case else {})


def _seconds(seconds: float | None) -> Text:
    return Text("–" if seconds is None else f"{seconds:.1f}")


def _cell(text: str, style: str = "") -> Text:
    return plain(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…", style)


def _colour(row: Row) -> str:
    if row.verdict is None or row.direction != Direction.INBOUND:
        return "dim"
    return COLOURS.get(Verdict(row.verdict), "red")


def _would(row: Row) -> Text:
    case = row.case or {}
    action = Action(case.get("action") or Action.NOTHING)
    if action is Action.NOTHING:
        return Text("")
    at = f" at {datetime.fromisoformat(case['at'] or ''):%H:%M:%S}" if action is Action.SEND else ""
    to = f" to {case['to']}" if case.get("to") else ""
    of = f" case {case['case']}" if action in OF_A_CASE else ""
    why = case.get("template") or case.get("why")
    return plain(f"{action}{of}{at}{to}{f': {why}' if why else ''}", ACTION_COLOURS.get(action, ""))


def plain(text: str, style: str = "") -> Text:
    """Text of the wire for a terminal: what could command it is shown as a mark."""
    return Text("".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text), style)


def print_explanation(console: Console, explanation: Explanation, replayed: Replay) -> None:
    """The events that decided about one call, as they are found, and the verdict; nothing if it is not there."""
    for step in explanation:
        console.print(_step(step, replayed.stream.timed), soft_wrap=True)
    call = explanation.call
    if call:
        reason = f" ({call.reason})" if call.reason else ""
        text = f"verdict: {call.verdict}{reason}: {VERDICTS[call.verdict]}"
        console.print(plain(text, "bold green" if call.verdict is Verdict.ANSWERED else "bold"), soft_wrap=True)
    elif explanation.found:
        console.print(plain(f"no verdict: {STILL_UP}", "bold"), soft_wrap=True)


def _step(step: Step, timed: bool) -> Text:
    moment = f"{datetime.fromtimestamp(step.at).astimezone():%H:%M:%S.%f}"[:-3] if timed else f"#{step.number}"
    what = f"{step.event} {step.channel}".strip()
    return Text.assemble(plain(f"{moment:>12}  ", "dim"), plain("; ".join(step.meant)), plain(f"   {what}", "dim"))
