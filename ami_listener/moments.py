"""Wall-clock times that survive a clock that is set: each is kept with the time of a clock that only runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

STEP_S = 2.0
"""A wall clock that departs so far from the steady one between two looks was set, not disciplined."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment on both clocks, in seconds: since the epoch, and since whenever."""

    wall: float
    steady: float


class Moments:
    """The two clocks."""

    def __init__(self, wall: Callable[[], float], steady: Callable[[], float]) -> None:
        self._wall, self._steady = wall, steady
        self._offset = wall() - steady()

    def now(self) -> Moment:
        """This moment."""
        return Moment(self._wall(), self._steady())

    def never(self) -> Moment:
        """Before every other moment."""
        return Moment(float("-inf"), float("-inf"))

    def earliest(self, moment: Moment) -> float:
        """The earliest time that the wall clock may have shown then, as it runs now or as it ran then."""
        now = self.now()
        return min(moment.wall, now.wall - (now.steady - moment.steady))

    def step(self) -> float:
        """By how many seconds the wall clock was set since the last look; 0.0 when it was not."""
        offset = self._wall() - self._steady()
        step, self._offset = offset - self._offset, offset
        return step if abs(step) >= STEP_S else 0.0
