"""The scenarios as they were recorded on real Asterisks: the same calls as in test_scenarios.py, without a PBX."""

import gzip
from collections.abc import Iterable
from functools import cache

import pytest

from ami_listener.settings import PbxSettings
from ami_listener.sieve import Sieve
from ami_listener.tracker import EVENTS, Event, Tracker
from ami_listener.wire import Framer
from ringback.call import Call, Direction, Verdict
from tests.pbx.scenario import Scenario
from tests.pbx.scenarios import KINDS, RELEASES, SCENARIOS, TRANSCRIPTS, disagreements, of_kind, playable, transcript

SETTINGS = PbxSettings.model_validate({"name": "lima", "secret": "x"})
RECORDED = [
    pytest.param(scenario, release, id=f"{release}-{scenario.pbx}-{scenario.name}")
    for release in RELEASES
    for scenario in playable(release)
]
COARSER = {Verdict.NO_ANSWER, Verdict.QUEUE_TIMEOUT, Verdict.SHORT}
"""What an unanswered call may be without the dialplan class, which alone knows menus, voicemail and full queues."""

CONVERSATIONS = {Verdict.ANSWERED, Verdict.LOST_IN_TRANSFER}

LONE_ANSWER = {Verdict.FAILED}
"""Of a call of ours whose OriginateResponse alone was seen, it is known only that nobody was reached."""


@cache
def events(scenario_name: str, release: str, kind: str) -> list[Event]:
    """What a listener reads of a recording."""
    raw = gzip.decompress(transcript(scenario_name, release, kind).read_bytes())
    return list(Framer(Sieve(EVENTS.__contains__, SETTINGS)).feed(raw))


def of(scenario: Scenario, release: str) -> list[Event]:
    return events(scenario.name, release, scenario.pbx)


def judged(stream: Iterable[Event]) -> dict[str, Call]:
    """The calls by their Linkedid; none is left open."""
    tracker = Tracker(SETTINGS)
    found = [one for event in stream for one in tracker.feed(event, 0.0) if isinstance(one, Call)]
    assert tracker.live() == set()
    assert len({call.linkedid for call in found}) == len(found)
    return {call.linkedid: call for call in found}


@pytest.mark.parametrize(("scenario", "release"), RECORDED)
def test_the_verdict_is_what_a_person_listening_would_have_said(scenario: Scenario, release: str) -> None:
    assert list(disagreements(scenario, judged(of(scenario, release)).values())) == []


@pytest.mark.parametrize(("scenario", "release"), RECORDED)
def test_without_the_dialplan_class_answered_or_not_stays_right(scenario: Scenario, release: str) -> None:
    full = judged(of(scenario, release))
    lean = judged(one for one in of(scenario, release) if not one.get("Privilege", "").startswith("dialplan"))
    assert lean.keys() == full.keys()
    for linkedid, call in lean.items():
        right = full[linkedid]
        assert call.verdict is right.verdict or {call.verdict, right.verdict}.isdisjoint(CONVERSATIONS)
        assert call.verdict is right.verdict or call.verdict in COARSER or call.verdict in scenario.without_dialplan
        assert (call.missed, call.direction, call.agent) == (right.missed, right.direction, right.agent)


@pytest.mark.parametrize(("scenario", "release"), RECORDED)
def test_events_cut_off_the_front_never_make_a_wrong_verdict(scenario: Scenario, release: str) -> None:
    stream, right = of(scenario, release), judged(of(scenario, release))
    for cut in range(1, len(stream)):
        tracker = Tracker(SETTINGS)
        found = [one for event in stream[cut:] for one in tracker.feed(event, 0.0) if isinstance(one, Call)]
        for call in [*found, *tracker.close_missing(set(), max(one.ended for one in right.values()) + 60)]:
            whole = right[call.linkedid].verdict if call.linkedid in right else Verdict.UNKNOWN
            allowed = {Verdict.UNKNOWN, whole, *(LONE_ANSWER if call.direction is Direction.OURS else ())}
            customers = call.direction in (Direction.INBOUND, Direction.OURS)
            assert call.verdict in allowed or not customers, f"cut {cut}: {call}"


@pytest.mark.parametrize("release", RELEASES)
def test_a_call_ends_with_its_customer_though_the_agent_stays_on_the_line(release: str) -> None:
    stream = events("agent_stays_on_the_line", release, "plain")
    hung_up = {event["Uniqueid"]: float(event["Timestamp"]) for event in stream if event["Event"] == "Hangup"}
    customers = [call for call in judged(stream).values() if call.direction is Direction.INBOUND]
    assert len(customers) == 3
    assert [call.ended for call in customers] == [hung_up[call.linkedid] for call in customers]


@pytest.mark.parametrize(("scenario", "release"), RECORDED)
def test_every_event_told_twice_changes_nothing(scenario: Scenario, release: str) -> None:
    stream = of(scenario, release)
    assert judged(event for event in stream for _ in range(2)) == judged(stream)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("kind", KINDS)
def test_all_of_them_at_the_same_time_do_not_touch_each_other(release: str, kind: str) -> None:
    scenarios = of_kind(kind, release)
    together = [event for scenario in scenarios for event in of(scenario, release)]
    alone = {key: call for scenario in scenarios for key, call in judged(of(scenario, release)).items()}
    assert judged(sorted(together, key=lambda event: float(event["Timestamp"]))) == alone


def test_at_least_forty_scenarios_are_kept_and_nothing_else_is() -> None:
    wanted = {transcript(each.name, release, each.pbx) for release in RELEASES for each in playable(release)}
    assert set(TRANSCRIPTS.rglob("*.ami.gz")) == wanted
    assert len({(one.pbx, one.name) for one in SCENARIOS}) == len(SCENARIOS) >= 40
