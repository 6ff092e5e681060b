"""What our AMI user may not do or read, found out by asking, and the lines of manager.conf that mend it.

Asterisk tells nobody his rights [seen on 16.28 and 22.10], but: ListCommands names exactly the actions he may use;
FullyBooted follows the login only for who reads `system`; the OriginateResponse that reports an Originate to a
technology that does not exist (no channel, no CEL, one warning in Asterisk's log) reaches only who reads `call`.
`agent` and `dialplan` have no such sign: they are missed when calls end and nothing of them was ever heard.
"""

from __future__ import annotations

import asyncio
import uuid

from ami_listener.answers import Message
from ami_listener.link import Link
from ami_listener.settings import PbxSettings
from ringback.call import Call, Direction

ACTIONS = {"Originate": "originate", "CoreShowChannels": "reporting"}
"""The actions we need, and the `write` right each needs."""

NOWHERE = "Ringback/rights"
"""A channel of a technology that does not exist."""

DIALPLAN = frozenset({"Newexten", "VarSet"})
QUEUE = frozenset({"QueueCallerJoin", "QueueCallerLeave", "QueueCallerAbandon"})

CALLS, QUEUED = 20, 5
"""So many inbound calls, or calls in queues, without any sign of a class show that it is not read."""


class Rights:
    """Of the user of one link. Make it before the link runs; `ask` while it is up."""

    def __init__(self, settings: PbxSettings, link: Link) -> None:
        self._settings, self._link = settings, link
        self._booted = asyncio.Event()
        self._heard: dict[str, asyncio.Event] = {}
        self._seen: set[str] = set()
        self._calls = self._queued = 0
        link.register_event("FullyBooted", lambda link, event: self._booted.set())
        link.register_event("OriginateResponse", self._response)

    def forget(self) -> None:
        """The connection is another one, and may have other rights."""
        self._booted.clear()
        self._seen.clear()
        self._calls = self._queued = 0

    async def ask(self, *, patience_s: float = 5.0, boot_s: float = 60.0) -> str:
        """What is missing, as one line that says what to do; "" when nothing is. Raises what `Link.ask` does.

        `patience_s` is how long to wait for the event that shows `call`, `boot_s` for FullyBooted, which comes late
        from an Asterisk that is booting.
        """
        commands = await self._link.ask({"Action": "ListCommands"})
        write = [right for action, right in ACTIONS.items() if action not in commands]
        read = [] if await _within(boot_s, self._booted) else ["system"]
        if "Originate" in commands and not await self._hears_calls(patience_s):
            read.append("call")
        return self._say(read, write)

    def see(self, event: Message) -> None:
        """An event came."""
        self._seen.add(event["Event"])

    def ended(self, call: Call) -> str:
        """A call came to its end: what that shows to be missing, said once; "" if nothing."""
        if call.direction is not Direction.INBOUND:
            return ""
        self._calls += 1
        self._queued += bool(call.queue)
        read = []
        if self._calls == CALLS and not self._seen & DIALPLAN:
            read.append("dialplan")
        if call.queue and self._queued == QUEUED and not self._seen & QUEUE:
            read.append("agent")
        return self._say(read, [])

    async def _hears_calls(self, patience_s: float) -> bool:
        action_id = f"rights-{uuid.uuid4().hex}"
        heard = self._heard[action_id] = asyncio.Event()
        probe = {"Action": "Originate", "ActionID": action_id, "Channel": NOWHERE, "Application": "Hangup"}
        try:
            await self._link.ask({**probe, "Async": "true"})
            return await _within(patience_s, heard)
        finally:
            del self._heard[action_id]

    def _response(self, link: Link, event: Message) -> None:
        if heard := self._heard.get(event.get("ActionID", "")):
            heard.set()

    def _say(self, read: list[str], write: list[str]) -> str:
        wanted = self._settings.event_classes.split(",")
        read = [right for right in read if right in wanted]
        if not read and not write:
            return ""
        lines = [
            f"`{kind} = {','.join(all_of_it)}`"
            for kind, missing, all_of_it in (("read", read, wanted), ("write", write, ACTIONS.values()))
            if missing
        ]
        missing = [f"read {right}" for right in read] + [f"write {right}" for right in write]
        return (
            f"the AMI user {self._settings.user!r} lacks {', '.join(missing)}: put {' and '.join(lines)} under"
            f" [{self._settings.user}] in manager.conf (FreePBX: manager_custom.conf) and see that no eventfilter of"
            " your own is in the way, run asterisk -rx 'manager reload', then restart Ringback"
        )


async def _within(seconds: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
