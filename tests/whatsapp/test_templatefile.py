"""The shipped templates, and Meta's rules for new ones."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from pydantic import ValidationError

from ringback.line import TEMPLATE_LANGUAGE
from ringback.step import template_body
from ringbackd.sandbox.cloudtemplates import read_template
from ringbackd.templatefiles import misfits, shipped
from tests.core.worlds import FLOW, line
from whatsapp.templatefile import TemplateFile
from whatsapp.templatestate import Remote, change, differences, remote

CODES = ("es", "es_MX", "es_AR", "en", "pt_BR")
NAMES = {"ringback_missed_call", "ringback_callback_reminder", "ringback_callback_missed", "ringback_survey"}
GOOD = {
    "name": "hello",
    "category": "UTILITY",
    "ttl_s": 3600,
    "samples": {"brand": "Sol", "missed_at": "16:05"},
    "languages": {"es": {"body": "Hola, le saluda {brand}, por su llamada de las {missed_at} de hoy"}},
}


def changed(**wording: object) -> dict[str, object]:
    return GOOD | {"languages": {"es": {"body": "Hola, le saluda {brand} de nuevo"} | wording}}


def test_every_template_is_shipped_in_every_language() -> None:
    templates = shipped()
    assert set(templates) == NAMES
    for template in templates.values():
        assert tuple(template.languages) == CODES
        assert template.category == "UTILITY"


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", sorted(NAMES))
def test_what_is_handed_in_is_taken_by_the_simulated_meta(name: str, code: str) -> None:
    template = shipped()[name]
    spec, may_move = read_template(json.dumps(template.creation(code, allow_category_change=False)).encode())
    assert (spec.name, spec.language, spec.status, may_move) == (name, code, "PENDING", False)
    assert (spec.places, len(spec.buttons), spec.ttl_s) == (
        len(template.places),
        len(template.languages[code].buttons),
        template.ttl_s,
    )


@pytest.mark.parametrize("name", [name for name, step in FLOW.steps.items() if step.say == "template"])
def test_a_template_says_what_the_flow_says(name: str) -> None:
    step = FLOW.steps[name]
    template = shipped()[step.template]
    for language, code in TEMPLATE_LANGUAGE.items():
        wording = template.languages[code]
        assert wording.filed == template_body(step, language)
        assert wording.buttons == tuple(option.title.of(language) for option in step.options)


def test_every_line_language_fits_the_flow() -> None:
    for code in CODES:
        assert misfits(line(template_language=code), FLOW, shipped()) == []
    lacks, *_ = misfits(line(template_language="es_PE"), FLOW, shipped())
    assert "ringback_missed_call is not in es_PE, only in es, es_MX, es_AR, en, pt_BR" in lacks
    assert "there is no template 'ringback_missed_call'" in misfits(line(), FLOW, {})[0]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (GOOD | {"name": "Hola"}, "name"),
        (GOOD | {"name": "x" * 513}, "name"),
        (GOOD | {"category": "NEWS"}, "category"),
        (GOOD | {"ttl_s": 29}, "ttl_s: 29 is not between 30 and 43200"),
        (GOOD | {"ttl_s": 43_201}, "43200"),
        (GOOD | {"category": "MARKETING", "ttl_s": 3600}, "ttl_s"),
        (GOOD | {"samples": {"brand": "Sol"}}, "samples.missed_at: is missing"),
        (GOOD | {"samples": {"brand": " ", "missed_at": "1"}}, "samples.brand"),
        (GOOD | {"samples": {"brand": "a\nb", "missed_at": "1"}}, "samples.brand"),
        (GOOD | {"languages": {}}, "languages"),
        (GOOD | {"languages": {"ES": {"body": "x"}}}, "languages"),
        (changed(body="{brand} le saluda a usted hoy"), "begins or ends"),
        (changed(body="¡{brand} le saluda a usted hoy"), "begins or ends"),
        (changed(body="Hoy le saluda a usted {brand}."), "begins or ends"),
        (changed(body="Hola, le saludan a usted {brand} {missed_at} hoy mismo"), "side by side"),
        (changed(body="Hola, le saludan a usted {brand}{missed_at} hoy mismo"), "side by side"),
        (changed(body="Hola {brand} adiós"), "2 fixed words are too few for 1 places"),
        (changed(body="x" * 1025), "1024"),
        (changed(body="hola {{1}} y más palabras"), "braces"),
        (changed(body="hola\t a todos"), "tabs"),
        (changed(body="hola\n\n\na todos"), "two empty lines"),
        (changed(body="hola    a todos"), "four spaces"),
        (changed(body=" "), "body"),
        (changed(footer="x" * 61), "60"),
        (changed(footer="soy {brand}"), "footer"),
        (changed(buttons=["x" * 26]), "25"),
        (changed(buttons=["a"] * 2), "two are alike"),
        (changed(buttons=[str(number) for number in range(11)]), "10"),
        (changed(buttons=["{brand}"]), "buttons"),
        (changed(buttons=["a\nb"]), "buttons"),
        (changed(colour="red"), "colour"),
        (
            GOOD | {"languages": {"es": {"body": "Hola a todos"}, "en": {"body": "Hi all, from {brand} today"}}},
            "languages.en: other places",
        ),
    ],
)
def test_what_meta_would_refuse_is_refused_here(data: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TemplateFile.model_validate(data)
    assert says in str(refused.value)


def test_with_the_longest_samples_it_still_fits() -> None:
    body = "Hola {brand} " + "a " * 500
    samples = {"brand": "x" * 120, "missed_at": "1"}
    with pytest.raises(ValidationError, match="with its samples"):
        TemplateFile.model_validate(changed(body=body) | {"samples": samples})


def test_what_meta_has_otherwise_is_told() -> None:
    local = TemplateFile.model_validate(changed(footer="Adiós", buttons=["Sí"]))
    same = {
        "name": "hello",
        "language": "es",
        "status": "APPROVED",
        "category": "UTILITY",
        "rejected_reason": "NONE",
        "quality_score": {"score": "GREEN"},
        "message_send_ttl_seconds": 3600,
        "components": [
            {"type": "BODY", "text": "Hola, le saluda {{1}} de nuevo"},
            {"type": "FOOTER", "text": "Adiós"},
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Sí"}]},
        ],
    }
    assert differences(local, "es", remote(same)) == []
    assert remote(same).places == 1
    other = same | {"category": "MARKETING", "message_send_ttl_seconds": 60, "components": []}
    assert [told.partition(":")[0] for told in differences(local, "es", remote(other))] == [
        "category",
        "body",
        "footer",
        "buttons",
        "ttl_s",
    ]


@pytest.mark.parametrize("hostile", [None, [], "x", {"components": "x"}, {"components": [1, {"type": {}}]}])
def test_whatever_the_list_holds_is_read(hostile: object) -> None:
    assert isinstance(remote(hostile), Remote)


@pytest.mark.parametrize(
    ("field", "event", "detail", "told"),
    [
        ("message_template_status_update", "paused", "NONE", {"status": "PAUSED", "reason": ""}),
        ("message_template_status_update", "REJECTED", "ABUSIVE", {"status": "REJECTED", "reason": "ABUSIVE"}),
        ("template_category_update", "MARKETING", "UTILITY", {"category": "MARKETING"}),
        ("message_template_quality_update", "RED", "GREEN", {"quality": "RED"}),
    ],
)
def test_news_of_a_template(field: str, event: str, detail: str, told: dict[str, str]) -> None:
    assert change(field, "ringback_survey es-MX", event, detail) == ("ringback_survey", "es_MX", told)
    assert change("account_update", "ringback_survey es", event, detail) is None
    assert change(field, "", event, detail) is None


def test_they_are_part_of_the_package() -> None:
    assert files("whatsapp").joinpath("templates/missed_call.toml").is_file()
