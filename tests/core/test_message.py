"""What Meta would refuse is refused when it is built, for every kind of message."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from ringback.message import Body, cut, units

BODY: TypeAdapter[Body] = TypeAdapter(Body)
EMOJI = "🙂"
BUTTON = {"id": "a", "title": "A"}
GOOD: dict[str, dict[str, object]] = {
    "template": {"name": "t", "language": "es", "params": ["x"], "buttons": [{"payload": "p"}]},
    "text": {"text": "x"},
    "buttons": {"text": "x", "buttons": [BUTTON]},
    "menu": {"text": "x", "button": "B", "rows": [{"id": "a", "title": "A", "description": "d"}]},
    "link": {"text": "x", "button": "B", "url": "https://a.example/b"},
    "location": {"text": "x"},
    "form": {"text": "x", "button": "B", "form": "1", "token": "t"},
}
LIMITS = (
    ("template", "params", 1024), ("text", "text", 4096), ("buttons", "text", 1024), ("menu", "text", 4096),
    ("menu", "button", 20), ("link", "text", 1024), ("link", "button", 20), ("location", "text", 1024),
    ("form", "text", 1024), ("form", "button", 30), ("form", "token", 256),
)  # fmt: skip


def build(kind: str, **changed: object) -> Body:
    return BODY.validate_python({"kind": kind} | GOOD[kind] | changed)


@pytest.mark.parametrize(("kind", "field", "limit"), LIMITS)
def test_the_longest_passes_and_one_more_does_not(kind: str, field: str, limit: int) -> None:
    def worded(text: str) -> object:
        return [text] if field == "params" else text

    for text in ("x" * limit, EMOJI * (limit // 2)):
        assert build(kind, **{field: worded(text)}).kind == kind
    for text in ("x" * (limit + 1), EMOJI * (limit // 2 + 1), "", "  "):
        with pytest.raises(ValidationError, match=f"{limit} are allowed|at least 1"):
            build(kind, **{field: worded(text)})


@pytest.mark.parametrize(
    ("kind", "changed", "says"),
    [
        ("buttons", {"buttons": []}, "at least 1"),
        ("buttons", {"buttons": [{"id": f"{n}", "title": f"{n}"} for n in range(4)]}, "at most 3"),
        ("buttons", {"buttons": [BUTTON, {"id": "a", "title": "B"}]}, "two buttons are alike: a, a"),
        ("buttons", {"buttons": [BUTTON, {"id": "b", "title": "A"}]}, "two buttons are alike: A, A"),
        ("buttons", {"buttons": [{"id": "a", "title": "x" * 21}]}, "20 are allowed"),
        ("buttons", {"buttons": [{"id": "x" * 257, "title": "A"}]}, "256 are allowed"),
        ("menu", {"rows": []}, "at least 1"),
        ("menu", {"rows": [{"id": f"{n}", "title": "A"} for n in range(11)]}, "at most 10"),
        ("menu", {"rows": [BUTTON, BUTTON]}, "two rows are alike"),
        ("menu", {"rows": [{"id": "a", "title": "x" * 25}]}, "24 are allowed"),
        ("menu", {"rows": [{"id": "x" * 201, "title": "A"}]}, "200 are allowed"),
        ("menu", {"rows": [BUTTON | {"description": "x" * 73}]}, "72 are allowed"),
        ("template", {"name": "Bad Name"}, "pattern"),
        ("template", {"language": "es-MX"}, "pattern"),
        ("template", {"buttons": [{"payload": "x"}] * 11}, "at most 10"),
        ("template", {"buttons": [{"payload": "x" * 257}]}, "256 are allowed"),
        ("link", {"url": "javascript:alert(1)"}, "pattern"),
        ("link", {"url": "https://a.example/b c"}, "pattern"),
        ("form", {"form": "my form"}, "pattern"),
        ("text", {"colour": "red"}, "Extra inputs"),
    ],
)
def test_what_is_refused(kind: str, changed: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        build(kind, **changed)


def test_a_text_is_cut_between_letters() -> None:
    assert cut("a🙂🙂", 4) == "a🙂"
    assert units(cut("🙂" * 60, 60)) == 60
