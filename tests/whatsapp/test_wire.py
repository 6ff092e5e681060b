"""Our messages as the JSON that the Cloud API wants."""

from __future__ import annotations

from ringback.message import (
    AskLocation,
    Body,
    Button,
    Buttons,
    Form,
    Link,
    Menu,
    Message,
    QuickReply,
    Row,
    Template,
    Text,
)
from whatsapp.wire import Json, payload


def posted(body: Body) -> Json:
    return payload(Message(id="m-1", case="c", line="l", to="+525512345678", body=body, not_after=0))


def test_every_message_says_to_whom_and_carries_our_id() -> None:
    assert posted(Text(text="¡hola!")) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+525512345678",
        "biz_opaque_callback_data": "m-1",
        "type": "text",
        "text": {"body": "¡hola!"},
    }


def test_a_template_with_parameters_and_quick_replies() -> None:
    template = Template(name="t", language="pt_BR", params=("a", "b"), buttons=(QuickReply(payload="x"),))
    assert posted(template)["template"] == {
        "name": "t",
        "language": {"code": "pt_BR"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {
                "type": "button",
                "sub_type": "quick_reply",
                "index": "0",
                "parameters": [{"type": "payload", "payload": "x"}],
            },
        ],
    }


def test_a_template_without_variables_has_no_components() -> None:
    assert posted(Template(name="t", language="es"))["template"] == {"name": "t", "language": {"code": "es"}}


def test_a_parameter_is_put_on_one_line() -> None:
    template = posted(Template(name="t", language="es", params=("a\r\nb\tc      d",)))["template"]
    assert "'a b c d'" in repr(template)


def test_buttons() -> None:
    body = Buttons(text="?", buttons=(Button(id="y", title="Sí"), Button(id="n", title="No")))
    assert posted(body)["interactive"] == {
        "type": "button",
        "body": {"text": "?"},
        "action": {
            "buttons": [
                {"type": "reply", "reply": {"id": "y", "title": "Sí"}},
                {"type": "reply", "reply": {"id": "n", "title": "No"}},
            ]
        },
    }


def test_a_menu_leaves_out_empty_descriptions() -> None:
    body = Menu(text="?", button="Ver", rows=(Row(id="1", title="A"), Row(id="2", title="B", description="b")))
    assert posted(body)["interactive"] == {
        "type": "list",
        "body": {"text": "?"},
        "action": {
            "button": "Ver",
            "sections": [{"rows": [{"id": "1", "title": "A"}, {"id": "2", "title": "B", "description": "b"}]}],
        },
    }


def test_a_link_a_question_for_the_place_and_a_form() -> None:
    assert posted(Link(text="?", button="Ver", url="https://a.example/b"))["interactive"] == {
        "type": "cta_url",
        "body": {"text": "?"},
        "action": {"name": "cta_url", "parameters": {"display_text": "Ver", "url": "https://a.example/b"}},
    }
    assert posted(AskLocation(text="?"))["interactive"] == {
        "type": "location_request_message",
        "body": {"text": "?"},
        "action": {"name": "send_location"},
    }
    assert posted(Form(text="?", button="Ver", form="12", token="c.s"))["interactive"] == {
        "type": "flow",
        "body": {"text": "?"},
        "action": {
            "name": "flow",
            "parameters": {"flow_message_version": "3", "flow_id": "12", "flow_cta": "Ver", "flow_token": "c.s"},
        },
    }
