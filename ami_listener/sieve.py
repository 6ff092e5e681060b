"""Which messages of an AMI stream may decide something: told from their bytes, for nine of ten do not. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import filterfalse

from ami_listener.contexts import deciding, regular
from ami_listener.handlers import APPLICATIONS, VARIABLES
from ami_listener.settings import PbxSettings

KNOWN = 10_000
"""Names that are remembered; they come from the wire, so the memory is bounded."""

EOL = b"\r\n"
EVENT = b"Event: "
LINE = r"[^\r]"
"""A character of a line."""


class Sieve:
    """Gives on the messages worth decoding. `wanted` says so of an event's name; of two events we look further.

    FreePBX sends 86 % VarSet and Newexten. Idle are a VarSet of a variable that decides nothing, and a Newexten of an
    application that decides nothing in a context that means nothing. Both are told by their last lines, in the order in
    which Asterisk writes them since version 12; what has another order passes, and is judged by whoever reads it.
    """

    def __init__(self, wanted: Callable[[str], bool], settings: PbxSettings) -> None:
        self._wanted = wanted
        self._names: dict[bytes, bool] = {}
        self._is_idle = _idle(settings).match

    def __call__(self, messages: Iterable[bytes]) -> Iterator[bytes]:
        """Those of the messages that may decide something."""
        return filter(self._is_named, filterfalse(self._is_idle, messages))

    def _is_named(self, message: bytes) -> bool:
        wanted = self._names.get(message[: message.find(EOL)])
        return self._meet(message) if wanted is None else wanted

    def _meet(self, message: bytes) -> bool:
        first = message.partition(EOL)[0]
        if not first.startswith(EVENT):
            return True
        wanted = self._wanted(first.removeprefix(EVENT).decode("utf-8", "replace"))
        if len(self._names) < KNOWN:
            self._names[first] = wanted
        return wanted


def _idle(settings: PbxSettings) -> re.Pattern[bytes]:
    """One expression, so that the nine of ten are told without a line of Python."""
    any_context = [regular(glob, LINE) for glob in deciding(settings)]
    variable = [f"Variable: {_other_than(sorted(VARIABLES))}", f"Value: {LINE}*"]
    step = [f"Context: {_other_than(any_context)}"]
    step += [f"{name}: {LINE}*" for name in ("Exten", "Priority", "Uniqueid", "Linkedid", "Extension")]
    step += [f"Application: {_other_than(sorted(APPLICATIONS), '(?i:')}", f"AppData: {LINE}*"]
    ends = (r"\r\n".join([name, ".*", *lines]) for name, lines in (("VarSet", variable), ("Newexten", step)))
    return re.compile(f"Event: (?:{'|'.join(ends)})\\Z".encode(), re.DOTALL)


def _other_than(words: list[str], group: str = "(?:") -> str:
    return rf"(?!{group}{'|'.join(words)})\r){LINE}*"
