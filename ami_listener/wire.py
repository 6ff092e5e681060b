"""AMI as bytes: whole messages out of any split of reads, and actions that cannot be injected into. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

END = b"\r\n\r\n"
LONGEST_MESSAGE = 1 << 20
"""Bytes without an end of message that are still waited for; more is not AMI, and is dropped."""

FORBIDDEN = ("\r", "\n", "\0")

Value = str | int | Sequence[str]


class Framer:
    """Cuts a stream of bytes into messages, each a dict of headers (the last of a doubled header counts).

    Events that nobody wants are dropped before they are decoded: nine of ten are VarSet and the like.
    """

    def __init__(self, wanted: Callable[[str], bool]) -> None:
        self._wanted = wanted
        self._known: dict[bytes, bool] = {}
        self._buffer = b""
        self.dropped_bytes = 0

    @property
    def pending(self) -> int:
        """Bytes of a message whose end has not come yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[dict[str, str]]:
        """Take what one read brought; yields the messages that are whole now."""
        *whole, rest = (self._buffer + data).split(END)
        if len(rest) > LONGEST_MESSAGE:
            self.dropped_bytes += len(rest) - len(END)
            rest = rest[-len(END) :]
        self._buffer = rest
        for message in whole:
            if self._is_wanted(message):
                yield headers(message)

    def _is_wanted(self, message: bytes) -> bool:
        if not message.startswith(b"Event: "):
            return True
        name = message[7:57].partition(b"\r\n")[0]
        wanted = self._known.get(name)
        if wanted is None:
            wanted = self._wanted(name.decode("utf-8", "replace"))
            if len(self._known) < 1_000:
                self._known[name] = wanted
        return wanted


def headers(message: bytes) -> dict[str, str]:
    """The headers of one message. Text that is not UTF-8 is taken for Latin-1, which old phones send."""
    try:
        text = message.decode("utf-8")
    except UnicodeDecodeError:
        text = message.decode("latin-1")
    pairs = (line.partition(":") for line in text.split("\r\n"))
    return {name: value.removeprefix(" ") for name, colon, value in pairs if colon}


def encode(action: Mapping[str, Value]) -> bytes:
    """An action as bytes. ValueError when a name or value holds what would begin another header."""
    lines = [f"{name}: {value}" for name, values in action.items() for value in _values(values)]
    for line in lines:
        if any(char in line for char in FORBIDDEN):
            raise ValueError(f"AMI header {line.partition(':')[0]!r} holds a line break or NUL; it was not sent")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _values(values: Value) -> Sequence[str]:
    return [str(values)] if isinstance(values, (str, int)) else values
