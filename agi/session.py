"""An AGI conversation with Asterisk on pyst2's class, without what breaks it when callers hang up or peers misbehave.

`Gone` is the one way in which a call ends early: the caller hung up, or whoever is on the other side does not speak
AGI, stalls, or says too much. Everything else that Asterisk may answer is an AGIError of pyst2's.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from io import StringIO
from typing import Protocol

from asterisk.agi import AGI, AGIError, AGIHangup, AGIInvalidCommand, AGIUsageError

LONGEST_LINE = 8192
"""Characters; Asterisk's own buffer for an answer is 8 KB."""
MOST_LINES = 200
"""Lines of a greeting, or of one answer."""
CALL_S = 300.0
"""A conversation is over after so long, whatever the caller does."""

KEYS = "0123456789*#"
_ANSWER = re.compile(r"(\d{3})([ -])(.*)", re.DOTALL)
_RESULT = re.compile(r"result=(-?[0-9]+)(?: \((.*)\))?(?: endpos=(\d+))?", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Lines(Protocol):
    """What is read and written: a text file, or a connection. Raises OSError or ValueError."""

    def readline(self, most: int, /) -> str:
        """The next line."""

    def write(self, text: str, /) -> object:
        """Write a text."""

    def flush(self) -> None:
        """Let it go."""


class Gone(AGIHangup):  # type: ignore[misc] # pyst2 has no types
    """The caller is not there any more, or nobody who speaks AGI is."""


class _Nowhere(StringIO):
    """Where pyst2's diary goes: it would write every caller's number to Asterisk's console."""

    def write(self, text: str, /) -> int:
        return len(text)


class Session(AGI):  # type: ignore[misc] # pyst2 has no types
    """One call, for at most `longest_s` seconds of `clock`. Values are escaped, and none can end a command's line."""

    def __init__(
        self,
        stdin: Lines,
        stdout: Lines,
        longest_s: float = CALL_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # pyst2's own constructor sets a signal handler, which only the main thread may
        self.stdin, self.stdout, self.stderr = stdin, stdout, _Nowhere()
        self._got_sighup = False
        self._clock, self._until = clock, clock() + longest_s
        self.env: dict[str, str] = {}
        self._get_agi_env()

    def _get_agi_env(self) -> None:
        for _ in range(MOST_LINES):
            line = self._line().strip()
            if not line:
                return
            name, _, value = line.partition(":")
            self.env[name.strip()] = value.strip()
        raise Gone("the greeting does not end")

    def _line(self) -> str:
        try:
            line = self.stdin.readline(LONGEST_LINE)
        except (OSError, ValueError) as error:
            raise Gone(f"nothing can be read: {error}") from error
        if not line.endswith("\n"):
            raise Gone("a line that is too long" if line else "the connection ended")
        if line.strip() == "HANGUP":  # FastAGI says so between two answers
            raise Gone("hung up")
        return line

    def _quote(self, value: object) -> str:
        text = _one_line(str(value)).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{text}"'

    def execute(self, command: str, *arguments: object) -> dict[str, tuple[str, str]]:
        """Give a command and read its answer. Raises Gone, or AGIError where Asterisk does not take the command."""
        if self._clock() > self._until:
            raise Gone("the conversation takes too long")
        try:
            self.send_command(command, *arguments)
        except (OSError, ValueError) as error:
            raise Gone(f"nothing can be written: {error}") from error
        return self.get_result()

    def send_command(self, command: str, *arguments: object) -> None:
        """Write one line, whatever is in it."""
        line = " ".join((command, *map(str, arguments)))
        self.stdout.write(f"{_one_line(line)}\n")
        self.stdout.flush()

    def get_result(self, stdin: Lines | None = None) -> dict[str, tuple[str, str]]:
        """Read one answer. A value may have line breaks in it; 100 only says that it takes a moment."""
        for _ in range(MOST_LINES):
            answer = _ANSWER.fullmatch(self._line().rstrip("\r\n"))
            if answer is None:
                raise Gone("this is no answer of Asterisk's")
            code, more, text = answer.groups()
            if code != "100":
                return self._judge(code, more == "-", text)
        raise Gone("no answer comes")

    def _judge(self, code: str, more: bool, text: str) -> dict[str, tuple[str, str]]:
        if code == "200":
            return self._result(text)
        if code == "511":
            raise Gone("the channel is dead")
        if code == "520":
            raise AGIUsageError(self._usage(text) if more else text)
        raise AGIInvalidCommand(text) if code == "510" else AGIError(f"{code} {text}")

    def _result(self, text: str) -> dict[str, tuple[str, str]]:
        for _ in range(MOST_LINES):
            if "(" not in text or text.endswith(")") or re.search(r"\) endpos=\d+$", text):
                break
            text += "\n" + self._line().rstrip("\r\n")
        found = _RESULT.fullmatch(text.strip())
        if found is None:
            raise Gone("this is no result of Asterisk's")
        result, data, endpos = found.groups()
        # STREAM FILE says -1 with endpos=0 of a sound that is not installed, too [Asterisk 22 and 16]
        if data == "hangup" or (result == "-1" and endpos != "0"):
            raise Gone("hung up")
        return {"result": (result, data or ""), "endpos": (endpos or "", "")}

    def _usage(self, text: str) -> str:
        lines = [text]
        for _ in range(MOST_LINES):
            line = self._line().strip()
            if line.startswith("520"):
                return "\n".join(lines)
            lines.append(line)
        raise Gone("the usage does not end")

    def play(self, sounds: Sequence[str], keys: str = KEYS) -> str:
        """Play sounds one after the other until a key is pressed; says which, "" for none."""
        for sound in sounds:
            key, _ = self.play_one(sound, keys)
            if key:
                return key
        return ""

    def play_one(self, sound: str, keys: str = KEYS) -> tuple[str, bool]:
        """Play a sound; the key that was pressed, and whether there was anything to play."""
        answer = self.execute("STREAM FILE", self._quote(sound), self._quote(keys))
        if answer["result"][0] == "-1":
            self.execute("CHANNEL STATUS")  # raises Gone when it was not the sound that was missing, but the caller
            return "", False
        return _key(answer["result"][0]), answer["endpos"][0] != "0" or answer["result"][0] != "0"

    def listen(self, seconds: float) -> str:
        """Wait for a key; "" when none comes."""
        return _key(self.execute("WAIT FOR DIGIT", int(seconds * 1000))["result"][0])

    def expand(self, text: str) -> str:
        """What the dialplan makes of a text with ${VARIABLES}; the text is never the caller's own."""
        return self.execute("GET FULL VARIABLE", self._quote(text))["result"][1]


def _one_line(text: str) -> str:
    return text if text.isprintable() else _CONTROL.sub(" ", text)


def _key(result: str) -> str:
    """The key behind the number of a character; "" for none and for what is on no telephone."""
    key = chr(int(result)) if len(result) < 4 and result.isdecimal() else ""
    return key if key in KEYS else ""
