"""Draws the states of a case from the table that decides, as a Mermaid state diagram."""

from __future__ import annotations

import sys

from ringback.case import TABLE
from ringback.record import State

HEAD = """# The states of a case

Made from the table in `ringback/case.py` by `python -m ringback.diagram > docs/case.md`; a test says when it is stale.
Facts that leave every state as it is (a delivery status, a late word of an old attempt) are not drawn.
"""


def draw() -> str:
    """The page docs/case.md."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for (state, on), rule in TABLE.items():
        for to in State:
            if to in rule.to and to is not state:
                arrows.setdefault((state, to), []).append(on)
    lines = [f"    {a} --> {b}: {', '.join(sorted(reasons))}" for (a, b), reasons in sorted(arrows.items())]
    body = "\n".join(["    [*] --> waiting: missed call", "    [*] --> talking: message of a stranger", *lines])
    return f"{HEAD}\n```mermaid\nstateDiagram-v2\n{body}\n    closed --> [*]\n```\n"


if __name__ == "__main__":
    sys.stdout.write(draw())
