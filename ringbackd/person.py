"""One customer, as he is found in whatever was written down: by his number in any spelling, his cases, his user ids."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ringback.line import Line
from ringback.phone import Number, match_key

_RUN = re.compile(r"\d{7,20}")
SAME_END = 7
"""Digits at the end that every spelling of a number shares."""


@dataclass
class Person:
    """Recognises one customer in texts. `ids` are his cases and user ids."""

    key: str
    lines: tuple[Line, ...]
    ids: set[str] = field(default_factory=set)
    _known: dict[str, bool] = field(default_factory=dict)

    def learn(self, ids: Iterable[str]) -> None:
        """More names under which he is kept."""
        self.ids.update(found for found in ids if found)

    def named_in(self, text: str) -> bool:
        """Whether a text names him."""
        if any(found in text for found in self.ids):
            return True
        return self.key[-SAME_END:] in text and any(self._is_him(run) for run in _RUN.findall(text))

    def _is_him(self, run: str) -> bool:
        if run not in self._known:
            self._known[run] = run.endswith(self.key[-SAME_END:]) and (match_key(run) == self.key or self._read(run))
        return self._known[run]

    def _read(self, run: str) -> bool:
        numbers = (line.number(shown) for line in self.lines for shown in (run, f"+{run}"))
        return any(isinstance(number, Number) and number.key == self.key for number in numbers)
