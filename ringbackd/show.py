"""Cases and figures for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape as literally
from rich.panel import Panel
from rich.table import Table

from ringback.journal import Entry
from ringback.kpi import Figure, Report
from ringback.letter import Letter
from ringback.record import Case

TITLES = {
    "recovery_rate": "Recovery rate",
    "first_response_time": "First response time",
    "solved_in_whatsapp": "Solved in WhatsApp",
    "escalated": "Escalated to a person",
    "satisfaction": "Satisfaction",
    "offers_taken": "Offers taken",
    "delivered": "Messages delivered",
    "read": "Messages read",
    "failed": "Messages failed",
}
PARTS = {
    "callback": "our call back",
    "solved": "solved in WhatsApp",
    "returned": "he called again",
    "manual": "called by hand",
    "assisted": "without those who called again",
    "message_p90": "p90",
    "first_answer_p50": "first answer to his words",
    "first_human_p50": "first person",
    "first_human_n": "n",
    "asked": "asked",
    "response_rate": "answered",
    "offer_whatsapp": "WhatsApp",
    "offer_callback": "a call back",
    "offer_refused": "stayed on the line",
    "offer_ignored": "pressed nothing",
    "billed": "billed by Meta",
    "failed": "failed on their way",
    "refused": "refused at once",
}
KEY = "key_"
"""How the parts begin that count a key of the telephone."""
SHARES = frozenset({"assisted", "response_rate"})
SECONDS = frozenset({"message_p90", "first_answer_p50", "first_human_p50"})


def escape(text: str) -> str:
    """Foreign words for a terminal: as they are, but neither markup nor control characters, which could command it."""
    return literally(
        "".join(sign if sign.isprintable() or sign == "\n" else "\N{REPLACEMENT CHARACTER}" for sign in text)
    )


def report_table(console: Console, report: Report) -> None:
    """The figures of the cases and those of the messages, each with its n and its formula."""
    period = f"{_when(report.since)} to {_when(report.until)}"
    table = Table("figure", "value", "n", "how it is made", title=f"Ringback, {period}", title_justify="left")
    table.columns[1].justify = table.columns[2].justify = "right"
    for figure in (*report.figures, *report.messages):
        parts = _parts(figure)
        made = f"[dim]{figure.formula}[/]" + (f"\n{parts}" if parts else "")
        table.add_row(TITLES[figure.name], f"[bold]{_value(figure)}[/]", str(figure.n), made)
    console.print(table)
    suppressed = ", ".join(f"{count} {why}" for why, count in report.suppressed.items()) or "none"
    console.print(f"missed calls: {report.missed_calls}; not followed up: {escape(suppressed)}", highlight=False)
    down, filled = report.link_down_minutes, report.filled_calls
    console.print(f"minutes without a link to the PBX: {down:.1f}; calls read afterwards: {filled}", highlight=False)
    if report.lost:
        text = f"news of calls lost while Redis was away: {report.lost}; see pbx.spill_folder, pbx.spill_bytes"
        console.print(text, style="red", highlight=False)


def _value(figure: Figure) -> str:
    if figure.value is None:
        return "–"
    return f"{figure.value:.0%}" if figure.unit == "share" else f"{figure.value:.1f} s"


def _parts(figure: Figure) -> str:
    known = {name: value for name, value in figure.parts.items() if value is not None}
    words = {name: PARTS.get(name) or name.replace("_", " ") for name in known if name in PARTS or name.startswith(KEY)}
    return ", ".join(f"{name_in_words} {_part(name, known[name])}" for name, name_in_words in words.items())


def _part(name: str, value: float) -> str:
    if name in SHARES:
        return f"{value:.0%}"
    return f"{value:.1f} s" if name in SECONDS else f"{value:.0f}"


def cases_table(console: Console, cases: Sequence[Case], now: float) -> None:
    """The active cases, the oldest first."""
    columns = ("case", "line", "customer", "state", "misses", "intent", "urgency", "age")
    table = Table(*columns, title=f"{len(cases)} active cases")
    for case in cases:
        urgency = f"[red]{case.urgency}[/]" if case.urgency == "high" else case.urgency
        age = f"{(now - case.opened) / 60:.0f} min"
        table.add_row(case.id, case.line, case.customer, case.state, str(case.misses), case.intent, urgency, age)
    console.print(table)


def case_page(console: Console, case: Case, journal: Sequence[Entry]) -> None:
    """One case: who, what he wants, what was said, what happened."""
    state = f"{case.state}{f' ({case.outcome})' if case.outcome else ''}"
    wants = f"intent {case.intent or '–'}, urgency {case.urgency or '–'}"
    head = f"{case.customer} {case.name} on {case.line}: {state}; {case.misses} missed calls; {wants}"
    console.print(Panel(escape(head), title=f"case {case.id}"))
    for line in case.transcript:
        console.print(f"[dim]{_when(line.at)}[/] [cyan]{line.who:8}[/] {escape(line.text)}", highlight=False)
    table = Table("time", "event", "data", title="journal", title_justify="left")
    for entry in journal:
        data = ", ".join(f"{key}={value}" for key, value in entry.data.items() if value not in {"", 0})
        table.add_row(_when(entry.at), entry.event, escape(data))
    console.print(table)


def letters_page(console: Console, letters: Sequence[Letter], states: Mapping[str, str]) -> None:
    """The life of messages; `states` is where each stands now, as far as that is still kept."""
    for letter in letters:
        state = states.get(letter.id, "")
        now = f" (in the outbox: {state})" if state and letter.status == "queued" else ""
        price = f"; {letter.category}" + {True: ", billed", False: ", not billed", None: ""}[letter.billable]
        head = f"{letter.customer} on {letter.line}, case {letter.case}: {letter.status}{now}"
        table = Table(
            "time", "what", "more", title=f"message {letter.id}", title_justify="left", caption_justify="left"
        )
        table.caption = escape(head + (price if letter.category else ""))
        for moment in letter.moments:
            late = " [dim](late: changes nothing)[/]" if moment.late else ""
            table.add_row(_when(moment.at), moment.what + late, escape(moment.detail))
        console.print(table)


def _when(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%d %b %H:%M:%S")
