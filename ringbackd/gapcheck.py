"""What `ringback doctor` says of the gap: whether its sources can be read, and how long nobody listened lately."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

from ami_listener.gap import Filler
from ami_listener.settings import PbxSettings
from ringback.kpi import link_down_s
from ringback.period import LINKS
from ringbackd.pbxsink import read_mark
from ringbackd.store import Store

PERIOD_S = 7 * 86_400.0

FREEPBX = Path("/etc/freepbx.conf")
LOGS = Path("/var/log/asterisk")
USUAL = (
    ("cel", LOGS / "cel-custom/ringback.csv"),
    ("cdr", LOGS / "cdr-csv/Master.csv"),
    ("queue_log", LOGS / "queue_log"),
)
"""Where Asterisk writes by default."""


async def sources(settings: PbxSettings) -> AsyncIterator[tuple[bool, str]]:
    """Whether each source can be read, in words."""
    filler = Filler(settings)
    for name, trouble in await asyncio.to_thread(filler.probe):
        yield not trouble, f"pbx.gap: {name}: {trouble or 'can be read'}"
    if not settings.gap:
        yield False, f"pbx.gap is not set: calls that end while Ringback is away are not seen; {_hint()}"


def _hint() -> str:
    return suggestion(FREEPBX.exists(), [(read, path) for read, path in USUAL if path.exists()])


def suggestion(freepbx: bool, found: list[tuple[str, Path]]) -> str:
    """The line that suits this machine; `found` are the usual files that are there."""
    tables = ['{ read = "cel" }', '{ read = "cdr" }'] if freepbx else []
    files = [f'{{ read = "{read}", file = "{path}" }}' for read, path in found if not freepbx or read == "queue_log"]
    if not tables and not files:
        return "see docs/gap.md for what to turn on"
    database = " and database (or RINGBACK_PBX_DATABASE) as docs/gap.md says" if freepbx else ""
    return f"set gap = [{', '.join(tables + files)}]{database}"


async def heard(store: Store, pbx: str) -> str:
    """Until when the PBX was heard, and how long it was not in the last week."""
    mark, now = await read_mark(store, pbx), time.time()
    links = [entry async for entry in store.entries() if entry.event in LINKS]
    minutes = link_down_s(links, now - PERIOD_S, now) / 60
    until = datetime.fromtimestamp(mark.at).astimezone().strftime("%d %b %H:%M:%S") if mark else "never"
    return f"PBX {pbx}: heard until {until}; minutes without a link in the last 7 days: {minutes:.1f}"
