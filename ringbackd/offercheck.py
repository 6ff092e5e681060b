"""What `ringback doctor` says of the offer: its folder, its FastAGI port, and what callers would hear."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

from agi.menu import FILE
from agi.spool import BAD, FACT
from ringbackd.promptcheck import judge
from ringbackd.prompts import folder_of, languages, wanted
from ringbackd.settings import OfferSettings, Settings, SettingsError
from ringbackd.soundfolder import SoundFolder
from ringbackd.unixuser import ASTERISK, ENTER, READ, WRITE, asterisk_may

PATIENCE_S = 2.0
ALL = READ | WRITE | ENTER
Told = tuple[bool, str]


async def told(settings: Settings) -> list[Told]:
    """Sentences for the doctor, each with whether it is good; none where nothing is offered."""
    offer = settings.offer
    if offer.folder is None:
        return []
    return [*folder_told(offer.folder), await _door(offer), *sounds_told(settings)]


def folder_told(folder: Path) -> Iterator[Told]:
    """Whether both users can leave and take there what callers chose."""
    mend = f"run: sudo install -d -o {ASTERISK} -g {ASTERISK} -m 2770 {folder}"
    if not folder.is_dir():
        yield False, f"offers: {folder} is no folder; {mend} (or name another one in offer.folder)"
    elif not os.access(folder, ALL):
        yield (
            False,
            f"offers: {folder} cannot be written to by this user; put it into group {ASTERISK}, {mend}",
        )
    elif not asterisk_may(folder, ALL):
        yield False, f"offers: {folder} cannot be read and written by the user {ASTERISK}; {mend}"
    elif (folder / FILE).exists() and not asterisk_may(folder / FILE, READ):
        yield False, f"offers: {folder / FILE} cannot be read by the user {ASTERISK}; {mend}, then restart Ringback"
    else:
        yield from _inside(folder)


def _inside(folder: Path) -> Iterator[Told]:
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink())
    bad = [name for name in names if name.endswith(BAD)]
    waiting = sum(name.endswith(FACT) for name in names)
    if bad:
        yield (
            False,
            f"offers: {len(bad)} files in {folder} could not be read ({bad[0]}); read them, then delete them",
        )
    yield True, f"offers: {folder} can be written to; {waiting} choices of callers wait there"


async def _door(offer: OfferSettings) -> Told:
    """Whether somebody lets us in at the port, and goes when we say that we are no call."""
    where = f"offers: agi://{offer.host}:{offer.port}"
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(offer.host, offer.port)
            try:
                writer.write(b"agi_network_script: doctor\n\n")
                answer = await reader.read(1)
            finally:
                writer.close()
    except ConnectionRefusedError:
        return False, f"{where}: nobody listens; start Ringback (its role offer): systemctl start ringback"
    except OSError as error:  # TimeoutError is one, without words
        why = error.strerror or "too slow"
        return False, f"{where}: no answer ({why}); restart Ringback, or look at offer.host and offer.port"
    if answer:
        return False, f"{where}: another program listens there; choose another offer.port"
    return True, f"{where} lets calls in"


def sounds_told(settings: Settings) -> Iterator[Told]:
    """What callers of each language would not hear."""
    try:
        folder = SoundFolder(folder_of(settings))
    except SettingsError as error:
        yield False, str(error)
        return
    for language in languages(settings):
        prompts = wanted(language, settings.line)
        troubles = [one.text for prompt in prompts for one in judge(prompt, folder, settings.prompts) if one.fatal]
        if troubles:
            more = f" (and {len(troubles) - 1} more: ringback prompts check)" if len(troubles) > 1 else ""
            yield False, f"sounds in {folder.root}: {troubles[0]}{more}"
        else:
            yield True, f"sounds in {folder.root}: all {len(prompts)} of {language} are there"
