"""What the dialplan is told of a returning caller."""

from __future__ import annotations

from agi import caller as calling
from agi.fastlane import Lane, lead
from agi.session import Session
from tests.agi.peer import Caller, played_by

LANE = Lane(case="c1", summary="high claim Ana", shown="", priority=5)


def led(lane: Lane | None, **told: str) -> tuple[Caller, list[calling.Caller]]:
    """One call; what Asterisk was told, and whom the lane was looked for."""
    caller, asked = Caller([], told=told), []

    def find(found: calling.Caller) -> Lane | None:
        asked.append(found)
        return lane

    connection, thread = played_by(caller)
    with connection, connection.makefile("rw", encoding="utf-8", newline="\n") as stream:
        lead(Session(stream, stream), find)
    thread.join(5)
    return caller, asked


def test_the_priority_is_told_last() -> None:
    caller, (asked,) = led(LANE, RINGBACK_LINE="ventas")
    assert (asked.line, asked.number) == ("ventas", "987654321")
    assert list(caller.variables.items()) == [
        ("__RINGBACK_SUMMARY", "high claim Ana"),
        ("RINGBACK_SHOWN", ""),
        ("__RINGBACK_CASE", "c1"),
        ("RINGBACK_PRIO", "5"),
    ]


def test_of_somebody_without_a_case_nothing_is_told() -> None:
    assert led(None)[0].variables == {}
