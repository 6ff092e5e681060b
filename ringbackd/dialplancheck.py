"""What `ringback doctor` says of the dialplan that Asterisk runs: whether it is the one that came with this Ringback.

Our AMI user may read contexts and global variables: both are of the class `reporting` [seen on 16.28 and 22.10].
"""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path

from agi.script import USUAL
from ami_listener.link import Link
from ringbackd.settings import OfferSettings
from ringbackd.unixuser import ENTER, READ, asterisk_may

FILE = "extensions_ringback.conf"
USUAL_AGI = "agi://127.0.0.1:4573"
"""Where that dialplan looks for FastAGI unless RINGBACK_AGI says otherwise."""

SCRIPT = "ringback-offer"

Steps = dict[tuple[str, str], tuple[str, str]]
"""Of a context: by extension and priority the application, and what it is told."""

RELOAD = "then run: asterisk -rx 'dialplan reload'"
_STEP = re.compile(r"(?:exten => (?P<extension>[^,]+),1|same => n)(?:\(\w+\))?,(?P<application>\w+)\((?P<told>.*)\)$")


def shipped(text: str = "") -> dict[str, Steps]:
    """The contexts of our own file, or of a text like it."""
    contexts: dict[str, Steps] = {}
    context, extension, priority = "", "", 0
    for line in map(str.strip, (text or (files("dialplan") / FILE).read_text(encoding="utf-8")).splitlines()):
        if line.startswith("["):
            context = line.strip("[]")
            contexts[context] = {}
        elif step := _STEP.match(line):
            extension, priority = (step["extension"], 1) if step["extension"] else (extension, priority + 1)
            contexts[context][extension, str(priority)] = (step["application"], step["told"])
    return contexts


async def told(link: Link, offer: OfferSettings, *, here: bool) -> AsyncIterator[tuple[bool, str]]:
    """Sentences, each with whether it is good; `here`: the PBX is on this machine.

    Raises what `Link.ask_list` does, but PermissionError.
    """
    wanted = shipped()
    running = {name: await _running(link, name) for name in wanted}
    lacking = ", ".join(name for name, steps in running.items() if steps is None)
    other = ", ".join(name for name, steps in running.items() if steps is not None and wanted[name] not in ({}, steps))
    if lacking:
        yield False, f"dialplan: Asterisk has no {lacking}; copy dialplan/{FILE} again, #include it, {RELOAD}"
    if other:
        yield False, f"dialplan: {other}: Asterisk has another version; copy dialplan/{FILE} again, {RELOAD}"
    if not lacking and not other:
        yield True, f"dialplan: Asterisk runs the {len(wanted)} contexts of this Ringback"
    if offer.folder:
        for trouble in (await _elsewhere(link, offer), await _script(link, offer.folder) if here else ""):
            if trouble:
                yield False, trouble


async def variable(link: Link, name: str) -> str:
    """A global variable of the dialplan; "" where it is not set."""
    return (await link.ask({"Action": "Getvar", "Variable": name})).get("Value", "")


async def _running(link: Link, context: str) -> Steps | None:
    try:
        rows = await link.ask_list({"Action": "ShowDialPlan", "Context": context})
    except PermissionError:  # it is how Asterisk says that there is no such context, too
        return None
    return {
        (row["Extension"], row["Priority"]): (row["Application"], row.get("AppData", ""))
        for row in rows
        if "Extension" in row and "Priority" in row
    }


async def _elsewhere(link: Link, offer: OfferSettings) -> str:
    """Whether the dialplan looks for our FastAGI at another port."""
    asked = await variable(link, "RINGBACK_AGI") or USUAL_AGI
    if asked.rpartition(":")[2] == str(offer.port):
        return ""
    return (
        f"offers: the dialplan asks {asked}, and offer.port is {offer.port}: under [globals] of extensions.conf"
        f" (FreePBX: globals_custom.conf) put RINGBACK_AGI=agi://{offer.host}:{offer.port}, {RELOAD}"
    )


async def _script(link: Link, offers: Path) -> str:
    """Whether Asterisk can start the script, and that looks into our folder."""
    program, _, folder = (await variable(link, "RINGBACK_SCRIPT") or SCRIPT).partition(",")
    path = Path(await variable(link, "ASTAGIDIR"), program)
    if not asterisk_may(path, READ | ENTER):
        ours = Path(sys.executable).with_name(SCRIPT)
        return f"offers: no {path}: nothing is offered while Ringback is away; run: sudo ln -s {ours} {path}"
    if Path(folder or USUAL) != offers:
        return (
            f"offers: the script looks into {folder or USUAL}, and offer.folder is {offers}: under [globals] put"
            f" RINGBACK_SCRIPT={program},{offers}, {RELOAD}"
        )
    return ""
