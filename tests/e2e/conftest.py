"""One stage for all tests of a module: each test has customers of its own on it."""

from collections.abc import AsyncIterator

import pytest_asyncio
from rich.console import Console

from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.scene import Scene
from ringbackd.sandbox.stage import Stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_stage(kit: Kit) -> AsyncIterator[Stage]:
    """Booted once per module. The agent is not available; whoever hangs up at once counts as a missed call too."""
    scene = Scene(quiet_s=1.0, short_s=0.0, retry_min=1.0)
    async with Stage(Console(stderr=True), scene, kit=kit) as stage:
        yield stage
