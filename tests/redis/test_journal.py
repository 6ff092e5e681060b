"""The journal is read in pages: every entry once, in the order in which it was written, whatever a customer wrote."""

from __future__ import annotations

import pytest

from ringback.journal import Entry, Event
from ringbackd.store import PAGE, Store

WORDS = "hola\r\n\x00\x1f\u2028 ñ 🙂 }\\n{"


def said(number: int) -> Entry:
    return Entry(at=float(number), event=Event.SAID, case=f"c{number}", data={"text": f"{WORDS}{number}"})


@pytest.mark.parametrize("count", [0, 1, PAGE, 2 * PAGE + 1])
async def test_every_entry_comes_once_and_in_order(store: Store, count: int) -> None:
    written = [said(number) for number in range(count)]
    if written:
        await store.commit((), [store.note(entry) for entry in written])  # many of them bear one and the same time
    assert await store.journal() == written
