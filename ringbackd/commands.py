"""What the commands of the command line do."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from importlib.resources import files

from pydantic import ValidationError
from redis.exceptions import RedisError
from rich.console import Console
from rich.logging import RichHandler

from ami_listener import eventfilter
from ringback import kpi
from ringback.fact import PersonActed
from ringback.period import Period
from ringback.record import Case
from ringback.turn import WINDOW_S, plain
from ringbackd import compose
from ringbackd.checks import examine
from ringbackd.flowfiles import read_flows
from ringbackd.opening import open_store
from ringbackd.patience import leaves
from ringbackd.settings import Settings, SettingsError, load
from ringbackd.show import case_page, cases_table, escape, report_table

Command = Callable[[argparse.Namespace, Console], Awaitable[int]]


class FailedError(Exception):
    """What was asked for could not be done; the text says why."""


def _log(settings: Settings) -> None:
    console = Console(stderr=True)
    handler: logging.Handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    if console.is_terminal:
        handler = RichHandler(console=console, show_path=False, log_time_format="%H:%M:%S")
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("ringback").setLevel(settings.log.upper())


async def run(arguments: argparse.Namespace, _: Console) -> int:
    """`ringback run`: until SIGTERM or SIGINT, then what is in hand is finished."""
    settings = load(arguments.config)
    read_flows(settings)
    _log(settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    lines = ", ".join(f"{line.name} ({line.brand})" for line in settings.line)
    logging.getLogger("ringback").info("watching %s for %s", settings.pbx.host, lines)
    try:
        await compose.run(settings, arguments.only, stop)
    except ExceptionGroup as group:
        ours, fatal = group.split((OSError, RedisError))
        if fatal or ours is None:
            raise
        if refused := [error for error in leaves(ours) if isinstance(error, RedisError)]:
            raise refused[0] from None
        raise FailedError("; ".join(str(error) for error in leaves(ours))) from None
    return 0


async def sandbox(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback sandbox`."""
    from ringbackd.sandbox.story import sandbox_main  # the kit's imports are not for a PBX in service

    return await sandbox_main(arguments.auto, arguments.port, console)


async def check(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback config check`."""
    settings = load(arguments.config)
    flows = read_flows(settings)
    console.print(f"{arguments.config}: {len(settings.line)} lines, {len(flows)} flows, all in order", style="green")
    return 0


async def example(_: argparse.Namespace, console: Console) -> int:
    """`ringback config example`."""
    console.file.write(files("ringbackd").joinpath("example.toml").read_text(encoding="utf-8"))
    return 0


async def event_filter(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback config filter`."""
    console.file.write(eventfilter.text(load(arguments.config).pbx, old=arguments.old))
    return 0


async def doctor(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback doctor`: 1 if anything does not answer as it should."""
    settings = load(arguments.config)
    healthy = True
    async for finding in examine(settings, read_flows(settings)):
        healthy = healthy and finding.good
        mark = "[green]✔[/]" if finding.good else "[red]✘[/]"
        console.print(f"{mark} {escape(finding.text)}", highlight=False, soft_wrap=True)
    return 0 if healthy else 1


async def report(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback report`."""
    settings = load(arguments.config)
    now = time.time()
    since, until = _moment(arguments.since, now), _moment(arguments.until, now) if arguments.until else now
    period = Period(since, until)
    async with open_store(settings.redis) as store:
        async for entry in store.entries():
            period.tell(entry)
    figures = kpi.figures(period)
    if arguments.json:
        console.file.write(figures.model_dump_json() + "\n")
    else:
        report_table(console, figures)
    return 0


def _moment(text: str, now: float) -> float:
    units = {"m": "minutes", "h": "hours", "d": "days"}
    try:
        if text[-1:] in units:
            return now - timedelta(**{units[text[-1]]: float(text[:-1])}).total_seconds()
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"{text!r} is no period; write 30m, 24h, 7d or a date like 2026-11-01") from error


async def cases_list(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback cases list`."""
    async with open_store(load(arguments.config).redis) as store:
        cases = await store.active_cases()
    if arguments.json:
        console.file.writelines(case.model_dump_json() + "\n" for case in cases)
    else:
        cases_table(console, cases, time.time())
    return 0


async def cases_show(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback cases show ID`."""
    async with open_store(load(arguments.config).redis) as store:
        case = await store.case(arguments.case)
        journal = [entry for entry in await store.journal() if entry.case == arguments.case]
    case_page(console, found(case, arguments.case), journal)
    return 0


def found(case: Case | None, name: str) -> Case:
    """The case of this name. Raises FailedError where there is none."""
    if case is None:
        raise FailedError(f"there is no case {name!r}; `ringback cases list` shows the active ones")
    return case


async def cases_reply(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback cases reply ID TEXT`: only inside the 24-hour window, as Meta demands."""
    try:
        plain(arguments.text)
    except ValidationError as error:
        raise SettingsError(f"the text: {error.errors()[0]['msg']}") from error
    return await _act(arguments, console, "reply", arguments.text)


async def cases_solve(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback cases solve ID`."""
    return await _act(arguments, console, "solve", "")


async def _act(arguments: argparse.Namespace, console: Console, act: str, text: str) -> int:
    now = time.time()
    async with open_store(load(arguments.config).redis) as store:
        case = found(await store.case(arguments.case), arguments.case)
        if not case.active:
            raise FailedError(f"case {case.id} is closed ({case.outcome})")
        if act == "reply" and now > case.asked + WINDOW_S:
            silent = "his last message is over 24 hours old" if case.asked else "he has not written to us"
            raise FailedError(f"case {case.id}: {silent}; WhatsApp allows no free words now")
        fact = PersonActed(
            nonce=uuid.uuid4().hex,
            case=case.id,
            act="reply" if act == "reply" else "solve",
            text=text,
            who=arguments.who,
            at=now,
        )
        await store.add_facts([fact])
    console.print(f"case {case.id}: done", style="green")
    return 0
