"""A text becomes speech by a program of the admin's choice. No shell: a text is only ever the content of a file."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ringback.line import Language
from ringbackd.sound import SHAPE, Sound, SoundError, read

PATIENCE_S = 120.0
"""How long the program may take for one prompt."""

_VOICES: dict[Language, str] = {"es": "es-419", "en": "en-us", "pt": "pt-br"}
_ESPEAK = ("espeak-ng", "-v", "{language}", "-s", "165", "-f", "{text_file}", "-w", "{output}")


class SpeakingError(Exception):
    """The program did not speak; the text names the setting and says what to do."""


class PromptSettings(BaseModel):
    """Where the prompts are on this PBX, and what speaks them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path | None = None
    """The folder `ringback` in Asterisk's sounds; unless given it is where asterisk.conf says the sounds are."""
    speak: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)] = _ESPEAK
    """The program and its words: {text_file} is read (also given on standard input), the WAV {output} is written."""
    voices: dict[Language, str] = _VOICES
    """What {language} stands for."""

    @model_validator(mode="after")
    def _writes(self) -> Self:
        if not any("{output}" in word for word in self.speak):
            raise ValueError("speak: no word has {output}, the WAV that the program is to write")
        return self

    def voice(self, language: Language) -> str:
        """What {language} stands for."""
        return self.voices.get(language, _VOICES[language])

    def made(self, text: str, language: Language) -> str:
        """What tells a rendering of this text by this program from any other."""
        words = json.dumps([SHAPE, text, self.voice(language), *self.speak], ensure_ascii=False)
        return hashlib.sha256(words.encode()).hexdigest()[:16]


AS_SHIPPED = PromptSettings()


def say(text: str, language: Language, settings: PromptSettings) -> Sound:
    """Let the program speak. Raises SpeakingError."""
    program = settings.speak[0]
    if shutil.which(program) is None:
        raise SpeakingError(f"prompts.speak: there is no program {program!r}; install it, or name another one")
    with TemporaryDirectory(prefix="ringback-") as folder:
        source, output = Path(folder, "text.txt"), Path(folder, "speech.wav")
        source.write_text(text + "\n", encoding="utf-8")
        places = {"{text_file}": str(source), "{language}": settings.voice(language), "{output}": str(output)}
        _run([_filled(word, places) for word in settings.speak], text)
        try:
            return read(output)
        except SoundError as error:
            raise SpeakingError(f"prompts.speak: {program} wrote {error} for {text!r}") from error


def _run(argv: list[str], text: str) -> None:
    program = argv[0]
    try:
        ran = subprocess.run(argv, input=text.encode(), capture_output=True, timeout=PATIENCE_S, check=False)  # noqa: S603 (the admin's own program, no shell)
    except subprocess.TimeoutExpired:
        raise SpeakingError(f"prompts.speak: {program} took longer than {PATIENCE_S:.0f} s for {text!r}") from None
    except OSError as error:
        raise SpeakingError(f"prompts.speak: {program} cannot be run: {error.strerror}") from error
    if ran.returncode:
        said = ran.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        how = f"failed with code {ran.returncode}" if ran.returncode > 0 else f"was ended by signal {-ran.returncode}"
        raise SpeakingError(f"prompts.speak: {program} {how}: {said[-1][:200]}")


def _filled(word: str, places: dict[str, str]) -> str:
    for place, value in places.items():
        word = word.replace(place, value)
    return word
