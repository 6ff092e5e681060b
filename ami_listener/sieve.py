"""Which messages of an AMI stream may decide something: told from their bytes, for nine of ten do not. Pure."""

from __future__ import annotations

from collections.abc import Callable

from ami_listener.contexts import Contexts, Kind
from ami_listener.handlers import APPLICATIONS, VARIABLES
from ami_listener.settings import PbxSettings

KNOWN = 10_000
"""Lines that are remembered; they come from the wire, so the memory is bounded."""

EOL = b"\r\n"
EVENT = b"Event: "
Test = Callable[[bytes], bool]


class Sieve:
    """Whether a message is worth decoding. `wanted` says so of an event's name; of two events we look further.

    FreePBX sends 86 % VarSet and Newexten. Idle are a VarSet of a variable that decides nothing, and a Newexten of an
    application that decides nothing in a context that means nothing. Both are told by their last lines, in the order in
    which Asterisk writes them since version 12; what has another order passes, and is judged by whoever reads it.
    """

    def __init__(self, wanted: Callable[[str], bool], settings: PbxSettings) -> None:
        contexts = Contexts(settings)
        self._wanted = wanted
        self._decides: dict[str, Callable[[str], bool]] = {
            "Variable": VARIABLES.__contains__,
            "Application": lambda name: name.lower() in APPLICATIONS,
            "Context": lambda name: contexts.kind(name) is not Kind.OTHER,
        }
        self._tests: dict[bytes, Test] = {}
        self._idle: set[bytes] = set()

    def __call__(self, message: bytes) -> bool:
        """Whether the bytes of this message may decide something."""
        test = self._tests.get(message.partition(EOL)[0])
        return test(message) if test else self._meet(message)

    def _meet(self, message: bytes) -> bool:
        first = message.partition(EOL)[0]
        if not first.startswith(EVENT):
            return True
        test = self._test(first.removeprefix(EVENT).decode("utf-8", "replace"))
        if len(self._tests) < KNOWN:
            self._tests[first] = test
        return test(message)

    def _test(self, name: str) -> Test:
        if not self._wanted(name):
            return _no
        return {"VarSet": self._variable, "Newexten": self._step}.get(name, _yes)

    def _variable(self, message: bytes) -> bool:
        lines = message.rsplit(EOL, 2)
        return len(lines) < 3 or not (lines[1] in self._idle or self._is_idle(lines[1]))

    def _step(self, message: bytes) -> bool:
        lines = message.rsplit(EOL, 8)
        if len(lines) < 9:
            return True
        _, context, _, _, _, _, _, application, _ = lines
        if application in self._idle and context in self._idle:
            return False
        return not (self._is_idle(application) and self._is_idle(context))

    def _is_idle(self, line: bytes) -> bool:
        name, _, value = line.decode("utf-8", "replace").partition(": ")
        decides = self._decides.get(name)
        if decides is None or decides(value):
            return False
        if len(self._idle) >= KNOWN:
            self._idle.clear()
        self._idle.add(line)
        return True


def _no(message: bytes) -> bool:
    return False


def _yes(message: bytes) -> bool:
    return True
