"""The end of a log file, from any moment on, however large the file is, and through one rotation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

BLOCK = 1 << 20
"""Bytes read at a time when looking for the beginning of the tail."""

LONGEST_LINE = 64 * 1024
"""A longer line is cut: no log of Asterisk has one."""

TimeOf = Callable[[str], float | None]
"""Seconds since the epoch of a line; None when it is torn, or no line of this log."""


class Lines:
    """The whole lines of a log from the first one at or after `since` on, in file order, read as they are asked for.

    Whatever follows that line belongs to it, whatever time it bears: clocks are set back. It goes back into `path.1`
    when the file was rotated meanwhile. A missing file is an empty one; other trouble raises OSError. `skipped` counts
    lines that are none of this log's.
    """

    def __init__(self, path: Path, since: float, time_of: TimeOf) -> None:
        self.path, self._since, self._time_of = path, since, time_of
        self.skipped = 0

    def __iter__(self) -> Iterator[str]:
        lines = self._from_block(self.path)
        first = next(lines, None)
        rotated = first is None or self._time(first) >= self._since
        older = self._from_block(self.path.with_name(self.path.name + ".1")) if rotated else iter(())
        begun = False
        for line in chain(older, [first] if first is not None else [], lines):
            text = _text(line)
            at = self._time_of(text) if line.endswith(b"\n") else None
            if at is None:
                self.skipped += 1
            elif begun := begun or at >= self._since:
                yield text

    def _from_block(self, path: Path) -> Iterator[bytes]:
        """Lines from a little before `since` on: found by looking back from the end, block by block."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return
        with file:
            position = file.seek(0, 2)
            while position > 0:
                position = max(0, position - BLOCK)
                file.seek(position)
                if position:
                    file.readline(LONGEST_LINE)
                if self._time(file.readline(LONGEST_LINE)) < self._since:
                    break
            file.seek(position)
            if position:
                file.readline(LONGEST_LINE)
            while line := file.readline(LONGEST_LINE):
                yield line

    def _time(self, line: bytes) -> float:
        """The time of a line; of a line that has none, infinity, so that the search goes further back."""
        at = self._time_of(_text(line))
        return float("inf") if at is None else at


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r\n")
