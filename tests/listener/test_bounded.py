"""Nothing grows: not by calls that end, nor by calls whose end is never told, nor by one call that never rests."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from enum import Enum

import pytest
from pydantic import BaseModel

from ami_listener import calls as calls_module
from ami_listener import contexts, registry
from ami_listener.settings import PbxSettings
from ami_listener.sieve import Sieve
from ami_listener.tracker import EVENTS, Outcome, Tracker
from ami_listener.wire import Framer
from benchmarks.stream import stream
from ringback.call import Call, Verdict
from tests.listener.listenerkit import SETTINGS, Script

FEW = 20
MEMORIES = {"_ended", "_gone", "_homes", "_known"}
"""What is kept of calls that are over, and of names: each with a limit of its own."""

DAY_S = 86_400.0


@pytest.fixture(autouse=True)
def small_memories(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        *((registry, "REMEMBERED"), (registry, "MOST_CHANNELS"), (registry, "MOST")),
        *((contexts, "REMEMBERED"), (calls_module, "MOST")),
    ):
        monkeypatch.setattr(module, name, FEW)


def containers(thing: object, path: str = "tracker", seen: set[int] | None = None) -> Iterator[tuple[str, int]]:
    """Every container that can be reached from a thing, by its path, with what it holds."""
    seen = set() if seen is None else seen
    if id(thing) in seen or isinstance(thing, str | bytes | int | float | Enum | BaseModel | type):
        return
    seen.add(id(thing))
    names = [
        *getattr(thing, "__dict__", {}),
        *(name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())),
    ]
    for name in names:
        yield from containers(getattr(thing, name, None), f"{path}.{name}", seen)
    if isinstance(thing, dict | set | list | deque):
        yield path, len(thing)
        for item in [*thing, *(thing.values() if isinstance(thing, dict) else ())]:
            yield from containers(item, f"{path}[]", seen)


def held(tracker: Tracker) -> dict[str, int]:
    return {path: size for path, size in containers(tracker) if size}


def feed(tracker: Tracker, script: Script) -> list[Outcome]:
    events, script.events = script.events, []
    return [outcome for event in events for outcome in tracker.feed(event, 0.0)]


def verdicts(outcomes: list[Outcome]) -> list[Verdict]:
    return [outcome.verdict for outcome in outcomes if isinstance(outcome, Call)]


def test_calls_that_end_leave_nothing_behind() -> None:
    tracker, framer = Tracker(SETTINGS), Framer(Sieve(EVENTS.__contains__, SETTINGS))
    ended = 0
    for message in stream(0, 110, 8):
        for event in framer.feed(message):
            ended += sum(isinstance(outcome, Call) for outcome in tracker.feed(event, 0.0))
    left = held(tracker)
    assert ended == 110
    assert {path.rpartition(".")[2] for path in left} <= MEMORIES, left
    assert max(left.values()) <= FEW


def test_calls_that_are_up_are_seen_by_the_walk_through_memory() -> None:
    script, tracker = Script(), Tracker(SETTINGS)
    script.inbound()
    feed(tracker, script)
    assert {path.rpartition(".")[2] for path in held(tracker)} > {"calls", "people", "channels"}


def test_calls_without_an_end_are_given_up_when_there_are_too_many() -> None:
    script, tracker = Script(), Tracker(SETTINGS)
    for number in range(5 * FEW):
        script.inbound(f"{number}.1")
        script.enter(f"{number}.1", f"bridge {number}")
        script.start(f"{number}.2", f"Local/9@x-{number:08x};1", f"{number}.1", "from-internal")
    outcomes = feed(tracker, script)
    assert set(verdicts(outcomes)) == {Verdict.UNKNOWN}
    assert max(held(tracker).values()) <= FEW + 1


def test_a_call_of_endless_noise_stays_small() -> None:
    script, tracker = Script(), Tracker(SETTINGS)
    script.inbound()
    for number in range(3 * FEW):
        script.say("QueueCallerJoin", "1.1", Queue=f"queue {number}")
        script.say("QueueCallerLeave", "1.1", Queue=f"queue {number}")
        script.say("DialEnd", "1.1", DialStatus=f"STATUS{number}")
        script.phone(f"2.{number}", f"{number}")
        script.hangup(f"2.{number}")
        script.inbound(f"3.{number}", number=f"98765{number:04d}")
        script.say("Newstate", f"3.{number}", Linkedid="1.1")
        script.say("Hangup", f"3.{number}", Linkedid="1.1")
    outcomes = feed(tracker, script)
    assert max(held(tracker).values()) <= FEW + 1
    script.hangup("1.1")
    outcomes += feed(tracker, script)
    assert len({outcome.linkedid for outcome in outcomes if isinstance(outcome, Call)}) == 3 * FEW + 1


def quiet_night(script: Script, hours: int) -> None:
    """Somebody else's short call every half hour."""
    for number in range(2 * hours):
        script.wait(1_800)
        script.inbound(f"9.{number}")
        script.hangup(f"9.{number}")


def test_a_call_whose_end_is_not_told_is_given_up_after_a_day() -> None:
    script, tracker = Script(), Tracker(SETTINGS)
    script.inbound()
    feed(tracker, script)
    quiet_night(script, 23)
    assert Verdict.UNKNOWN not in verdicts(feed(tracker, script))
    assert tracker.live() == {"1.1"}
    quiet_night(script, 2)
    assert Verdict.UNKNOWN in verdicts(feed(tracker, script))
    assert tracker.live() == set()


def test_of_a_call_that_is_given_up_what_was_witnessed_is_said() -> None:
    settings = SETTINGS.model_copy(update={"longest_call_s": 3_600.0})
    script, tracker = Script(), Tracker(settings)
    talk(script)
    script.leave("1.2", "b")
    script.hangup("1.2")
    feed(tracker, script)
    quiet_night(script, 2)
    (answered,) = [one for one in feed(tracker, script) if isinstance(one, Call) and one.linkedid == "1.1"]
    assert (answered.verdict, answered.agent, answered.talk, answered.ended - answered.started) == (
        Verdict.ANSWERED,
        "101",
        30,
        30,
    )


def talk(script: Script) -> None:
    script.inbound()
    script.phone("1.2", "101")
    for uid in ("1.1", "1.2"):
        script.up(uid)
        script.enter(uid, "b")
    script.wait(30)


@pytest.mark.parametrize("step", [3 * DAY_S, -3 * DAY_S], ids=["forward", "back"])
def test_a_step_of_the_clock_gives_up_nobody(step: float) -> None:
    script, tracker = Script(at=1e9), Tracker(SETTINGS)
    talk(script)
    script.wait(step)
    script.inbound("5.1")
    script.hangup("5.1")
    script.wait(-step)
    script.hangup("1.2", "1.1")
    assert verdicts(feed(tracker, script))[-1] is Verdict.ANSWERED


def test_an_event_of_a_call_that_was_given_up_begins_no_other() -> None:
    script, tracker = Script(), Tracker(PbxSettings.model_validate({"secret": "x", "longest_call_s": 60}))
    script.inbound()
    quiet_night(script, 1)
    feed(tracker, script)
    script.up("1.1")
    script.hangup("1.1")
    assert feed(tracker, script) == []
    assert tracker.live() == set()
