"""Draws the states of a case from the table that decides, as a Mermaid state diagram."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from ringback.case import TABLE
from ringback.record import State

HEAD = """# The states of a case

Made from the table in `ringback/case.py` by `python -m ringback.diagram > docs/case.md`; a test says when it is stale.
A fact that leaves the state as it is is not drawn, nor is what may close a case in every state:
"""
Arrows = dict[tuple[State, State], set[str]]


def draw() -> str:
    """The page docs/case.md."""
    arrows = _arrows()
    ends = set.intersection(*(arrows[state, State.CLOSED] for state in State if state is not State.CLOSED))
    for (_, to), why in arrows.items():
        if to is State.CLOSED:
            why.difference_update(ends)
    lines = [
        "[*] --> waiting: missed call",
        "[*] --> talking: message of a stranger",
        *_lines(arrows),
        "closed --> [*]",
    ]
    body = "\n".join(f"    {line}" for line in lines)
    return f"{HEAD}{', '.join(sorted(ends))}.\n\n```mermaid\nstateDiagram-v2\n{body}\n```\n"


def _arrows() -> Arrows:
    """From which state to which, and on which facts."""
    arrows: Arrows = {}
    for (state, on), rule in TABLE.items():
        for to in rule.to:
            if to is not state:
                arrows.setdefault((state, to), set()).add(on)
    return arrows


def _lines(arrows: Arrows) -> Iterator[str]:
    return (f"{a} --> {b}: {', '.join(sorted(why))}" for (a, b), why in sorted(arrows.items()) if why)


if __name__ == "__main__":
    sys.stdout.write(draw())
