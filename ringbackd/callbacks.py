"""`ringback callbacks`: what is promised to whom, and what a person does about it. Every act is in the journal."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
import uuid
from typing import Literal

from rich.console import Console

from ringback.fact import PersonActed
from ringback.line import Line
from ringback.people import why_not_planned
from ringback.record import Case, State
from ringback.slots import NOTHING_TAKEN, free_from
from ringback.turn import WINDOW_S
from ringback.when import WhenError, moment
from ringbackd import booking
from ringbackd.callbackshow import callback_json, clock, one_callback, promises_table, row
from ringbackd.commands import FailedError, found
from ringbackd.opening import open_store
from ringbackd.settings import Settings, SettingsError, load
from ringbackd.show import escape
from ringbackd.store import Store

WAIT_S = 3.0
"""How long the service is given to do what was asked, before it is said that it will."""
LOOK_S = 0.05
DAY_S = 24 * 3600
OFFERED = 5
"""How many slots `show` names."""


async def callbacks_list(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback callbacks list [--line L] [--json]`: who is to be rung, the next first."""
    settings = load(arguments.config)
    lines = {line.name: line for line in settings.line}
    if arguments.line and arguments.line not in lines:
        raise SettingsError(f"--line: there is no line {arguments.line!r}, only {', '.join(lines)}")
    async with open_store(settings.redis) as store:
        cases = [case for case in await store.active_cases() if case.callback]
    wanted = [case for case in cases if arguments.line in {"", case.line} and case.line in lines]
    rows = [row(case, lines[case.line]) for case in sorted(wanted, key=lambda case: (_due(case), case.id))]
    if arguments.json:
        console.file.writelines(json.dumps(each, ensure_ascii=False) + "\n" for each in rows)
    else:
        promises_table(console, rows, time.time())
    return 0


def _due(case: Case) -> float:
    return case.callback.due if case.callback else 0.0


async def callbacks_show(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback callbacks show ID [--json]`: one promise, what happened to it, and which slots have room."""
    settings = load(arguments.config)
    async with open_store(settings.redis) as store:
        case = found(await store.case(arguments.case), arguments.case)
        line = _line(settings, case)
        journal = [entry for entry in await store.journal() if entry.case == case.id]
        slots = await booking.offered(store, line, time.time(), OFFERED)
    about, free = row(case, line), [clock(slot.begins, line) for slot in slots]
    if arguments.json:
        console.file.write(callback_json(about, journal, free) + "\n")
    else:
        one_callback(console, about, line, journal, free)
    return 0


async def callbacks_cancel(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback callbacks cancel ID`: he is not rung; he is told in WhatsApp, if he may be written to."""
    return await _act(arguments, console, "cancel")


async def callbacks_now(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback callbacks now ID`: as soon as possible. Also for a case that had no call back yet."""
    return await _act(arguments, console, "call")


async def callbacks_move(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback callbacks move ID TIME`: in the slot that begins then, or the next one that does."""
    return await _act(arguments, console, "call", arguments.time)


async def _act(arguments: argparse.Namespace, console: Console, act: Literal["call", "cancel"], text: str = "") -> int:
    settings, now = load(arguments.config), time.time()
    async with open_store(settings.redis) as store:
        case = found(await store.case(arguments.case), arguments.case)
        line = _line(settings, case)
        due = await _slot(store, line, case, text, now) if text else 0.0
        if why := why_not_planned(case, act):
            raise FailedError(f"case {case.id}: {why}")
        fact = PersonActed(nonce=uuid.uuid4().hex, case=case.id, act=act, due=due, who=arguments.who, at=now)
        await store.add_facts([fact])
        done = await _applied(store, fact)
        after = found(await store.case(case.id), case.id)
    console.print(escape(_told(after, line, act, done)), style="green" if done else "yellow", highlight=False)
    if now > case.asked + WINDOW_S:
        why = "his last message is over 24 hours old" if case.asked else "he has not written to us"
        console.print(f"he is not told in WhatsApp: {why}", style="yellow", highlight=False)
    return 0


async def _slot(store: Store, line: Line, case: Case, text: str, now: float) -> float:
    """When the slot begins that was meant (epoch seconds). Raises SettingsError for a time that cannot be one,
    FailedError where it is full."""
    try:
        at = moment(text, line.timezone, now)
    except WhenError as error:
        raise SettingsError(f"TIME: {error}") from None
    opens, meant = line.next_open(at), free_from(line, NOTHING_TAKEN, at)
    if opens != at:
        raise SettingsError(f"TIME: {line.name} is closed then" + (f"; it opens {clock(opens, line)}" if opens else ""))
    days = line.callback.horizon_days
    if meant is None or meant.begins > now + days * DAY_S:
        raise SettingsError(f"TIME: there is no slot then within {days} days (callback.horizon_days)")
    free = free_from(line, (await booking.taken(store, line.name, now)).without(case.booked), at)
    if free != meant and (free is None or free.begins != meant.begins):
        other = f"; the next one with room begins {clock(free.begins, line)}" if free else ""
        raise FailedError(f"{clock(meant.begins, line)}: all {meant.capacity} calls of this slot are promised{other}")
    return meant.begins


async def _applied(store: Store, fact: PersonActed) -> bool:
    """Whether the service has done it by now."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        if await store.redis.exists(store.keys.applied(fact.id)):
            return True
        await asyncio.sleep(LOOK_S)
    return False


def _told(case: Case, line: Line, act: str, done: bool) -> str:
    if not done:
        return f"case {case.id}: noted; it is done as soon as `ringback run` runs"
    if act == "cancel" and not case.active:
        return f"case {case.id}: called off"
    if act == "call" and case.callback and case.state is State.PROMISED:
        return f"case {case.id}: he is rung {clock(case.callback.due, line)}"
    return f"case {case.id}: {why_not_planned(case, act) or case.state}"


def _line(settings: Settings, case: Case) -> Line:
    for line in settings.line:
        if line.name == case.line:
            return line
    raise FailedError(f"case {case.id} belongs to line {case.line}, which is not in the settings any more")
