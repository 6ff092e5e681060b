"""Whether a prompt can be played by Asterisk, and whether it can be what its text says."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ringbackd.prompts import BORROWED, RATES, Prompt
from ringbackd.soundfolder import SoundFolder
from ringbackd.speaking import AS_SHIPPED, PromptSettings
from ringbackd.unixuser import ASTERISK, READ, asterisk_may

BYTES_S = {
    "gsm": 1650, "g722": 8000, "ulaw": 8000, "ul": 8000, "mu": 8000, "pcm": 8000, "alaw": 8000, "al": 8000,
    "sln": 16000, "raw": 16000, "sln16": 32000, "sln12": 24000, "sln24": 48000, "sln32": 64000, "sln44": 88200,
    "sln48": 96000, "WAV": 1625, "wav49": 1625, "g729": 1000, "g726-32": 4000, "vox": 4000,
}  # fmt: skip
"""Bytes for a second of the formats that Asterisk reads and whose length their size tells."""

GSM = b"1\0"
"""What the head of a WAV says of GSM: format 49."""
CONVERT = "make it so: sox YOURS -r 8000 -c 1 -b 16 NAME.wav"
"""How any recording becomes one that Asterisk plays."""
LETTERS_S = 0.07
"""A letter of a prompt takes about so many seconds to say."""
SHORTEST, LONGEST = 0.4, 2.5
"""Within these parts of the expected length a person may have said it."""


@dataclass(frozen=True)
class Finding:
    """Something about one prompt; fatal when the caller would hear nothing."""

    fatal: bool
    text: str


def judge(prompt: Prompt, folder: SoundFolder, settings: PromptSettings) -> Iterator[Finding]:
    """What is wrong with a prompt."""
    files = folder.files(prompt.key)
    if not files:
        yield Finding(True, f"{prompt.key}: missing; `ringback prompts install` or build puts it there")
    for path in files:
        yield from _file(path, prompt.text)
    if files and folder.made(prompt.key) == BORROWED:
        yield Finding(
            False,
            f"{prompt.key}: 'our company' is said, not {prompt.text!r}; run `ringback prompts build`, or record it",
        )
    if files and _outdated(prompt, folder, settings):
        yield Finding(
            False, f"{prompt.key}: rendered from another text or by another voice; run `ringback prompts build`"
        )


def expected_s(text: str) -> float:
    """About how many seconds a text takes to say."""
    return 0.4 + LETTERS_S * len(text)


def seconds(path: Path) -> float:
    """How long a sound is. Raises ValueError with what Asterisk could not read."""
    extension = path.suffix[1:]
    if extension in {"WAV", "wav49"} and path.read_bytes()[20:22] != GSM:
        raise ValueError(f"Asterisk takes .{extension} for GSM, and this is not; {CONVERT}")
    if extension in BYTES_S:
        return path.stat().st_size / BYTES_S[extension]
    if extension not in RATES:
        raise ValueError(f"Asterisk may not read .{extension}; {CONVERT}")
    rate = RATES[extension]
    try:
        with wave.open(str(path), "rb") as file:
            found = (file.getframerate(), file.getnchannels(), 8 * file.getsampwidth())
            length = file.getnframes() / file.getframerate()
    except (wave.Error, EOFError) as error:
        raise ValueError(f"no WAV that Asterisk reads ({error}); {CONVERT}") from error
    if found != (rate, 1, 16):
        told = f"{found[0]} Hz, {found[1]} channels, {found[2]} bits"
        raise ValueError(f"{told}; Asterisk reads .{extension} of {rate} Hz, 1 channel, 16 bits: {CONVERT}")
    return length


def _file(path: Path, text: str) -> Iterator[Finding]:
    if not asterisk_may(path, READ):
        yield Finding(True, f"{path}: the user {ASTERISK} may not read it; chmod a+r, and a+x its folders")
    try:
        length = seconds(path)
    except (OSError, ValueError) as error:
        yield Finding(True, f"{path}: {error}")
        return
    if not length:
        yield Finding(True, f"{path}: is empty")
    elif text and not SHORTEST <= length / expected_s(text) <= LONGEST:
        yield Finding(False, f"{path}: {length:.1f} s; about {expected_s(text):.1f} s would say {text!r}: listen to it")


def _outdated(prompt: Prompt, folder: SoundFolder, settings: PromptSettings) -> bool:
    """Whether it is ours, and neither the shipped nor the admin's program would make it of this text."""
    made = folder.made(prompt.key)
    fresh = {each.made(prompt.text, prompt.language) for each in (settings, AS_SHIPPED)}
    return made is not None and made not in fresh | {BORROWED}
