"""What `ringback doctor` says of the PBX: whether AMI lets us in, our rights there, and its dialplan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ami_listener.answers import LinkDownError
from ami_listener.link import Link
from ami_listener.rights import Rights
from ringbackd import dialplancheck
from ringbackd.settings import Settings

HERE = ("127.0.0.1", "::1", "localhost")
EVENT_S = 2.0
"""How long an event may take that Asterisk sends at once to those who may read it."""


async def told(settings: Settings) -> AsyncIterator[tuple[bool, str]]:
    """Sentences for the doctor, each with whether it is good."""
    pbx = settings.pbx
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def tell(trouble: str = "") -> None:
        if not answer.done():
            answer.set_result(trouble)

    link = Link(pbx, events=pbx.event_classes, on_up=tell, on_down=tell)
    rights = Rights(pbx, link)
    running = asyncio.create_task(link.run())
    try:
        if trouble := await answer:
            yield False, trouble
            return
        if trouble := await rights.ask(patience_s=EVENT_S, boot_s=EVENT_S):
            yield False, trouble
        else:
            yield True, f"AMI at {pbx.host}:{pbx.port}: logged in as {pbx.user}, which has the rights it needs"
        async for finding in dialplancheck.told(link, settings.offer, here=pbx.host in HERE):
            yield finding
    except (LinkDownError, TimeoutError) as error:
        yield False, f"AMI: no answer ({error}); try again"
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
