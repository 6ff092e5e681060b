"""What the scenarios of a FreePBX have in common."""

from __future__ import annotations

from dataclasses import replace

from tests.pbx.scenario import Scenario

MISSED = {"direction": "inbound", "missed": True, "agent": ""}
ABANDONED = {**MISSED, "verdict": "abandoned_queue"}
LOST = {**MISSED, "verdict": "lost_in_transfer"}
"""A person had him, and nobody has him in the end; who that person was is said."""


def did(destination: str) -> str:
    """The inbound route of a scenario: where its number leads. More global variables may follow."""
    return "[globals]\nDID_{did}=" + destination + "\n"


def member(phone: str) -> str:
    """A member of a queue as FreePBX writes it."""
    return "member => Local/X@from-queue/n,0,Agent X,hint:X@ext-local\n".replace("X", "{" + phone + "}")


def freepbx(*scenarios: Scenario) -> tuple[Scenario, ...]:
    """The same scenarios, on the PBX whose dialplan is like FreePBX's."""
    return tuple(replace(scenario, pbx="freepbx") for scenario in scenarios)
