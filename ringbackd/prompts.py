"""Which prompts a PBX needs, what each says, and where they belong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from agi import voice
from agi.say import PAUSE
from ringback.line import Language, Line
from ringbackd.settings import Settings, SettingsError
from ringbackd.sound import Sound, shaped, silence, wav
from ringbackd.soundfolder import SoundFolder
from ringbackd.speaking import PromptSettings, say

ASTERISK_CONF = Path("/etc/asterisk/asterisk.conf")
DATA = "/var/lib/asterisk"
"""Asterisk's data unless its asterisk.conf says otherwise."""

RATES = {"wav": 8000, "wav16": 16000}
"""What is rendered: Asterisk's format_wav reads both, and so do people's own players."""
PAUSE_S = 1 / 3

BORROWED = "default-brand"
"""What is noted of the sound of a brand that is only a copy of the one for every business."""


@dataclass(frozen=True)
class Prompt:
    """One sound: its key in the folder, and its text ('' is a pause)."""

    key: str
    language: Language
    text: str


def wanted(language: Language, lines: Sequence[Line] = ()) -> list[Prompt]:
    """What is needed of a language: everything that is said in it, and the brands of the lines that speak it."""
    texts = {PAUSE: "", **voice.texts(language)}
    texts |= {voice.brand(line.name): line.brand for line in lines if line.language == language}
    return [Prompt(f"{language}/{name}", language, text) for name, text in texts.items()]


def languages(settings: Settings) -> list[Language]:
    """The languages of the lines."""
    return sorted({line.language for line in settings.line})


def render(prompt: Prompt, settings: PromptSettings) -> dict[str, bytes]:
    """Both rates of a prompt. Raises SpeakingError, SoundError."""
    if not prompt.text:
        return {extension: wav(silence(PAUSE_S, rate)) for extension, rate in RATES.items()}
    spoken: Sound = say(prompt.text, prompt.language, settings)
    return {extension: wav(shaped(spoken, rate)) for extension, rate in RATES.items()}


def shipped() -> SoundFolder:
    """The renderings that come with Ringback."""
    return SoundFolder(Path(str(files("agi") / "sounds")))


def folder_of(settings: Settings, conf: Path = ASTERISK_CONF) -> Path:
    """Where the sounds belong. Raises SettingsError where there is no Asterisk and the settings name no folder."""
    if settings.prompts.folder:
        return settings.prompts.folder
    try:
        found = re.search(r"^\s*astdatadir\s*=>?\s*([^;\s]+)", conf.read_text(errors="replace"), re.MULTILINE)
    except OSError:
        found = None
    sounds = Path(found[1] if found else DATA, "sounds")
    if not sounds.is_dir():
        raise SettingsError(f"prompts.folder: {sounds} does not exist; name the folder for the sounds on this PBX")
    return sounds / voice.FOLDER
