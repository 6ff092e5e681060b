"""What a webhook brought, as the fact it is to the desk."""

from __future__ import annotations

from ringback.consent import EVERY_BRAND, Act, Consent, Way
from ringback.fact import AccountNews, ConsentChanged, Delivery, Echoed, Fact, Noticed, NumberChanged, Said
from whatsapp import events
from whatsapp.reading import Kind

TAPS = frozenset({Kind.BUTTON, Kind.BUTTON_REPLY, Kind.LIST_REPLY, Kind.FORM_REPLY})
"""What comes back from something that we sent, with our payload in it."""
WORDLESS = frozenset({Kind.REACTION, Kind.SYSTEM, Kind.REVOKE, Kind.REQUEST_WELCOME, Kind.CALL_PERMISSION_REPLY})
"""A thumb under a message of ours, or Meta's own notices: not the customer's words."""


def fact_of(event: events.Event, now: float) -> Fact | events.Other:
    """The fact, or what cannot be one. `now` stands for a time that Meta does not tell."""
    match event:
        case events.Inbound():
            return _noticed(event) if event.kind in WORDLESS else _said(event)
        case events.Echo():
            return _echoed(event)
        case events.Status():
            return _delivery(event)
        case events.NumberChange():
            return _moved(event)
        case events.Preference():
            return _preference(event)
        case events.AccountNews():
            return AccountNews(**event.model_dump() | {"at": event.at or now})
        case events.Other():
            return event


def _echoed(event: events.Echo) -> Echoed:
    return Echoed(wamid=event.id, wa_id=event.wa_id or "", user_id=event.user_id or "", text=_words(event), at=event.at)


def _words(event: events.Inbound | events.Echo) -> str:
    """What he wrote; of what has no words, what it is."""
    return event.text or f"[{f'{event.kind} {event.payload}'.strip()}]"


def _said(event: events.Inbound) -> Said:
    tapped = event.kind in TAPS
    return Said(
        wamid=event.id,
        wa_id=event.wa_id or "",
        user_id=event.user_id or "",
        name=event.name,
        text=event.text if tapped else _words(event),
        payload=event.payload if tapped else "",
        tapped=tapped and event.kind is not Kind.FORM_REPLY,
        context=event.context or "",
        at=event.at,
    )


def _noticed(event: events.Inbound) -> Noticed:
    return Noticed(
        wamid=event.id,
        wa_id=event.wa_id or "",
        user_id=event.user_id or "",
        what=event.kind,
        text=event.text or event.payload,
        at=event.at,
    )


def _delivery(event: events.Status) -> Delivery:
    trouble = event.errors[0] if event.errors else None
    return Delivery(
        wamid=event.wamid,
        message=event.ours or "",
        status=event.status.value,
        code=trouble.code if trouble else 0,
        why=trouble.title if trouble else "",
        category=event.price.category,
        billable=event.price.billable,
        wa_id=event.recipient or "",
        user_id=event.user_id or "",
        at=event.at,
    )


def _preference(event: events.Preference) -> ConsentChanged:
    """WhatsApp's switch is one for the number, whatever brands it speaks for; who, when and what is its id."""
    consent = Consent(
        at=event.at,
        brand=EVERY_BRAND,
        act=Act.WITHDRAWN if event.value == "stop" else Act.GIVEN,
        way=Way.WHATSAPP,
        proof=f"{event.category} {event.value}"[:256],
        customer=f"+{event.wa_id}" if event.wa_id else "",
    )
    who = event.wa_id or event.user_id
    return ConsentChanged(nonce=f"{who}:{event.at}:{event.value}", consent=consent, user_id=event.user_id or "")


def _moved(event: events.NumberChange) -> NumberChanged:
    return NumberChanged(
        wamid=event.id,
        old_wa_id=event.old_wa_id or "",
        old_user_id=event.old_user_id or "",
        wa_id=event.wa_id or "",
        user_id=event.user_id or "",
        at=event.at,
    )
