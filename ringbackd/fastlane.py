"""Who calls again while his case is open: found in Redis by the number that calls, for the dialplan's fast lane."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import TimeoutError as TooLate

from redis.exceptions import RedisError

from agi.fastlane import Lane
from ringback.line import Line
from ringback.phone import Number
from ringback.record import Case
from ringbackd.ringing import shown, summary
from ringbackd.store import Store

log = logging.getLogger("ringback.fastlane")
LOOK_S = 0.7
"""How long Redis may take: the dialplan waits for a second."""


class FastLane:
    """Looks callers up for threads. `loop` is the one that `store` lives in."""

    def __init__(self, store: Store, lines: Mapping[str, Line], loop: asyncio.AbstractEventLoop) -> None:
        self.store, self.lines, self.loop = store, lines, loop

    def find(self, name: str, caller_id: str) -> Lane | None:
        """His lane on the line of this name; None where he has none, or Redis does not say so in time."""
        line = self.lines.get(name)
        number = line.number(caller_id) if line and line.fastlane.priority else None
        if line is None or not isinstance(number, Number):
            return None
        looking = asyncio.run_coroutine_threadsafe(self._open_case(line, number.key), self.loop)
        try:
            case = looking.result(LOOK_S)
        except (TooLate, RedisError) as error:
            looking.cancel()
            log.warning("a caller was not looked for among the open cases: %s", str(error) or "Redis takes too long")
            return None
        return _lane(case, line) if case else None

    async def _open_case(self, line: Line, key: str) -> Case | None:
        """His case on this line, or else the newest one on another line of the same business."""
        if case := await self.store.active_case(line.name, key):
            return case
        brands = {name: other.brand for name, other in self.lines.items()}
        cases = await self.store.cases_of(key)
        return next((case for case in cases if brands.get(case.line) == line.brand), None)


def _lane(case: Case, line: Line) -> Lane:
    plan = line.fastlane
    return Lane(case.id, summary(case), shown(case) if plan.show_name else "", plan.priority)
