from __future__ import annotations

import copy
import tomllib
from typing import Any

import pytest
from pydantic import ValidationError

from ringback.flow import Flow
from ringback.step import LANGUAGES, Does, render, template_body
from tests.core.worlds import FLOW, ROOT

DATA: dict[str, Any] = tomllib.loads((ROOT / "flows/general.toml").read_text(encoding="utf-8"))
TRIPLE = {"es": "x", "en": "x", "pt": "x"}
PAGE: dict[str, object] = {"say": "link", "text": TRIPLE, "button": TRIPLE, "url": "https://a.example/b"}
WORDS = {"brand": "Sol", "name": "Ana", "missed_at": "12:00", "due": "hoy", "info": "aquí"}


def test_every_step_can_be_said_in_every_language() -> None:
    for language in LANGUAGES:
        for step in FLOW.steps.values():
            body = render(step, language, "es", WORDS, {"at.1": "Hoy 13:00"}, lambda option: f"p|{option}")
            assert "{" not in body.model_dump_json().replace("{", "", 1).split('"buttons"')[0].replace('{"', "")


def test_a_template_is_filed_with_numbers_for_its_words() -> None:
    body = template_body(FLOW.steps["first_contact"], "es")
    assert "{{1}}" in body
    assert "{{2}}" in body
    assert not body.startswith("{{")


def test_what_a_customer_is_called_does_not_become_a_placeholder() -> None:
    body = render(FLOW.steps["noted"], "es", "es", WORDS | {"brand": "{due}"}, {}, str)
    assert "{due}" in body.model_dump()["text"]


def test_a_typed_title_counts_as_a_tap_and_other_words_go_to_a_person() -> None:
    assert FLOW.take("first_contact", "", " llámenme AHORA ").does is Does.CALL_NOW
    assert FLOW.take("first_contact", "", "¿dónde queda?").does is Does.HANDOVER
    assert FLOW.take("gone", "gone", "").does is Does.HANDOVER
    assert FLOW.take("when", "at.12x", "").slot == 0.0


def broken(path: str, value: object) -> dict[str, Any]:
    data = copy.deepcopy(DATA)
    *parents, last = path.split(".")
    table: Any = data
    for name in parents:
        table = table[int(name)] if name.isdigit() else table[name]
    table[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("steps.first_contact.options.0.goto", "nowhere", "nowhere"),
        ("steps.help.options.0.title", {"es": "x" * 21, "en": "x", "pt": "x"}, "over 20"),
        ("steps.help.text", {"es": "a", "en": "b"}, "steps.help.text.pt"),
        ("steps.help.text.en", "x" * 1025, "1024"),
        ("steps.help.options.0.title", {"es": "🙂" * 11, "en": "x", "pt": "x"}, "over 20"),
        ("steps.help.url", "https://a.example", "steps.helpValue error, url = '...' belongs to say = 'link'"),
        ("steps.calling.say", "link", "url = '...' belongs"),
        ("steps.calling.say", "form", "form = '...' belongs"),
        ("steps.calling.button", TRIPLE, "what he taps to open it"),
        ("steps.calling", PAGE | {"url": "ftp://a.example"}, "steps.calling.url"),
        ("steps.calling", PAGE | {"button": TRIPLE | {"pt": "x" * 21}}, "pt: button: Value error"),
        ("steps.info.text.pt", "{info}{info}", "1024"),
        ("steps.first_contact.text.en", "x" * 1025, "1024"),
        ("steps.help.options.1.title", {"es": "Mejor llámenme", "en": "x", "pt": "x"}, "alike"),
        ("steps.survey.options.1.id", "rate_5", "alike"),
        ("steps.help.text.en", "{secret}", "{secret}"),
        ("first", "help", "template"),
        ("steps.first_contact.template", "", "template"),
        ("steps.help.colour", "red", "colour"),
        ("survey", "gone", "gone"),
        ("steps.help.options.0.does", "explode", "does"),
    ],
)
def test_a_broken_flow_is_refused_and_says_where(path: str, value: object, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Flow.model_validate(broken(path, value))
    text = " ".join(".".join(map(str, e["loc"])) + e["msg"] for e in refused.value.errors())
    assert says in text


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (PAGE, "link"),
        ({"say": "location", "text": TRIPLE}, "location"),
        ({"say": "form", "text": TRIPLE, "button": TRIPLE, "form": "123"}, "form"),
    ],
)
def test_a_flow_may_show_a_page_ask_for_the_place_and_open_a_form(step: dict[str, object], kind: str) -> None:
    flow = Flow.model_validate(broken("steps.calling", step))
    assert render(flow.steps["calling"], "es", "es", WORDS, {}, lambda option: f"p|{option}").kind == kind


@pytest.mark.parametrize("does", ["rate", "call_at"])
def test_what_a_case_could_not_follow_is_refused_before_anybody_taps_it(does: str) -> None:
    with pytest.raises(ValidationError, match=f"does = '{does}' belongs to"):
        Flow.model_validate(broken("steps.first_contact.options.0.does", does))
