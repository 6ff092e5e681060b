"""The same recording with other numbers and names: nobody can be recognised in it, and every verdict stays.

Every run of three or more digits is replaced wherever it stands, and every word of every name. Names are learnt in a
first pass over the recording (headers of names, variables of names, `"Name" <number>`), so that none slips through in
an event that comes before the one that says that it is a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from ami_listener.channels import MACHINES
from ami_listener.disguise import WORD, Disguise
from ami_listener.handlers import VARIABLES
from ami_listener.wire import LONGEST_MESSAGE
from ringback.phone import ANONYMOUS

TIMES = frozenset({"Timestamp", "EventTV", "SessionTV"})
"""Headers that stay as they are."""

VOCABULARY = frozenset(
    {"Event", "Privilege", "Response", "Result", "Reason", "Application", "DialStatus", "Cause", "BridgeTechnology"}
    | {"BridgeType", "HoldTime", "TalkTime", "RingTime", "Uptime"}
)
OF_ANYBODY = ("Context", "ChannelState", "ChannelStateDesc", "Language", "Priority")
"""Headers (these by the ends of their names: DestContext, TransfereeContext) whose words and small numbers mean
something to Asterisk or are in an admin's settings; only telephone numbers are replaced in them."""

STATUSES = frozenset({"QUEUESTATUS", "DIALSTATUS", "VMSTATUS"})
"""Variables whose values are Asterisk's own words."""

NAME_HEADERS = ("CallerIDName", "ConnectedLineName", "MemberName")
NAME_VARIABLE = re.compile(r"(CID|CALLERID|CALLER|USER|AGENT|MEMBER|LINE)[_(]*NAME|CNAM", re.IGNORECASE)
NAMES_WITHIN = (
    re.compile(r'"([^"<>]+)"\s*<'),
    re.compile(r"(?:CALLERID|CONNECTEDLINE)\((?:name|all)(?:,[^)]*)?\)=([^<,]*)", re.IGNORECASE),
)

TECHNOLOGIES = frozenset({"PJSIP", "SIP", "IAX", "IAX2", "DAHDI", "Agent", "Motif", "Console", "ZOMBIE", "null", "rb"})
NO_NAMES = frozenset(word.lower() for text in (*MACHINES, *TECHNOLOGIES, *ANONYMOUS) for word in WORD.findall(text))
"""Words that mean something to Asterisk or to us: they stay even where somebody is called so."""

UNIQUEID = r"(?<![0-9])1[5-9][0-9]{8}\.[0-9]{1,9}(?![0-9])"
"""Asterisk's Uniqueid (seconds since the epoch, a dot, a counter): it says nothing of anybody, and names the call."""

NUMBER = re.compile(rf"{UNIQUEID}|[0-9]{{3,}}")
LONG_NUMBER = re.compile(rf"{UNIQUEID}|[0-9]{{7,}}")


def lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a recording with their ends; one of over a megabyte is no AMI and is left out."""
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        yield from (line + b"\n" for line in whole)
        rest = rest if len(rest) <= LONGEST_MESSAGE else b""
    if rest:
        yield rest


class Anonymiser:
    """Replaces what tells who somebody is. `learn` every line of the recording first, then ask for each `line`."""

    def __init__(self, disguise: Disguise) -> None:
        self._disguise = disguise
        self._names: set[str] = set()
        self._variable = ""

    def learn(self, line: bytes) -> None:
        """Remember the words of the names in a line."""
        header, value = self._read(line)
        names = [name for pattern in NAMES_WITHIN for name in pattern.findall(value)]
        named = header.endswith(NAME_HEADERS) and "/" not in value
        if named or (header == "Value" and NAME_VARIABLE.search(self._variable)):
            names.append(value)
        words = {word.lower() for name in names for word in WORD.findall(name)}
        self._names |= words - NO_NAMES

    def line(self, line: bytes) -> bytes:
        """The line with other numbers and names, as long as before."""
        header, value = self._read(line)
        if header in TIMES or (header == "Variable" and value in VARIABLES):
            return line
        text, coding = _text(line)
        name, rest = text[: len(header)], text[len(header) :]
        if header in VOCABULARY or header.endswith(OF_ANYBODY) or (header == "Value" and self._variable in STATUSES):
            return (name + LONG_NUMBER.sub(self._number, rest)).encode(coding)
        return (name + WORD.sub(self._name, NUMBER.sub(self._number, rest))).encode(coding)

    def _read(self, line: bytes) -> tuple[str, str]:
        name, colon, value = _text(line)[0].partition(":")
        header, value = (name, value.strip()) if colon and HEADER.fullmatch(name) else ("", name + colon + value)
        if header in {"Variable", "Event"}:
            self._variable = value if header == "Variable" else ""
        return header, value

    def _number(self, found: re.Match[str]) -> str:
        return found[0] if "." in found[0] else self._disguise.digits(found[0])

    def _name(self, found: re.Match[str]) -> str:
        return self._disguise.word(found[0]) if found[0].lower() in self._names else found[0]


HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,40}")
"""A header's name; whatever else stands before a colon is treated as a value."""


def _text(line: bytes) -> tuple[str, str]:
    try:
        return line.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return line.decode("latin-1"), "latin-1"


def anonymised(blocks: Callable[[], Iterable[bytes]], key: bytes) -> Iterator[bytes]:
    """A recording with other numbers and names. `blocks` begins it anew each time: it is read twice."""
    anonymiser = Anonymiser(Disguise(key))
    for line in lines(blocks()):
        anonymiser.learn(line)
    for line in lines(blocks()):
        yield anonymiser.line(line)
