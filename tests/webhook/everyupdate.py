"""An update of every kind that Meta's webhooks bring to the public client library pywa, written by us: name -> body."""

from __future__ import annotations

from typing import Any

ANA, BSUID, PARENT = "51987654321", "PE.13491208655302741918", "PE.ENT.11815799212886844830"
NUMBER, DISPLAY = "106540352242922", "5116001234"
METADATA = {"display_phone_number": DISPLAY, "phone_number_id": NUMBER}
CONTACT = {"profile": {"name": "Ana Ñ", "username": "ana.n"}, "wa_id": ANA, "user_id": BSUID, "parent_user_id": PARENT}
REPLY = {"context": {"from": DISPLAY, "id": "wamid.ours"}}
ERROR = {"code": 131051, "title": "Message type unknown", "message": "Message type unknown"}
ERROR |= {"error_data": {"details": "Message type is currently not supported."}}
FILE = {"mime_type": "x/y", "sha256": "c2hh", "id": "7001"}
WABA = {"waba_id": "9", "owner_business_id": "8"}
Json = dict[str, Any]


def envelope(field: str, value: Json) -> Json:
    change = {"field": field, "value": value}
    return {"object": "whatsapp_business_account", "entry": [{"id": "9", "time": 1795453200, "changes": [change]}]}


def message(kind: str, content: object = None, **more: Any) -> Json:
    """One message of Ana's."""
    body: Json = {"from": ANA, "from_user_id": BSUID, "id": f"wamid.{kind}", "timestamp": "1795453200", "type": kind}
    body |= ({kind: content} if content is not None else {}) | more
    return envelope("messages", news(messages=[body]))


def news(**items: Any) -> Json:
    return {"messaging_product": "whatsapp", "metadata": METADATA, "contacts": [CONTACT]} | items


def interactive(kind: str, content: Json) -> Json:
    return message("interactive", {"type": kind, kind: content}, **REPLY)


def status(name: str, **more: Any) -> Json:
    base = {"id": "wamid.ours", "status": name, "timestamp": "1795453200", "recipient_id": ANA}
    price = {"pricing": {"billable": True, "pricing_model": "PMP", "category": "utility"}}
    return envelope("messages", news(statuses=[base | {"recipient_user_id": BSUID} | price | more]))


def account(event: str, **more: Any) -> Json:
    return envelope("account_update", {"event": event} | more)


def template(field: str, **more: Any) -> Json:
    names = {"message_template_id": 5, "message_template_name": "missed_call", "message_template_language": "es"}
    return envelope(field, names | more)


def preference(value: str) -> Json:
    one = {"wa_id": ANA, "user_id": BSUID, "detail": "x", "category": "marketing_messages", "value": value}
    return envelope("user_preferences", news(user_preferences=[one | {"timestamp": 1795453200}]))


def calls(**items: Any) -> Json:
    return envelope("calls", news(**items))


def echo(kind: str, content: Json) -> Json:
    body = {"from": DISPLAY, "to": ANA, "to_user_id": BSUID, "id": "wamid.e", "timestamp": "1795453200", "type": kind}
    return envelope("smb_message_echoes", news(message_echoes=[body | {kind: content}]))


FORM = '{"flow_token": "rb1|c|s|o|m", "visita": "martes", "personas": 2}'
CALL = {"id": "wacid.1", "to": DISPLAY, "from": ANA, "timestamp": "1795453200"}
CONNECT = {"event": "connect", "session": {"sdp": "v=0", "sdp_type": "offer"}}
ENDED = {"event": "terminate", "direction": "BUSINESS_INITIATED", "status": "COMPLETED", "duration": 12}
ENDED |= {"start_time": "1795453200", "end_time": "1795453212"}

