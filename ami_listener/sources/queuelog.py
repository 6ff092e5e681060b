"""Asterisk's queue_log: what happened to each caller of a queue, by the Uniqueid of his channel, in whole seconds.

Facts: a line is `epoch|callid|queue|agent|event|data...`; the realtime table has the same as columns time, callid,
queuename, agent, event, and data1 to data5 or all of it in `data`. FreePBX writes a line DID before ENTERQUEUE.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ami_listener.sources.clock import LocalClock

MOST = 5
"""Fields of data that any event has."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "time": ("time", "created", "eventdate"),
    "callid": ("callid",),
    "queue": ("queuename", "queue"),
    "agent": ("agent",),
    "event": ("event",),
    "data": ("data",),
    **{f"data{number}": (f"data{number}",) for number in range(1, MOST + 1)},
}
NEEDED = ("time", "callid", "queue", "event")


class Entry(NamedTuple):
    """One line; `at` in seconds since the epoch."""

    at: float
    callid: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...]

    def number(self, index: int) -> int:
        """A field of data as a number of seconds; 0 where it is none."""
        text = self.data[index] if index < len(self.data) else ""
        return int(text) if text.isascii() and text.isdigit() else 0


def of_line(line: str) -> Entry | None:
    """An entry from a line of the file; None when it is torn."""
    fields = line.split("|")
    if len(fields) < MOST or not (fields[0].isascii() and fields[0].isdigit()):
        return None
    return Entry(float(fields[0]), fields[1], fields[2], fields[3], fields[4], tuple(fields[5:]))


def time_of_line(line: str) -> float | None:
    """The time of a line; None when it is torn."""
    entry = of_line(line)
    return entry.at if entry else None


def of_record(record: Mapping[str, Any], clock: LocalClock) -> Entry | None:
    """An entry from a table's row; None when it cannot be one."""
    text = {name: str(value or "") for name, value in record.items()}
    at = clock.epoch(record["time"], text["callid"])
    if at is None or not text["callid"]:
        return None
    data = [text[f"data{number}"] for number in range(1, MOST + 1)]
    told = tuple(text["data"].split("|")) if text["data"] and not any(data) else tuple(data)
    return Entry(at, text["callid"], text["queue"], text["agent"], text["event"], told)
