"""A customer who does not want to be contacted any more, told outside a conversation of ours."""

from __future__ import annotations

from ringback.consent import EVERY_BRAND, Act, Consent, Way
from ringback.fact import ConsentChanged
from ringback.record import Outcome
from ringback.turn import Turn

STOPPED_IN_WHATSAPP = 131050
"""Meta's code for a customer who stopped the business's marketing messages; we stop altogether."""


def stopped(turn: Turn, _: ConsentChanged) -> None:
    """He does not want to be contacted any more."""
    turn.close(Outcome.OPTED_OUT)


def stopped_in_whatsapp(turn: Turn, code: int, at: float) -> None:
    """He stopped the messages of this number in WhatsApp itself."""
    if code != STOPPED_IN_WHATSAPP:
        return
    turn.record(
        Consent(
            at=at,
            brand=EVERY_BRAND,
            act=Act.WITHDRAWN,
            way=Way.WHATSAPP,
            proof=str(code),
            customer=turn.case.customer,
        )
    )
    if turn.case.active:
        turn.close(Outcome.OPTED_OUT)


def stopped_in_call(turn: Turn, attempt: str, at: float) -> None:
    """He was rung back and pressed the key that says: never again."""
    case, brand = turn.case, turn.context.line.brand
    turn.record(Consent(at=at, brand=brand, act=Act.WITHDRAWN, way=Way.IVR, proof=attempt, customer=case.customer))
    turn.close(Outcome.OPTED_OUT)
