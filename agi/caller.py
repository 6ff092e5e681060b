"""Who calls: what Asterisk tells of a call that comes to us by AGI."""

from __future__ import annotations

from dataclasses import dataclass

from agi.session import Session

NAMES = ("CHANNEL(state)", "RINGBACK_LINE", "FROM_DID", "QUEUENAME", "RINGBACK_WAIT", "QUEUEHOLDTIME")
"""The variables that are looked at; only letters, digits and _+*#- of them."""
ASKED = "|".join(["${CHANNEL(linkedid)}", *(rf"${{FILTER(0-9A-Za-z_+*#\-,${{{name}}})}}" for name in NAMES)])


@dataclass(frozen=True)
class Caller:
    """The call, as Asterisk tells it. `wait` is seconds, 0 when not known; `up`: it was picked up before."""

    linkedid: str
    up: bool
    number: str
    line: str
    dids: tuple[str, ...]
    queue: str
    wait: float


def caller_of(session: Session) -> Caller:
    """Ask Asterisk for what the greeting of an AGI call does not tell."""
    linkedid, *told = session.expand(ASKED).rsplit("|", len(NAMES))
    state, line, did, queue, wait, hold = told if len(told) == len(NAMES) else ("",) * len(NAMES)
    env = session.env
    number = env.get("agi_callerid", "")
    return Caller(
        linkedid=linkedid or env.get("agi_uniqueid", ""),
        up=state == "Up",
        number="" if number == "unknown" else number[:64],
        line=line,
        dids=(did, env.get("agi_dnid", ""), env.get("agi_extension", "")),
        queue=queue,
        wait=float(next((text for text in (wait, hold) if text.isdecimal()), 0)),
    )
