"""How long to wait before the next try."""

from __future__ import annotations


class Backoff:
    """Seconds that double from `first` to `limit` until `reset`."""

    def __init__(self, first: float, limit: float) -> None:
        self._first = self._next = first
        self._limit = limit

    def next(self) -> float:
        """The wait before the next try."""
        wait, self._next = min(self._next, self._limit), min(self._next * 2, self._limit)
        return wait

    def reset(self) -> None:
        """It worked: begin small again next time."""
        self._next = self._first
