from __future__ import annotations

from ringback.call import Direction, Verdict
from ringback.callback import Callback
from ringback.case import TABLE, apply
from ringback.diagram import draw
from ringback.fact import CallEnded, Delivery, Fact, NotDialled, PersonActed, Refused, Timer, TimerFired
from ringback.record import State
from tests.core.worlds import NOON, ROOT, call, contacted


def test_every_rule_stays_within_the_table() -> None:
    """Any fact in any state: `apply` raises if a move leads where the table does not allow it."""
    facts: list[Fact] = [
        CallEnded(call=call(at=NOON + 99)),
        CallEnded(call=call(Verdict.ANSWERED, at=NOON + 99)),
        CallEnded(call=call(Verdict.NO_ANSWER, at=NOON, linkedid="rb-x-1", direction=Direction.OURS)),
        *(TimerFired(case="x", timer=timer, due=NOON) for timer in Timer),
        Refused(case="x", message="m", scope="recipient", why="no", at=NOON),
        Delivery(wamid="w", status="failed", at=NOON),
        NotDialled(case="x", attempt="rb-x-1", outcome="failed", why="no", at=NOON),
        PersonActed(nonce="1", case="x", act="solve", at=NOON),
        PersonActed(nonce="2", case="x", act="call", due=NOON + 7200, at=NOON),
        PersonActed(nonce="3", case="x", act="cancel", at=NOON),
    ]
    world = contacted()
    for state in State:
        case = world.case.model_copy(update={"state": state, "callback": Callback(due=NOON, attempt="rb-x-1")})
        for fact in facts:
            apply(case, fact, world.context)
    assert len(TABLE) > 50


def test_the_diagram_in_the_docs_is_made_from_the_table() -> None:
    assert (ROOT / "docs/case.md").read_text(encoding="utf-8") == draw()
