"""A PBX's folder of sounds, and a program that speaks: a tone whose length is that of the text."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.settings.test_settings import EXAMPLE

SPEAKER = """\
import json, math, sys, wave
text_file, language, output, *rest = sys.argv[1:]
text = open(text_file, encoding="utf-8").read()
with open({log!r}, "a") as log:
    log.write(json.dumps([text, sys.stdin.read(), language, rest]) + "\\n")
rate = 16000
count = rate * len(text) // 14 if "silent" not in text else 0
with wave.open(output, "wb") as file:
    file.setparams((1, 2, rate, 0, "NONE", ""))
    file.writeframes(b"".join(int(9000 * math.sin(at / 5)).to_bytes(2, "little", signed=True) for at in range(count)))
"""


class Admin:
    """What an admin has: settings, a folder of sounds, a program, and what that was asked to say."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "ringback.toml"
        self.sounds = folder / "sounds/ringback"
        self.said = folder / "said.jsonl"
        self.speaker = folder / "speaker.py"
        self.speaker.write_text(SPEAKER.format(log=str(self.said)), encoding="utf-8")
        self.set()

    def set(self, speak: list[str] | None = None, brand: str = "Nombre del negocio", more: str = "") -> None:
        words = speak or [sys.executable, str(self.speaker), "{text_file}", "{language}", "{output}"]
        prompts = f"[prompts]\nfolder = {json.dumps(str(self.sounds))}\nspeak = {json.dumps(words)}\n{more}\n[redis]"
        text = EXAMPLE.replace("[redis]", prompts, 1).replace('"Nombre del negocio"', json.dumps(brand), 1)
        self.config.write_text(text, encoding="utf-8")

    def heard(self) -> list[list[str]]:
        return [json.loads(line) for line in self.said.read_text().splitlines()] if self.said.exists() else []


@pytest.fixture
def admin(tmp_path: Path) -> Admin:
    return Admin(tmp_path)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let a language have only a few prompts, so that rendering them all is quick."""

    def keep(**texts: str) -> None:
        monkeypatch.setattr(
            "agi.voice.texts", lambda _language: {name.replace("_", "-"): t for name, t in texts.items()}
        )

    keep(welcome="Gracias por llamar a", digit_1="uno", default_brand="nuestra empresa")
    return keep
