"""Our messages as the Cloud API wants them: the JSON body of `POST /{phone-number-id}/messages`."""

from __future__ import annotations

from ringback.message import AskLocation, Body, Buttons, Form, Link, Menu, Message, Template, Text

Json = dict[str, object]


def payload(message: Message) -> Json:
    """The body to post. `to` keeps its plus: without it Meta may put the business's own country code in front. A
    customer known by his user id alone is named in `recipient`."""
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to" if message.to.startswith("+") else "recipient": message.to,
        "biz_opaque_callback_data": message.id,
    } | _content(message.body)


def _content(body: Body) -> Json:
    match body:
        case Template():
            return {"type": "template", "template": _template(body)}
        case Text():
            return {"type": "text", "text": {"body": body.text}}
        case Buttons():
            return _interactive("button", body.text, _buttons(body))
        case Menu():
            return _interactive("list", body.text, _menu(body))
        case Link():
            return _interactive("cta_url", body.text, _named("cta_url", display_text=body.button, url=body.url))
        case AskLocation():
            return _interactive("location_request_message", body.text, {"name": "send_location"})
        case Form():
            return _interactive("flow", body.text, _form(body))


def _template(template: Template) -> Json:
    components = _parameters(template) + _quick_replies(template)
    named: Json = {"name": template.name, "language": {"code": template.language}}
    return named | ({"components": components} if components else {})


def _parameters(template: Template) -> list[Json]:
    # Meta refuses line breaks, tabs and runs of spaces in a parameter, and a caller's name may hold any of them.
    values: list[Json] = [{"type": "text", "text": " ".join(param.split())} for param in template.params]
    return [{"type": "body", "parameters": values}] if values else []


def _quick_replies(template: Template) -> list[Json]:
    return [
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": str(index),
            "parameters": [{"type": "payload", "payload": button.payload}],
        }
        for index, button in enumerate(template.buttons)
    ]


def _interactive(kind: str, text: str, action: Json) -> Json:
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": text}, "action": action}}


def _named(name: str, **parameters: str) -> Json:
    return {"name": name, "parameters": parameters}


def _form(body: Form) -> Json:
    return _named("flow", flow_message_version="3", flow_id=body.form, flow_cta=body.button, flow_token=body.token)


def _buttons(body: Buttons) -> Json:
    replies = [{"type": "reply", "reply": {"id": button.id, "title": button.title}} for button in body.buttons]
    return {"buttons": replies}


def _menu(body: Menu) -> Json:
    rows = [row.model_dump(exclude_defaults=True) for row in body.rows]
    return {"button": body.button, "sections": [{"rows": rows}]}
