"""`ringback prompts`: what callers hear is rendered, checked, and put where Asterisk plays it from."""

from __future__ import annotations

import argparse
import errno
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import track

from agi import voice
from ringback.line import Line
from ringbackd.commands import FailedError
from ringbackd.promptcheck import judge
from ringbackd.prompts import BORROWED, RATES, Prompt, folder_of, languages, render, shipped, wanted
from ringbackd.settings import Settings, load
from ringbackd.sound import SoundError
from ringbackd.soundfolder import BusyError, SoundFolder
from ringbackd.speaking import SpeakingError

YOURS, NEW, SAME = "recorded by you", "new", "up to date"


async def install(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback prompts install`: the shipped renderings onto the PBX; what you recorded or built stays."""
    settings = load(arguments.config)
    with _refusals():
        folder, source = SoundFolder(folder_of(settings)), shipped()
        with folder.writing():
            told = Counter(_copy(source, key, folder, key) for key in source.keys)
            told.update(_borrow(source, line, folder) for line in settings.line)
    _tell(console, folder, told)
    return 0


async def build(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback prompts build [--again]`: render what is missing, or was made of another text or by another voice."""
    settings = load(arguments.config)
    told = Counter[str]()
    todo = [prompt for language in languages(settings) for prompt in wanted(language, settings.line)]
    with _refusals():
        folder = SoundFolder(folder_of(settings))
        with folder.writing():
            for prompt in track(todo, "Speaking", console=console, transient=True, disable=not console.is_terminal):
                told[_build(prompt, settings, folder, arguments.again)] += 1
    _tell(console, folder, told)
    return 0


async def check(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback prompts check`: what is missing or cannot be played (exit code 1), or is oddly long, short or old."""
    settings = load(arguments.config)
    prompts = [prompt for language in languages(settings) for prompt in wanted(language, settings.line)]
    with _refusals():
        folder = SoundFolder(folder_of(settings))
        findings = [finding for prompt in prompts for finding in judge(prompt, folder, settings.prompts)]
    for finding in findings:
        console.print(finding.text, style="red" if finding.fatal else "yellow", markup=False, highlight=False)
    fatal = sum(finding.fatal for finding in findings)
    console.print(f"{folder.root}: {len(prompts)} sounds needed, {fatal} of them missing or unplayable", markup=False)
    return 1 if fatal else 0


@contextmanager
def _refusals() -> Iterator[None]:
    """Tell what the disk, another one who writes, or the voice refuses. Raises FailedError."""
    try:
        yield
    except OSError as error:
        what = f"{error.filename or 'the folder of sounds'}: {error.strerror or error}"
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        todo = (
            "make room there" if full else "run it as root or Asterisk's user, or name another folder in prompts.folder"
        )
        raise FailedError(f"{what}; {todo}") from error
    except (BusyError, SpeakingError) as error:
        raise FailedError(str(error)) from error


def _copy(source: SoundFolder, key: str, folder: SoundFolder, to: str) -> str:
    """Copy a shipped sound, unless a person's or a rendering made here is there."""
    made = source.made(key) if key == to else BORROWED
    if made is None or _built_here(folder, to) or folder.contents(to) == source.contents(key):
        return SAME
    return NEW if folder.put(to, made, source.contents(key)) else YOURS


def _borrow(source: SoundFolder, line: Line, folder: SoundFolder) -> str:
    """Name the line's business at least as any other, until its brand is rendered or recorded."""
    return _copy(source, f"{line.language}/{voice.DEFAULT_BRAND}", folder, f"{line.language}/{voice.brand(line.name)}")


def _built_here(folder: SoundFolder, key: str) -> bool:
    return folder.made(key) is not None and {path.suffix[1:] for path in folder.files(key)} == set(RATES)


def _build(prompt: Prompt, settings: Settings, folder: SoundFolder, again: bool) -> str:
    made = settings.prompts.made(prompt.text, prompt.language)
    if folder.recorded(prompt.key):
        folder.put(prompt.key, made, {})
        return YOURS
    if folder.made(prompt.key) == made and not again:
        return SAME
    try:
        formats = render(prompt, settings.prompts)
    except SoundError as error:
        text = f"prompts.speak: {settings.prompts.speak[0]} made {error} for {prompt.key} ({prompt.text!r})"
        raise FailedError(f"{text}; change the text, let another program speak, or record it yourself") from error
    folder.put(prompt.key, made, formats)
    return NEW


def _tell(console: Console, folder: SoundFolder, told: Counter[str]) -> None:
    counts = ", ".join(f"{count} {what}" for what, count in sorted(told.items()))
    console.print(f"{folder.root}: {counts}", highlight=False, markup=False, soft_wrap=True)
