"""An Asterisk with a caller who does what a list says: it answers AGI commands over a socket as the real one does."""

from __future__ import annotations

import re
import socket
import threading
from dataclasses import dataclass, field

HANG_UP = "!"
"""In a caller's keys: he hangs up."""
GREETING = {
    "agi_request": "agi://127.0.0.1/offer",
    "agi_network_script": "offer",
    "agi_channel": "PJSIP/trunk-00000001",
    "agi_callerid": "987654321",
    "agi_dnid": "5550100",
    "agi_extension": "s",
    "agi_uniqueid": "1763860000.7",
}
KEYS = re.compile(r"[0-9*#!]")


@dataclass
class Caller:
    """What a caller does: at each sound (or "wait") the keys he presses then, in order. Keys that are left over wait,
    as in Asterisk, for whoever listens next. `missing` are sounds that are not there."""

    does: list[tuple[str, str]]
    told: dict[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    played: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    gone: bool = False
    _typed: str = ""

    def answer(self, command: str) -> str:
        """What Asterisk says to a command."""
        self.commands.append(command)
        if self.gone:
            return "511 Command Not Permitted on a dead channel or intercept routine"
        name, _, rest = command.partition(" ")
        if name == "STREAM":
            return self._stream(rest.split('"')[1].rpartition("/")[2])
        if name == "WAIT":
            key = self._key("wait")
            return f"200 result={key}"
        if name == "GET":
            return f"200 result=1 ({self._variables()})"
        if name == "SET":
            variable, value = re.findall(r'"([^"]*)"', rest)
            self.variables[variable] = value
            return "200 result=1"
        return "200 result=0"

    def _variables(self) -> str:
        names = ("linkedid", "state", "RINGBACK_LINE", "FROM_DID", "QUEUENAME", "RINGBACK_WAIT", "QUEUEHOLDTIME")
        return "|".join(self.told.get(name, "1763860000.7" if name == "linkedid" else "") for name in names)

    def _stream(self, sound: str) -> str:
        if sound in self.missing:
            return "200 result=-1 endpos=0"
        self.played.append(sound)
        return f"200 result={self._key(sound)} endpos=4000"

    def _key(self, now: str) -> str:
        if not self._typed and self.does and self.does[0][0] == now:
            self._typed = self.does.pop(0)[1]
        key, self._typed = self._typed[:1], self._typed[1:]
        if key == HANG_UP:
            self.gone = True
            return "-1"
        return str(ord(key)) if key else "0"


def serve(connection: socket.socket, caller: Caller, greeting: dict[str, str] | None = None) -> None:
    """Greet, then answer until the other side closes."""
    with connection, connection.makefile("rw", encoding="utf-8", newline="\n") as stream:
        for name, value in (GREETING | (greeting or {})).items():
            stream.write(f"{name}: {value}\n")
        stream.write("\n")
        stream.flush()
        for line in stream:
            stream.write(caller.answer(line.rstrip("\n")) + "\n")
            stream.flush()


def played_by(caller: Caller, greeting: dict[str, str] | None = None) -> tuple[socket.socket, threading.Thread]:
    """A connection to such an Asterisk, and the thread that it lives in."""
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    thread = threading.Thread(target=serve, args=(theirs, caller, greeting), daemon=True)
    thread.start()
    return ours, thread
