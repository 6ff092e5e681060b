"""Asterisk's numbers for how a call attempt ended, in the words of Dial(). Pure."""

from __future__ import annotations

from ringback.call import DECLINED, NOBODYS, Verdict

HANGUP_CAUSES = {
    "1": NOBODYS,
    "22": NOBODYS,
    "28": NOBODYS,
    "17": "BUSY",
    "21": DECLINED,
    "18": "NOANSWER",
    "19": "NOANSWER",
    "16": "CANCEL",
    "26": "CANCEL",
    "127": "CANCEL",
    "0": "CANCEL",
    "": "CANCEL",
}
"""Q.931 causes of a leg that never came up (21: the customer declined; 1: unallocated, 22: changed, 28: no valid
format); any other is a failure of the network."""
TELLING = frozenset({NOBODYS, DECLINED})
"""What the cause alone tells: Dial() has no words for it."""

ORIGINATE_REASONS = {"1": Verdict.NO_ANSWER, "3": Verdict.NO_ANSWER, "5": Verdict.BUSY}
"""Reason of an OriginateResponse that says Failure; 8 (congestion), 0 and all others: it could not be placed."""


def of_hangup(cause: str) -> str:
    """The DialEnd word for the hang-up cause of a leg that never came up."""
    return HANGUP_CAUSES.get(cause, "CONGESTION")


def of_originate(reason: str) -> Verdict:
    """The verdict on an Originate that failed before there was a channel."""
    return ORIGINATE_REASONS.get(reason, Verdict.FAILED)
