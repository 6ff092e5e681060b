"""Timers of cases in memory, on a clock that somebody else turns."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from ringback.fact import Timer

Customer = tuple[str, str]
"""A line's name and the match key of a number: at most one case is active for both."""


@dataclass(frozen=True, slots=True, order=True)
class Alarm:
    """One timer of one customer's case; `at` in epoch seconds."""

    at: float
    customer: Customer
    timer: Timer


@dataclass(slots=True)
class Alarms:
    """At most one alarm of each kind for each customer."""

    _queue: list[Alarm] = field(default_factory=list)
    _set: dict[tuple[Customer, Timer], float] = field(default_factory=dict)

    def set(self, customer: Customer, timer: Timer, at: float) -> None:
        """Set an alarm, or move it."""
        self._set[customer, timer] = at
        heapq.heappush(self._queue, Alarm(at, customer, timer))

    def clear(self, customer: Customer, timer: Timer) -> None:
        """Forget an alarm."""
        self._set.pop((customer, timer), None)

    def next(self, until: float = float("inf")) -> Alarm | None:
        """Take off the earliest alarm that is due by `until`; None when there is none."""
        while self._queue and self._queue[0].at <= until:
            alarm = heapq.heappop(self._queue)
            if self._set.get((alarm.customer, alarm.timer)) == alarm.at:
                self.clear(alarm.customer, alarm.timer)
                return alarm
        return None
