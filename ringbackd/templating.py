"""`ringback templates`: the message templates here and at Meta, and whether each line can write to people."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from ringbackd.commands import FailedError
from ringbackd.flowfiles import read_flows
from ringbackd.opening import open_store
from ringbackd.readiness import Known, unready
from ringbackd.settings import Settings, SettingsError, load
from ringbackd.show import escape
from ringbackd.templatefiles import misfits, read_templates
from ringbackd.templatestore import remember
from whatsapp.graph import Graph, GraphError
from whatsapp.templatefile import TemplateFile
from whatsapp.templatestate import Remote, differences


async def check(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback templates check`: the files against Meta's rules and against the flows; asks nobody."""
    settings = load(arguments.config)
    flows, templates = read_flows(settings), read_templates(settings)
    troubles = [trouble for line in settings.line for trouble in misfits(line, flows[line.flow], templates)]
    if troubles:
        raise SettingsError("\n".join(dict.fromkeys(troubles)))
    codes = {code for template in templates.values() for code in template.languages}
    console.print(f"{len(templates)} templates in {', '.join(sorted(codes))}: in order, and they fit every line")
    return 0


async def status(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback templates status [--json]`: what Meta has of them, and in what it differs; 1 if a line cannot write."""
    settings = load(arguments.config)
    flows, templates = read_flows(settings), read_templates(settings)
    known = await _known(settings)
    rows = [_row(template, code, known) for template, code in _ours(settings, templates, everything=True)]
    troubles = unready(settings, flows, known)
    if arguments.json:
        console.file.write(json.dumps({"templates": rows, "troubles": troubles}, ensure_ascii=False) + "\n")
    else:
        _show(console, rows, troubles)
    return 1 if troubles else 0


async def push(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback templates push [--all] [--keep-category]`: hand in what Meta does not have; changes nothing there."""
    settings = load(arguments.config)
    await check(arguments, Console(quiet=True))
    known, failed = await _known(settings), 0
    async with Graph(settings.whatsapp) as graph:
        for template, code in _ours(settings, read_templates(settings), arguments.all):
            there = known.get((template.name, code))
            told = _compared(template, code, there) if there else await _create(graph, template, code, arguments)
            failed += told.startswith(FAILED)
            console.print(f"{template.name} ({code}): {escape(told)}", highlight=False, soft_wrap=True)
    return 1 if failed else 0


FAILED = "not as it is here"


def _compared(template: TemplateFile, code: str, there: Remote) -> str:
    other = differences(template, code, there)
    if other:
        return f"{FAILED}: {'; '.join(other)}; edit it in WhatsApp Manager, or give yours another name"
    return f"as it is here ({there.status.lower()})"


async def _create(graph: Graph, template: TemplateFile, code: str, arguments: argparse.Namespace) -> str:
    try:
        made = await graph.create(template, code, not arguments.keep_category)
    except GraphError as error:
        return f"{FAILED}: {error}"
    moved = f", as {made.category}" if made.category and made.category != template.category else ""
    return f"handed in ({made.status.lower()}{moved})"


def _ours(
    settings: Settings, templates: dict[str, TemplateFile], everything: bool
) -> Iterator[tuple[TemplateFile, str]]:
    """The templates in the languages of the lines, or in all."""
    codes = {line.template_code for line in settings.line}
    for template in templates.values():
        yield from ((template, code) for code in template.languages if everything or code in codes)


async def _known(settings: Settings) -> Known:
    """Meta's list, which is then remembered. Raises SettingsError without an account, FailedError if it fails."""
    if not settings.whatsapp.templates_url:
        raise SettingsError(
            "whatsapp.waba_id is missing: the id of the WhatsApp Business account, beside the number's;"
            ' with 360dialog set whatsapp.templates_path = "/v1/configs/templates" instead'
        )
    try:
        async with Graph(settings.whatsapp) as graph:
            known = await graph.templates()
    except GraphError as error:
        raise FailedError(f"templates: {error}; look at whatsapp.waba_id, templates_path and token") from error
    async with open_store(settings.redis) as store:
        await remember(store, known)
    return known


def _row(template: TemplateFile, code: str, known: Known) -> dict[str, object]:
    there = known.get((template.name, code))
    found = asdict(there) if there else asdict(Remote(template.name, code, status="ABSENT"))
    shown = {name: found[name] for name in ("name", "language", "status", "category", "quality", "reason")}
    return shown | {"differences": differences(template, code, there) if there else []}


def _show(console: Console, rows: list[dict[str, object]], troubles: list[str]) -> None:
    table = Table("template", "language", "status", "category", "quality", "otherwise than here")
    for row in rows:
        other = row["differences"]
        cells = [str(row[name]) for name in ("name", "language", "status", "category", "quality")]
        table.add_row(*map(escape, (*cells, "\n".join(other) if isinstance(other, list) else "")))
    console.print(table)
    for trouble in troubles:
        console.print(escape(trouble), style="red", highlight=False, soft_wrap=True)
