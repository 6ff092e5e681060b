"""`ringback consent`: who may be contacted; lists kept elsewhere come in, the ledger goes out, people are erased."""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Iterable
from datetime import datetime

from rich.console import Console
from rich.table import Table

from ringback.consent import Act, Consent, Way, ruling
from ringback.line import Line
from ringback.phone import NoNumber
from ringbackd.consentlist import COLUMNS, ListError, read_list, row_of
from ringbackd.erasing import Erased, erase
from ringbackd.numbers import line_named
from ringbackd.opening import open_store
from ringbackd.settings import Settings, SettingsError, load
from ringbackd.show import escape
from ringbackd.store import Store

BATCH = 500
"""Facts that are handed over in one commit."""


async def consent_list(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback consent list [--json]`: the last word of every customer about every brand."""
    settings = load(arguments.config)
    table = Table("customer", *_brands(settings), title="who may be contacted", title_justify="left")
    async with open_store(settings.redis) as store:
        for key in await store.ledger.customers():
            words = await store.ledger.of(key)
            standing = {brand: (ruling(words, brand).act or "") for brand in _brands(settings)}
            if arguments.json:
                console.file.write(json.dumps({"customer": _name(words, key), "brands": standing}) + "\n")
            table.add_row(escape(_name(words, key)), *(standing[brand] or "–" for brand in standing))
    if not arguments.json:
        console.print(table)
    return 0


async def consent_show(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback consent show NUMBER [--line L] [--json]`: everything one customer said, and what it means."""
    settings = load(arguments.config)
    key = _key(arguments.number, line_named(settings, arguments.line))
    async with open_store(settings.redis) as store:
        words = await store.ledger.of(key)
    standing = {brand: (ruling(words, brand).act or "") for brand in _brands(settings)}
    if arguments.json:
        said = [word.model_dump(mode="json") for word in words]
        console.file.write(json.dumps({"key": key, "brands": standing, "ledger": said}, ensure_ascii=False) + "\n")
        return 0
    table = Table("when", "brand", "what", "how", "proof", "text", title=escape(arguments.number), title_justify="left")
    for word in words:
        cells = (moment(word.at), word.brand or "every brand", word.act, word.way, word.proof, word.text)
        table.add_row(*map(escape, cells))
    console.print(table)
    for brand, act in standing.items():
        console.print(f"{escape(brand)}: {act or 'nothing was said'}", highlight=False)
    return 0


async def consent_import(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback consent import FILE.csv [--line L]`: all of it, or nothing and every mistake told (exit 2)."""
    settings = load(arguments.config)
    try:
        facts = read_list(arguments.file, line_named(settings, arguments.line), _brands(settings))
    except ListError as error:
        raise SettingsError(str(error)) from error
    async with open_store(settings.redis) as store:
        for start in range(0, len(facts), BATCH):
            await store.add_facts(facts[start : start + BATCH])
    console.print(f"{len(facts)} words were handed over; `ringback run` writes them into the ledger, each once")
    return 0


async def consent_export(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback consent export [--json]`: the whole ledger as CSV that `import` reads, or as JSON lines."""
    async with open_store(load(arguments.config).redis) as store:
        words = [word for key in await store.ledger.customers() for word in await store.ledger.of(key)]
    if arguments.json:
        console.file.writelines(word.model_dump_json() + "\n" for word in words)
        return 0
    writer = csv.writer(console.file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(row_of(word) for word in words)
    return 0


async def consent_erase(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback consent erase NUMBER [--line L] [--stop]`: nothing of him stays but, if he stopped us, that he did."""
    settings = load(arguments.config)
    line = line_named(settings, arguments.line)
    key = _key(arguments.number, line)
    async with open_store(settings.redis) as store:
        if arguments.stop:
            await _stop(store, key, settings)
        erased = await erase(store, settings.line, key)
    console.print(_told(erased), highlight=False, soft_wrap=True)
    return 0


async def _stop(store: Store, key: str, settings: Settings) -> None:
    now = time.time()
    for brand in _brands(settings):
        word = Consent(at=now, brand=brand, act=Act.WITHDRAWN, way=Way.PERSON)
        await store.commit((), store.ledger.append(key, word))


def _brands(settings: Settings) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.brand for line in settings.line))


def _name(words: Iterable[Consent], key: str) -> str:
    return next((word.customer for word in words if word.customer), key)


def _key(text: str, line: Line) -> str:
    number = line.number(text)
    if isinstance(number, NoNumber):
        raise SettingsError(f"{text!r} is no customer's number ({number}); write it as +51987654321")
    return number.key


def moment(at: float) -> str:
    """A moment in the zone of this machine."""
    return datetime.fromtimestamp(at).astimezone().isoformat(" ", "seconds")


def _told(erased: Erased) -> str:
    told = f"{erased.cases} cases and {erased.removed} records are gone, {erased.journal} journal entries are anonymous"
    if erased.unread:
        told += f"; {erased.unread} facts or webhooks about him are not read yet: run this again in a moment"
    return told
