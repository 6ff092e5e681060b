"""`ringback number`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ringbackd.cli import main
from tests.settings.test_settings import EXAMPLE


@pytest.fixture
def settings(tmp_path: Path) -> str:
    path = tmp_path / "ringback.toml"
    path.write_text(EXAMPLE.replace('region = "PE"', 'region = "PE"\ntrunk = { strip = "77" }', 1), encoding="utf-8")
    return str(path)


def test_it_tells_how_a_caller_id_was_read(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["number", "770987654321", "--line", "ventas", "-c", settings]) == 0
    shown = capsys.readouterr().out
    assert "without the prefix 77" in shown
    assert "number +51987654321 (mobile), dialled as 0987654321, match key 51987654321" in shown


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("014567890", "kind", "landline"),
        ("014567890", "follows", "not written to (a landline); a person of the business gets the case"),
        ("080012345", "reason", "service number"),
        ("anonymous", "reason", "anonymous"),
        ("x\r\nAction: Originate", "reason", "hostile"),
        ("987654321", "dial", "987654321"),
    ],
)
def test_as_json(settings: str, capsys: pytest.CaptureFixture[str], text: str, field: str, value: str) -> None:
    assert main(["number", text, "--json", "-c", settings]) == 0
    assert json.loads(capsys.readouterr().out)[field] == value


def test_an_unknown_line_is_named(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["number", "987654321", "--line", "soporte", "-c", settings]) == 2
    assert "--line: 'soporte' is not one of ventas" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["\x1b]0;owned\x07", "[bold]9[/bold]", "9" * 60])
def test_hostile_text_cannot_command_the_terminal(settings: str, capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert main(["number", text, "-c", settings]) == 0
    assert "\x1b" not in capsys.readouterr().out