MESSAGES: dict[str, Json] = {
    "text": message("text", {"body": "¿Tienen 👟 talla 42?"}),
    "reply": message("text", {"body": "sí"}, **REPLY),
    "forwarded": message("text", {"body": "mire"}, context={"forwarded": True}),
    "forwarded often": message("text", {"body": "mire"}, context={"frequently_forwarded": True}),
    "from an advertisement": message(
        "text",
        {"body": "hola"},
        referral={"source_url": "https://x", "source_id": "1", "source_type": "ad", "body": "b"},
    ),
    "image": message("image", FILE),
    "image with caption and address": message("image", FILE | {"caption": "la factura", "url": "https://x/y"}),
    "video": message("video", FILE | {"caption": "video"}),
    "document": message("document", FILE | {"caption": "contrato", "filename": "c.pdf"}),
    "audio": message("audio", FILE | {"voice": False}),
    "voice": message("audio", FILE | {"voice": True}),
    "sticker": message("sticker", FILE | {"animated": False}),
    "moving sticker": message("sticker", FILE | {"animated": True}),
    "reaction": message("reaction", {"message_id": "wamid.ours", "emoji": "👍"}),
    "reaction taken back": message("reaction", {"message_id": "wamid.ours", "emoji": ""}),
    "reaction without emoji": message("reaction", {"message_id": "wamid.ours"}),
    "place": message("location", {"latitude": -12.05, "longitude": -77.04}),
    "named place": message(
        "location", {"latitude": -12.05, "longitude": -77.04, "name": "Oficina", "address": "Uno 1"}
    ),
    "contacts": message(
        "contacts",
        [
            {
                "name": {"formatted_name": "Luz", "first_name": "Luz"},
                "phones": [{"phone": "+51 1 2345678", "type": "HOME"}],
            }
        ],
    ),
    "order": message(
        "order",
        {
            "catalog_id": "3",
            "text": "",
            "product_items": [{"product_retailer_id": "pan", "quantity": 3, "item_price": 2, "currency": "PEN"}],
        },
    ),
    "unsupported": message("unsupported", errors=[ERROR]),
    "unsupported with its type": message("unsupported", {"type": "poll"}, errors=[ERROR]),
    "interactive without content": envelope(
        "messages",
        news(
            messages=[{"from": ANA, "id": "wamid.i", "timestamp": "1795453200", "type": "interactive"} | REPLY],
            errors=[ERROR | {"code": 131000}],
        ),
    ),
    "button": interactive("button_reply", {"id": "now", "title": "Ahora"}),
    "row": interactive("list_reply", {"id": "at.1", "title": "Hoy 16:00"}),
    "row with description": interactive("list_reply", {"id": "at.1", "title": "Hoy 16:00", "description": "libre"}),
    "quick reply": message("button", {"payload": "now", "text": "Ahora"}, **REPLY),
    "quick reply without context": message("button", {"payload": "now", "text": "Ahora"}),
    "form": interactive("nfm_reply", {"response_json": FORM, "body": "Sent", "name": "flow"}),
    "form without token": interactive(
        "nfm_reply", {"response_json": '{"visita": "martes"}', "body": "Sent", "name": "flow"}
    ),
    "may be called": interactive(
        "call_permission_reply",
        {"response": "accept", "expiration_timestamp": 1796453200, "response_source": "user_action"},
    ),
    "may not be called": interactive("call_permission_reply", {"response": "reject", "response_source": "user_action"}),
    "taken back": message("revoke", {"original_message_id": "wamid.before"}),
    "edited": message(
        "edit",
        {
            "original_message_id": "wamid.before",
            "message": {"context": {"id": "wamid.ours"}, "type": "image", "image": FILE | {"caption": "otra"}},
        },
    ),
    "identity changed": message(
        "system",
        {"body": "User identity changed", "type": "customer_identity_changed"},
        identity={"acknowledged": True, "created_timestamp": "1795453200", "hash": "h"},
    ),
}
MOVED = envelope(
    "messages",
    {
        "messaging_product": "whatsapp",
        "metadata": METADATA,
        "messages": [
            {
                "from": ANA,
                "id": "wamid.moved",
                "timestamp": "1795453200",
                "type": "system",
                "system": {"body": "User A changed from 1 to 2", "wa_id": "51912345678", "type": "user_changed_number"},
            }
        ],
    },
)
STATUSES: dict[str, Json] = {
    **{name: status(name) for name in ("sent", "delivered", "read", "played")},
    "failed": status(
        "failed", errors=[{"code": 130472, "title": "User in an experiment", "message": "User in an experiment"}]
    ),
    "with our id": status("sent", biz_opaque_callback_data="c1-m1"),
    "of a group": status(
        "read",
        recipient_id="group-1",
        recipient_type="group",
        recipient_participant_id=ANA,
        recipient_participant_user_id=BSUID,
        recipient_participant_parent_user_id=PARENT,
    ),
}
ACCOUNT: dict[str, Json] = {
    "category": template("template_category_update", new_category="MARKETING"),
    "components": template("message_template_components_update", message_template_element="Hola {{1}}"),
    "quality": template("message_template_quality_update", previous_quality_score="GREEN", new_quality_score="YELLOW"),
    "approved": template("message_template_status_update", event="APPROVED", reason="NONE"),
    "rejected": template("message_template_status_update", event="REJECTED", reason="INVALID_FORMAT"),
    "deleted": account("ACCOUNT_DELETED"),
    "restricted": account(
        "ACCOUNT_RESTRICTION",
        restriction_info=[{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1796453200}],
    ),
    "violation": account("ACCOUNT_VIOLATION", violation_info={"violation_type": "SPAM"}),
    "ad account": account("AD_ACCOUNT_LINKED", waba_info=WABA | {"ad_account_linked": "2"}),
    "eligibility": account("AUTH_INTL_PRICE_ELIGIBILITY_UPDATE", auth_international_rate_eligibility={"start_time": 1}),
    "reinstated": account("DISABLED_UPDATE", ban_info={"waba_ban_state": "REINSTATE", "waba_ban_date": "June 1, 2026"}),
    "terms": account("MM_LITE_TERMS_SIGNED", waba_info=WABA),
    "partner": account("PARTNER_ADDED", waba_info=WABA),
    "partner's app": account("PARTNER_APP_INSTALLED", waba_info=WABA | {"partner_app_id": "7"}),
    "partner's app gone": account("PARTNER_APP_UNINSTALLED", waba_info=WABA | {"partner_app_id": "7"}),
    "verification": account(
        "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
        partner_client_certification_info={
            "client_business_id": "8",
            "status": "APPROVED",
            "rejection_reasons": ["NONE"],
        },
    ),
    "partner gone": account("PARTNER_REMOVED", waba_info=WABA),
    "disconnected": account(
        "PARTNER_REMOVED", disconnection_info={"reason": "PRIMARY_INACTIVITY", "initiated_by": "SYSTEM"}
    ),
    "country": account("BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE", country="PE"),
    "tier": account(
        "VOLUME_BASED_PRICING_TIER_UPDATE",
        volume_tier_info={"tier_update_time": 1795453200, "pricing_category": "UTILITY", "tier": "1:2"}
        | {"effective_month": "2026-11", "region": "Peru"},
    ),
    "offboarded": account("ACCOUNT_OFFBOARDED"),
    "reconnected": account("ACCOUNT_RECONNECTED"),
}
PREFERENCES: dict[str, Json] = {value: preference(value) for value in ("stop", "resume", "signup")}
NOT_FOR_US: dict[str, Json] = {
    "call from us": calls(calls=[CALL | CONNECT | {"direction": "BUSINESS_INITIATED"}]),
    "call to us": calls(calls=[CALL | CONNECT | {"direction": "USER_INITIATED"}]),
    "call over": calls(calls=[CALL | ENDED], errors=[{"code": 1, "message": "x"}]),
    "call rings": calls(
        statuses=[{"id": "wacid.1", "timestamp": "1", "type": "call", "status": "RINGING", "recipient_id": ANA}]
    ),
}
ECHOES: dict[str, Json] = {
    "said by the app": echo("text", {"body": "hola"}),
    "taken back by the app": echo("revoke", {"original_message_id": "wamid.x"}),
    "edited by the app": echo(
        "edit", {"original_message_id": "wamid.x", "message": {"type": "text", "text": {"body": "no"}}}
    ),
}
EVERY: dict[str, Json] = MESSAGES | {"moved": MOVED} | STATUSES | ACCOUNT | PREFERENCES | NOT_FOR_US | ECHOES
