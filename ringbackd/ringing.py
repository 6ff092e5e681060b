"""How Asterisk is asked to ring: customer first or agent first, and what the dialplan and the agent are told."""

from __future__ import annotations

import re

from ami_listener.dialer import Dial
from ringback.line import Line
from ringback.record import Case

UNFIT = re.compile(r"[^\w .+-]+")
"""All that Asterisk's dialplan could read as its own syntax."""
SHOWN, SUMMARY = 30, 200
"""Characters: phones show about twenty of a name."""


def originate(attempt: str, number: str, case: Case | None, line: Line) -> Dial:
    """The Originate of an attempt to ring `number` (the caller id as it came)."""
    plan = line.callback
    channel = plan.channel.replace("{number}", number)
    variables = {
        "RINGBACK_CASE": case.id if case else "",
        "RINGBACK_ATTEMPT": attempt,
        "RINGBACK_LINE": line.name,
        "RINGBACK_LANGUAGE": line.language,
        "RINGBACK_CUSTOMER": number,
        "__RINGBACK_SHOWN": shown(case) if case else "",
        "__RINGBACK_SUMMARY": summary(case) if case else "",
    }
    if plan.first == "agent":
        return Dial(
            attempt=attempt,
            channel=f"Local/{plan.exten}@{plan.context}",
            context="ringback-agent",
            exten=plan.exten,
            timeout_s=plan.ring_s,
            caller_id=plan.caller_id,
            variables={
                **variables,
                "RINGBACK_DIAL": channel,
                "RINGBACK_RING": str(plan.ring_s),
                "RINGBACK_CALLER_ID": plan.caller_id,
            },
        )
    asked = {"RINGBACK_ASK": "yes"} if plan.press_1 else {}
    listens = {"RINGBACK_AMD": "yes"} if plan.press_1 and plan.detect_machine else {}
    return Dial(
        attempt=attempt,
        channel=channel,
        context=plan.context,
        exten=plan.exten,
        timeout_s=plan.ring_s,
        caller_id=plan.caller_id,
        variables={**variables, **asked, **listens},
    )


def shown(case: Case) -> str:
    """What an agent's phone shows as the caller's name: how urgent it is, what he wants, who he is."""
    return _plain(" ".join(filter(None, (case.urgency, case.intent, case.name))), SHOWN)


def summary(case: Case) -> str:
    """The case in one line, for what the agent's desktop shows of the channel variables."""
    said = next((one.text for one in reversed(case.transcript) if one.who == "customer"), "")
    return _plain(" ".join(filter(None, (case.urgency, case.intent, case.name, said))), SUMMARY)


def _plain(text: str, most: int) -> str:
    return " ".join(UNFIT.sub(" ", text).split())[:most]
