"""`ringback guard`: whether a number would be rung back and why not, what was rung lately, and the switch."""

from __future__ import annotations

import argparse
import json
import time
from contextlib import suppress
from typing import Any

from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table

from ringback.dialguard import Ringable, ringable
from ringback.line import Line
from ringback.phone import NoNumber
from ringbackd.guarding import DialGuard, Limit
from ringbackd.numbers import line_named
from ringbackd.opening import open_store
from ringbackd.settings import Settings, load
from ringbackd.show import escape


async def guard(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback guard [NUMBER] [--line L] [--stop WHY | --go] [--who NAME] [--json]`: exit code 1 if it is not rung."""
    settings = load(arguments.config)
    line = line_named(settings, arguments.line)
    async with open_store(settings.redis) as store:
        watch = DialGuard(store, settings.guard, time.time)
        if arguments.stop is not None:
            await watch.stop(arguments.stop, arguments.who)
        elif arguments.go:
            await watch.go(arguments.who)
        found = await _number(watch, arguments.number, line) if arguments.number else await _state(watch, settings)
    if arguments.json:
        console.file.write(json.dumps(found, ensure_ascii=False) + "\n")
    else:
        _show(console, found)
    return 1 if found.get("refused") else 0


async def _number(watch: DialGuard, text: str, line: Line) -> dict[str, Any]:
    """What is known of one number. Nothing is counted by asking."""
    number = line.number(text)
    key = "" if isinstance(number, NoNumber) else number.key
    read = ringable(text, key, line)
    found: dict[str, Any] = {"number": text, "line": line.name, "refused": "", **await _stops(watch)}
    if not isinstance(read, Ringable):
        return found | {"refused": read}
    counted = [await _count(watch, limit) for limit in watch.limits(key, read)]
    full = [one["what"] for one in counted if one["calls"] >= one["most"]]
    abroad = found["nobody_abroad"] if read.abroad else ""
    cost = watch.guard.cost(read.e164, line.callback.talk_min)
    return found | {
        "e164": read.e164,
        "country": read.region,
        "cost": cost,
        "limits": counted,
        "refused": found["stopped"] or abroad or next(iter(full), ""),
    }


async def _state(watch: DialGuard, settings: Settings) -> dict[str, Any]:
    """What was rung lately, and whether anything stops."""
    nobody = Ringable("", "", abroad=False)
    counted = [await _count(watch, limit) for limit in watch.limits("", nobody)[2:]]
    spent = {"spent_today": round(await watch.spent(), 4), "may_spend_a_day": settings.guard.spend_day}
    return {**await _stops(watch), "limits": counted, **spent}


async def _stops(watch: DialGuard) -> dict[str, str]:
    stopped, burst = await watch.stopped(), await watch.burst()
    return {"stopped": stopped.why if stopped else "", "nobody_abroad": burst.why if burst else ""}


async def _count(watch: DialGuard, limit: Limit) -> dict[str, Any]:
    hours = int(limit.window_s // 3600)
    return {"what": limit.why, "calls": await watch.count(limit), "most": limit.most, "hours": hours}


async def stops_told(settings: Settings) -> list[tuple[bool, str]]:
    """Sentences for the doctor, each with whether it is good: none unless calls back are stopped."""
    with suppress(RedisError):  # that Redis is away is said already
        async with open_store(settings.redis) as store:
            stops = await _stops(DialGuard(store, settings.guard, time.time))
        return [(False, text) for text in _stopped(stops)]
    return []


def _show(console: Console, found: dict[str, Any]) -> None:
    table = Table("limit", "calls", "at most", "in the last")
    for one in found.get("limits", ()):
        style = "red" if one["calls"] >= one["most"] else ""
        table.add_row(one["what"], str(one["calls"]), str(one["most"]), f"{one['hours']} h", style=style)
    if table.row_count:
        console.print(table)
    for text, style in _lines(found):
        console.print(escape(text), style=style, highlight=False, soft_wrap=True)


def _lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    lines = [(text, "red") for text in _stopped(found)]
    if found.get("refused"):
        lines.append((f"{found['number']} is not rung on line {found['line']}: {found['refused']}", "red"))
    elif "number" in found:
        costs = f", {found['cost']:g} for a call" if found["cost"] else ""
        lines.append((f"{found['e164']} ({found['country']}) may be rung on line {found['line']}{costs}", "green"))
    if found.get("may_spend_a_day"):
        lines.append((f"spent today (UTC): {found['spent_today']:g} of {found['may_spend_a_day']:g}", ""))
    if not any((found["stopped"], found["nobody_abroad"], "number" in found)):
        lines.append(("calls back are not stopped", "green"))
    return lines


def _stopped(found: dict[str, Any]) -> list[str]:
    why, abroad = found["stopped"], found["nobody_abroad"]
    all_of_them = [f"calls back are stopped: {why}; let them go on: ringback guard --go"] if why else []
    return all_of_them + ([f"nobody abroad is rung: {abroad}; end it: ringback guard --go"] if abroad else [])
