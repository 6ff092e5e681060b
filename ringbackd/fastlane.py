"""What the dialplan's fast lane is told of who calls again while his case is open."""

from __future__ import annotations

from agi.fastlane import Lane
from ringback.line import Line
from ringbackd.callers import Callers
from ringbackd.ringing import shown, summary


def find(callers: Callers, line: Line, caller_id: str) -> Lane | None:
    """His lane on a line; None where he has none."""
    plan = line.fastlane
    case = callers.case_of(line, caller_id) if plan.priority else None
    if case is None:
        return None
    return Lane(case.id, summary(case), shown(case) if plan.show_name else "", plan.priority)
