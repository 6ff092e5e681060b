"""Call detail records: one row for every pair of channels that dialled or talked, written when that was over.

Facts: the columns of cdr_csv are `accountcode, src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata, start,
answer, end, duration, billsec, disposition, amaflags`, then uniqueid, userfield, and peeraccount, linkedid, sequence,
each where cdr.conf asks for it. `duration` and `billsec` are whole seconds, cut off; times are local.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ami_listener.sources.clock import LocalClock

BASE = 16
"""Columns of a cdr_csv line before the optional ones."""

START = 9
"""The column of a cdr_csv line that says when it began."""

NAME = re.compile(r'^\s*"([^"]*)"')
"""The caller's name in a clid such as `"Ana" <987654321>`."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "start": ("calldate", "start"),
    "uniqueid": ("uniqueid",),
    "linkedid": ("linkedid",),
    "sequence": ("sequence",),
    "src": ("src",),
    "clid": ("clid",),
    "did": ("did",),
    "dst": ("dst",),
    "dcontext": ("dcontext",),
    "channel": ("channel",),
    "dstchannel": ("dstchannel",),
    "lastapp": ("lastapp",),
    "lastdata": ("lastdata",),
    "duration": ("duration",),
    "billsec": ("billsec",),
    "disposition": ("disposition",),
}
"""Our names and the columns of cdr_adaptive_odbc, cdr_sqlite3_custom and FreePBX."""

NEEDED = ("start", "uniqueid", "linkedid", "channel", "dstchannel", "lastapp", "duration", "billsec", "disposition")


class Cdr(NamedTuple):
    """One record. `start` in seconds since the epoch; `sequence` grows in the order the records were begun."""

    start: float
    uniqueid: str
    linkedid: str
    sequence: int
    src: str
    name: str
    did: str
    dst: str
    dcontext: str
    channel: str
    dstchannel: str
    lastapp: str
    lastdata: str
    duration: int
    billsec: int
    disposition: str

    @property
    def end(self) -> float:
        """When it was over, to the second."""
        return self.start + self.duration


def of_record(record: Mapping[str, Any], clock: LocalClock) -> Cdr | None:
    """A record from a table's row; None when it cannot be one."""
    text = {name: str(record[name] or "").strip() for name in COLUMNS}
    start = clock.epoch(record["start"], text["uniqueid"])
    if start is None or not (text["uniqueid"] and text["linkedid"] and text["channel"]):
        return None
    name = NAME.match(text["clid"])
    try:
        sequence, duration, billsec = (int(text[one] or 0) for one in ("sequence", "duration", "billsec"))
    except ValueError:
        return None
    return Cdr(
        start=start,
        uniqueid=text["uniqueid"],
        linkedid=text["linkedid"],
        sequence=sequence,
        src=text["src"],
        name=name[1] if name else "",
        did=text["did"],
        dst=text["dst"],
        dcontext=text["dcontext"],
        channel=text["channel"],
        dstchannel=text["dstchannel"],
        lastapp=text["lastapp"],
        lastdata=text["lastdata"],
        duration=duration,
        billsec=billsec,
        disposition=text["disposition"],
    )


def of_line(line: str, clock: LocalClock) -> Cdr | None:
    """A record from a line of Master.csv; None when it is torn, or has no linkedid (see `has_linkedid`)."""
    fields = _fields(line)
    if not _has_linkedid(fields):
        return None
    _, src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata, start, _, _, *rest = fields[:BASE]
    duration, billsec, disposition, _ = rest
    record = {
        "start": start,
        "uniqueid": fields[BASE],
        "linkedid": fields[-2],
        "sequence": fields[-1],
        "src": src,
        "clid": clid,
        "did": "",
        "dst": dst,
        "dcontext": dcontext,
        "channel": channel,
        "dstchannel": dstchannel,
        "lastapp": lastapp,
        "lastdata": lastdata,
        "duration": duration,
        "billsec": billsec,
        "disposition": disposition,
    }
    return of_record(record, clock)


def has_linkedid(line: str) -> bool:
    """Whether the line tells which call it belongs to: loguniqueid and newcdrcolumns are on."""
    return _has_linkedid(_fields(line))


def time_of_line(line: str, clock: LocalClock) -> float | None:
    """When the record of a line began; None when it is torn."""
    fields = _fields(line)
    return clock.epoch(fields[START], fields[BASE] if len(fields) > BASE else "") if len(fields) >= BASE else None


def _has_linkedid(fields: list[str]) -> bool:
    return len(fields) in (BASE + 4, BASE + 5)


def _fields(line: str) -> list[str]:
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return []
