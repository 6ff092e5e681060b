"""Long work in the event loop, done in pieces so that the link is read in between."""

from __future__ import annotations

import asyncio

BREATH = 200
"""Events fed at a stretch, of whatever was waiting, before the link is read again: some milliseconds."""


async def breathe(done: int) -> None:
    """After every so many, let others work."""
    if done % BREATH == 0:
        await asyncio.sleep(0)
