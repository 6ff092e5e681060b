"""Who is calling now: his open case, found in Redis by the number that calls, for the threads that talk to him."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import TimeoutError as TooLate

from redis.exceptions import RedisError

from ringback.line import Line
from ringback.phone import Number
from ringback.record import Case
from ringbackd.store import Store

log = logging.getLogger("ringback.callers")
LOOK_S = 0.7
"""How long Redis may take: the dialplan's fast lane waits for a second."""
AGAIN_S = 2.0
"""After Redis took too long nobody else waits for it meanwhile."""


class Callers:
    """Looks callers up for threads. `loop` is the one that `store` lives in. None also where Redis does not say it in
    time: nobody waits for that."""

    def __init__(self, store: Store, lines: Mapping[str, Line], loop: asyncio.AbstractEventLoop) -> None:
        self.store, self.lines, self.loop = store, lines, loop
        self._again = 0.0

    def case_here(self, line: Line, caller_id: str) -> Case | None:
        """His open case on this line."""
        number = line.number(caller_id)
        return self._ask(self.store.active_case(line.name, number.key)) if isinstance(number, Number) else None

    def case_of(self, line: Line, caller_id: str) -> Case | None:
        """His open case on this line, or else the newest one on another line of the same business."""
        number = line.number(caller_id)
        return self._ask(self._of_the_business(line, number.key)) if isinstance(number, Number) else None

    def _ask(self, question: Coroutine[None, None, Case | None]) -> Case | None:
        if time.monotonic() < self._again:
            question.close()
            return None
        looking = asyncio.run_coroutine_threadsafe(question, self.loop)
        try:
            return looking.result(LOOK_S)
        except (TooLate, RedisError) as error:
            looking.cancel()
            self._again = time.monotonic() + AGAIN_S
            log.warning("a caller was not looked for among the open cases: %s", str(error) or "Redis takes too long")
            return None

    async def _of_the_business(self, line: Line, key: str) -> Case | None:
        if case := await self.store.active_case(line.name, key):
            return case
        brands = {name: other.brand for name, other in self.lines.items()}
        cases = await self.store.cases_of(key)
        return next((case for case in cases if brands.get(case.line) == line.brand), None)
