"""All scenarios, and how what was said of their calls is held against the truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ringback.call import Call
from tests.pbx import (
    agents_plain,
    freepbx_phones,
    freepbx_programs,
    freepbx_queues,
    freepbx_transfers,
    menus_plain,
    phones_plain,
    queues_plain,
    transfers_plain,
    ways_plain,
)
from tests.pbx.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *phones_plain.SCENARIOS,
    *queues_plain.SCENARIOS,
    *menus_plain.SCENARIOS,
    *transfers_plain.SCENARIOS,
    *ways_plain.SCENARIOS,
    *agents_plain.SCENARIOS,
    *freepbx_queues.SCENARIOS,
    *freepbx_phones.SCENARIOS,
    *freepbx_transfers.SCENARIOS,
    *freepbx_programs.SCENARIOS,
)
RELEASES = ("22", "16")
KINDS = ("plain", "freepbx")
TRANSCRIPTS = Path(__file__).parent / "transcripts"


def playable(release: str) -> list[Scenario]:
    """The scenarios that this release can play."""
    return [each for each in SCENARIOS if each.also_on_16 or release == "22"]


def of_kind(kind: str, release: str) -> list[Scenario]:
    """Those of one kind of PBX."""
    return [each for each in playable(release) if each.pbx == kind]


def transcript(name: str, release: str, kind: str) -> Path:
    """Where the recorded AMI stream of a scenario is kept; tests/pbx/record.py writes it."""
    return TRANSCRIPTS / release / kind / f"{name}.ami.gz"


def disagreements(scenario: Scenario, calls: Iterable[Call]) -> Iterator[str]:
    """Each thing that was said otherwise than it was; nothing where all is right."""
    by_caller: dict[str, list[Call]] = {}
    for call in calls:
        by_caller.setdefault(call.caller, []).append(call)
    for who, truths in scenario.truth.items():
        caller, wanted = scenario.filled(who), truths if isinstance(truths, Sequence) else [truths]
        found = sorted(by_caller.get(caller, []), key=lambda call: call.started)
        if len(found) != len(wanted):
            yield f"{scenario.name}: {len(found)} calls of {caller}, {len(wanted)} were placed: {found}"
        for call, truth in zip(found, wanted, strict=False):
            yield from _differences(scenario, call, truth)


def _differences(scenario: Scenario, call: Call, truth: Mapping[str, Any]) -> Iterator[str]:
    for name, right in truth.items():
        expected, said = _filled(scenario, right), getattr(call, name)
        if said != expected and not (isinstance(expected, float) and abs(said - expected) < 1.0):
            yield f"{scenario.name}: {name} is said to be {said!r}, it was {expected!r} ({call})"


def _filled(scenario: Scenario, value: Any) -> Any:
    if isinstance(value, str):
        return scenario.filled(value)
    return tuple(_filled(scenario, each) for each in value) if isinstance(value, tuple) else value
