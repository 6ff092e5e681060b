"""What the page shows, taken from the running parts: one JSON object per customer, whole at every change."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ringback import kpi
from ringback.callback import case_of
from ringback.dayplan import day_plan
from ringback.journal import Entry, Event
from ringback.kpi import Figure
from ringback.record import Case, Outcome, State

from .cloudchat import ChatItem
from .customer import PHONE, QUEUE
from .scene import BRAND, CUSTOMERS, ZONE, e164
from .sip import Call, PlacedCall
from .sip import State as CallState
from .stage import Stage

LINES: Mapping[str, str] = {"queue": QUEUE, "phone": PHONE, "menu": "5550102", "closed": "5550104"}
"""What the customer can dial: its name on the page, and the DID."""
ENTRIES = 60
SOON_S = 60.0
RATED = frozenset({Outcome.CALLBACK, Outcome.SOLVED})
"""Outcomes after which the customer is asked how it was."""

Json = dict[str, Any]


async def snapshot(stage: Stage, number: str, dialled: Mapping[str, str]) -> Json:
    """All that the page shows of one customer (times: epoch seconds). `dialled`: the line each of them called last."""
    entries = await stage.journal()
    case = await stage.case(number)
    call = _call(stage, number, dialled)
    agent = _agent(stage)
    mine = [entry for entry in entries if _concerns(entry, number)]
    return {
        "now": time.time(),
        "zone": ZONE,
        "brand": BRAND,
        "customer": {"number": number, "name": CUSTOMERS[number]},
        "customers": [{"number": each, "name": name} for each, name in CUSTOMERS.items()],
        "lines": list(LINES),
        "call": call,
        "agent": agent,
        "chat": _chat(stage.cloud.chat(e164(number))),
        "verdict": _verdict(mine),
        "case": _case(case, stage.scene.quiet_s),
        "journal": [entry.model_dump() for entry in mine[-ENTRIES:]],
        "plan": [asdict(place) for place in day_plan(stage.line, entries, time.time())],
        "figures": [_figure(figure) for figure in kpi.report(entries, 0, time.time() + 1).figures],
        "hint": hint(case, call, agent["state"]),
    }


def hint(case: Case | None, call: Json | None, agent: str) -> str:
    """What the newcomer had best do now: a key of [hint] in page/texts.toml."""
    if call:
        return _during(call, agent)
    if case is None:
        return "dial"
    if case.state is State.CLOSED:
        return "rate" if case.outcome in RATED and not case.rating else "done"
    if case.state is State.PROMISED:
        return "soon" if case.callback and case.callback.due < time.time() + SOON_S else "promised"
    return "wait" if case.state is State.CONTACTED and case.pending else _WAITS_FOR[case.state]


_WAITS_FOR = {
    State.WAITING: "wait",
    State.CONTACTED: "tap",
    State.TALKING: "reply",
    State.RINGING: "soon",
    State.WITH_PERSON: "person",
}


def _during(call: Json, agent: str) -> str:
    if call["way"] == "out":
        return "talking_in" if agent == "up" else "hang_up"
    if call["state"] != "up":
        return "answer"
    return "talk" if agent == "up" else "agent"


def _call(stage: Stage, number: str, dialled: Mapping[str, str]) -> Json | None:
    call = stage.people.call_of(number)
    if call is None:
        return None
    way = "out" if isinstance(call, PlacedCall) else "in"
    return {
        "way": way,
        "state": call.state.value,
        "line": dialled.get(number, "") if way == "out" else "",
        "since": stage.people.up_since.get(call.call_id, 0.0),
    }


def _agent(stage: Stage) -> Json:
    people = stage.people
    call: Call | None = people.agent.call_of(None, CallState.UP) or people.agent.call_of()
    return {"available": people.agent_available, "state": call.state.value if call else "idle"}


def _chat(items: Sequence[ChatItem]) -> list[Json]:
    answers = {item.reply_to: item.text for item in items if item.reply_to}
    return [
        {
            "id": item.wamid,
            "ours": item.from_us,
            "kind": item.kind,
            "text": item.text,
            "at": item.at,
            "tick": item.tick,
            "menu": item.menu,
            "options": [{"title": option.title, "description": option.description} for option in item.options],
            "answer": answers.get(item.wamid, ""),
        }
        for item in items
    ]


def _concerns(entry: Entry, number: str) -> bool:
    """Whether an entry is about a customer, or about the link to the PBX that all share."""
    if entry.event in {Event.LINK_UP, Event.LINK_DOWN}:
        return True
    return number == entry.data.get("caller") if entry.event is Event.CALL_ENDED else entry.customer == e164(number)


def _verdict(entries: Sequence[Entry]) -> Json | None:
    """The newest call of the customer himself (not one of ours)."""
    ended = [dict(entry.data) for entry in entries if entry.event is Event.CALL_ENDED]
    return next((call for call in reversed(ended) if not case_of(str(call["linkedid"]))), None)


def _case(case: Case | None, quiet_s: float) -> Json | None:
    if case is None:
        return None
    quiet_until = case.last_miss + quiet_s if case.state is State.WAITING else 0.0
    return case.model_dump(mode="json") | {"quiet_until": quiet_until}


def _figure(figure: Figure) -> Json:
    """Of what it is made of only the choices of those who were offered something, and their keys, are shown."""
    parts = {name: n for name, n in figure.parts.items() if n and name.startswith(("offer_", "key_"))}
    return figure.model_dump(include={"name", "unit", "value", "n", "formula"}) | {"parts": parts}
