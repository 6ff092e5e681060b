"""Asterisk's channel event log as AMI-shaped events: what happened while nobody listened.

The file is the CSV of `dialplan/cel_custom_ringback.conf`: every field quoted, times in seconds since the epoch.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from ami_listener.registry import Event
from ami_listener.sources.tail import Lines


class Row(NamedTuple):
    """One line of the file, in the order of its columns."""

    eventtype: str
    eventtime: str
    uniqueid: str
    linkedid: str
    channame: str
    context: str
    exten: str
    cid_num: str
    cid_name: str
    appname: str
    appdata: str
    peer: str
    extra: str


class Tail:
    """The events of the log from `since` (seconds since the epoch) on, in file order, read as they are asked for.

    Rotation, missing files and errors are as in `sources.tail.Lines`; `skipped` counts lines that are no CEL rows.
    """

    def __init__(self, path: Path, since: float) -> None:
        self._lines = Lines(path, since, time_of)

    @property
    def skipped(self) -> int:
        """Lines that were torn or no CEL rows."""
        return self._lines.skipped

    def __iter__(self) -> Iterator[Event]:
        for line in self._lines:
            yield from translate_line(line)


def time_of(line: str) -> float | None:
    """The time of a line, None when it is torn or something else."""
    row = parse(line)
    return float(row.eventtime) if row else None


def parse(line: str) -> Row | None:
    """One line as a row; None when it is torn or something else."""
    try:
        fields = next(csv.reader([line], strict=True))
        row = Row(*fields)
        told = isfinite(float(row.eventtime))
    except (csv.Error, StopIteration, TypeError, ValueError):
        return None
    return row if told and row.uniqueid and row.linkedid and row.channame else None


def translate_line(line: str) -> list[Event]:
    """The AMI events that say the same as a line; none for one that is torn."""
    row = parse(line)
    return translate(row) if row else []


def translate(row: Row) -> list[Event]:
    """The AMI events that say the same as this row; none for rows that decide nothing."""
    translator = TRANSLATORS.get(row.eventtype)
    if translator is None:
        return []
    base = {
        "Timestamp": row.eventtime,
        "Channel": row.channame,
        "Uniqueid": row.uniqueid,
        "Linkedid": row.linkedid,
        "Context": row.context,
        "Exten": row.exten,
        "CallerIDNum": row.cid_num,
        "CallerIDName": row.cid_name,
    }
    return [{**base, **event} for event in translator(row, _extra(row))]


def _app_start(row: Row, extra: dict[str, str]) -> list[dict[str, str]]:
    events = [{"Event": "Newexten", "Application": row.appname, "AppData": row.appdata}]
    if row.appname == "Queue":
        events.append({"Event": "QueueCallerJoin", "Queue": row.appdata.partition(",")[0], "AppData": row.appdata})
    if row.appname == "Dial":
        events.append({"Event": "DialBegin"})
    return events


def _app_end(row: Row, extra: dict[str, str]) -> list[dict[str, str]]:
    return [{"Event": "QueueCallerLeave"}] if row.appname == "Queue" else []


def _bridge(name: str) -> Callable[[Row, dict[str, str]], list[dict[str, str]]]:
    def event(row: Row, extra: dict[str, str]) -> list[dict[str, str]]:
        bridge, technology = extra.get("bridge_id", ""), extra.get("bridge_technology", "")
        return [{"Event": name, "BridgeUniqueid": bridge, "BridgeTechnology": technology}]

    return event


def _hangup(row: Row, extra: dict[str, str]) -> list[dict[str, str]]:
    """A hang-up says who asked for it and how its own dialling ended: in AMI, events of their own.

    Who was sent away by Busy() or Congestion() is named as the source, too: his phone ended the call by its answer.
    """
    cause, asked = extra.get("hangupcause", ""), extra.get("hangupsource") == row.channame
    turned_away = {"ChannelStateDesc": "Busy"} if asked and cause in TURNED_AWAY else {}
    before = [{"Event": "Newstate", **turned_away}] if turned_away else [{"Event": "HangupRequest"}] if asked else []
    dialled = [{"Event": "DialEnd", "DialStatus": status}] if (status := extra.get("dialstatus")) else []
    return [*before, *dialled, {"Event": "Hangup", "Cause": cause, **turned_away}]


TURNED_AWAY = frozenset({"17", "34"})
"""What Busy() and Congestion() leave as the cause of a channel that was never answered."""

TRANSLATORS: dict[str, Callable[[Row, dict[str, str]], list[dict[str, str]]]] = {
    "CHAN_START": lambda row, extra: [{"Event": "Newchannel"}],
    "ANSWER": lambda row, extra: [{"Event": "Newstate", "ChannelStateDesc": "Up"}],
    "APP_START": _app_start,
    "APP_END": _app_end,
    "BRIDGE_ENTER": _bridge("BridgeEnter"),
    "BRIDGE_EXIT": _bridge("BridgeLeave"),
    "BLINDTRANSFER": lambda row, extra: [{"Event": "BlindTransfer", "TransfererLinkedid": row.linkedid}],
    "ATTENDEDTRANSFER": lambda row, extra: [{"Event": "AttendedTransfer", "OrigTransfererLinkedid": row.linkedid}],
    "PARK_START": lambda row, extra: [{"Event": "ParkedCall", "ParkeeLinkedid": row.linkedid}],
    "HANGUP": _hangup,
}


def _extra(row: Row) -> dict[str, str]:
    try:
        extra = json.loads(row.extra or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in extra.items()} if isinstance(extra, dict) else {}
