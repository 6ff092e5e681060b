"""`ringback message`: what became of one message, or of all messages of a case."""

from __future__ import annotations

import argparse

from pydantic import TypeAdapter
from rich.console import Console

from ringback.letter import Letter, letters
from ringbackd.commands import FailedError
from ringbackd.opening import open_store
from ringbackd.settings import load
from ringbackd.show import letters_page

LETTER: TypeAdapter[Letter] = TypeAdapter(Letter)


async def message(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback message ID`. Raises FailedError when the journal has no such message or case."""
    name = arguments.id
    async with open_store(load(arguments.config).redis) as store:
        every = letters(await store.journal()).values()
        found = [letter for letter in every if name in {letter.id, letter.wamid, letter.case} - {""}]
        states = {letter.id: await store.message_state(letter.id) for letter in found}
    if not found:
        raise FailedError(
            f"no message in the journal has the id {name!r}, and no case with messages either;"
            " `ringback cases list` shows the ids of open cases"
        )
    if arguments.json:
        console.file.writelines(LETTER.dump_json(letter).decode() + "\n" for letter in found)
    else:
        letters_page(console, found, states)
    return 0
