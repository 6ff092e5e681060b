"""The sounds by their names: what each says, and what Asterisk is told to play.

On the PBX they lie in the folder `ringback` of Asterisk's sounds, one folder for each language, where
`ringback prompts install` puts them. A name without an extension leaves the choice of the format to Asterisk.
"""

from __future__ import annotations

from typing import Literal

FOLDER = "ringback"
"""The folder within Asterisk's sounds."""

LANGUAGES: tuple[Literal["es", "en", "pt"], ...] = ("es", "en", "pt")
"""The languages that are spoken."""

DEFAULT_BRAND = "default-brand"
"""What is said of a line whose own brand was not rendered."""


def path(sound: str, language: str) -> str:
    """What STREAM FILE, Playback and their like are told: ringback/es/welcome."""
    return f"{FOLDER}/{language}/{sound}"


def brand(line: str) -> str:
    """The sound that names the business of a line, by the line's name in the settings."""
    return f"brand-{line}"


def texts(language: str) -> dict[str, str]:
    """What each sound says; `say.PAUSE` says nothing."""
    import tomllib  # neither is for the script that starts once per call
    from importlib.resources import files

    parts = tomllib.loads((files("agi") / f"prompts/{language}.toml").read_text(encoding="utf-8"))
    return {name: text for part in parts.values() for name, text in part.items()}
