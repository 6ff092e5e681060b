"""What Asterisk wrote of the scenarios, held against the truth: each source says it, or that it does not know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ami_listener.certainty import Certainty
from ami_listener.gap import Filler
from ami_listener.settings import PbxSettings
from ami_listener.tracker import Tracker
from ringback.call import Call, Verdict
from ringbackd.sandbox.asterisk import Pbx
from tests.pbx.scenario import Scenario

LEFT_NO_RECORD = "blonde_in_vain"
"""A transfer to a phone that cannot be reached: of the caller's waiting afterwards there is no CDR."""


@dataclass(frozen=True)
class Kind:
    """Sources to read, and the share of the calls that they have to judge rightly."""

    sources: tuple[str, ...]
    right: float


KINDS = (
    Kind(("cel csv",), 0.7),
    Kind(("cel sqlite",), 0.7),
    Kind(("cdr csv",), 0.4),
    Kind(("cdr sqlite", "queue_log"), 0.4),
    Kind(("queue_log",), 0.05),
)


def gap_settings(pbx: Pbx, sources: Iterable[str]) -> dict[str, Any]:
    """`pbx.gap` for these sources of a PBX of the kit, and what has to be known of its trunk."""
    where = {
        "cel csv": ("cel", pbx.cel_path),
        "cel sqlite": ("cel", pbx.sqlite_path),
        "cdr csv": ("cdr", pbx.cdr_path),
        "cdr sqlite": ("cdr", pbx.sqlite_path),
        "queue_log": ("queue_log", pbx.queue_log_path),
    }
    gap = [{"read": where[source][0], "file": str(where[source][1])} for source in sources]
    return {"gap": gap, "trunks": ["PJSIP/carrier"]}


async def read(pbx: Pbx, kind: Kind) -> list[Call]:
    """The calls that these sources tell of, from their beginning."""
    settings = PbxSettings.model_validate({"name": "lima", "secret": "x", **gap_settings(pbx, kind.sources)})
    filler, tracker, certainty = Filler(settings), Tracker(settings), Certainty()
    reader = await filler.written_cel(0.0)
    if reader is None:
        return list((await filler.calls(0.0)).values())
    calls: list[Call] = []
    async for event in filler.events(reader, 0.0):
        certainty.see(event)
        calls += [certainty.settle(one) for one in tracker.feed(event, 0.0) if isinstance(one, Call)]
    return calls


async def wrong(pbx: Pbx, scenarios: Sequence[Scenario]) -> list[str]:
    """Each verdict that is neither right nor unknown, and each source that knows too little."""
    found: list[str] = []
    for kind in KINDS:
        judged: Counter[str] = Counter()
        calls = await read(pbx, kind)
        for scenario in scenarios:
            for who, truth in _truths(scenario):
                told = {call.verdict.value for call in calls if scenario.filled(who) in (call.caller, call.dialled)}
                judged[_judged(truth, told)] += 1
                if _judged(truth, told) == "wrong" and (scenario.name != LEFT_NO_RECORD or "cel" in kind.sources[0]):
                    found.append(f"{scenario.name}: {kind.sources} say {told}, it was {truth}")
        if judged["right"] < kind.right * judged.total():
            found.append(f"{kind.sources} know too little: {judged}")
    return found


def _judged(truth: str, told: set[str]) -> str:
    if truth in told:
        return "right"
    return "wrong" if told - {Verdict.UNKNOWN.value} else "unknown"


def _truths(scenario: Scenario) -> Iterator[tuple[str, str]]:
    for who, truths in scenario.truth.items():
        for truth in [truths] if isinstance(truths, Mapping) else truths:
            if "verdict" in truth:
                yield who, truth["verdict"]
