"""AMI as bytes: whole messages out of any split of reads, and actions that cannot be injected into. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

END = b"\r\n\r\n"
LONGEST_MESSAGE = 1 << 20
"""Bytes without an end of message that are still waited for; more is not AMI, and is dropped."""

FORBIDDEN = ("\r", "\n", "\0")

Value = str | int | Sequence[str]


class Framer:
    """Cuts a stream of bytes into messages, each a dict of headers (the last of a doubled header counts).

    What `sift` holds back is never decoded: nine of ten are VarSet and the like. `unread` counts
    messages that are neither event nor response, `dropped_bytes` those of messages without an end.
    """

    def __init__(self, sift: Callable[[list[bytes]], Iterable[bytes]] = iter) -> None:
        self._sift = sift
        self._buffer = b""
        self.unread = self.dropped_bytes = 0

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
        for raw in self._sift(whole):
            message = headers(raw)
            if "Event" in message or "Response" in message:
                yield message
            else:
                self.unread += 1


def headers(message: bytes) -> dict[str, str]:
    """The headers of one message. Text that is not UTF-8 is taken for Latin-1, which old phones send."""
    try:
        text = message.decode("utf-8")
    except UnicodeDecodeError:
        text = message.decode("latin-1")
    lines = text.split("\r\n")
    try:
        return dict([line.split(": ", 1) for line in lines])
    except ValueError:  # a line that is no header
        return dict([line.split(": ", 1) for line in lines if ": " in line])


def encode(action: Mapping[str, Value]) -> bytes:
    """An action as bytes. ValueError when a name or value holds what would begin another header."""
    lines = [f"{name}: {value}" for name, values in action.items() for value in _values(values)]
    for line in lines:
        if any(char in line for char in FORBIDDEN):
            raise ValueError(f"AMI header {line.partition(':')[0]!r} holds a line break or NUL; it was not sent")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _values(values: Value) -> Sequence[str]:
    return [str(values)] if isinstance(values, (str, int)) else values
