"""One AMI connection that stays up: panoramisk's Manager with its reconnection, sending and dispatch made safe."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping

from panoramisk.manager import Manager

from ami_listener.answers import Answers, LinkDownError, Message, NotConnectedError
from ami_listener.backoff import Backoff
from ami_listener.protocol import Protocol
from ami_listener.settings import PbxSettings
from ami_listener.sieve import Sieve
from ami_listener.wire import Value, encode

log = logging.getLogger("ringback.ami")

LIST_EVENTS = frozenset(
    {"CoreShowChannel", "CoreShowChannelsComplete", "ListDialplan", "ShowDialPlanComplete"}
    | {"QueueParams", "QueueMember", "QueueEntry", "QueueStatusComplete"}
)
"""Rows of the lists we ask for; every other event passes only if a callback is registered for it."""

REMEMBERED = 1_000
"""Event names whose callbacks are looked up only once; Asterisk has about 180."""


class LoginRefusedError(Exception):
    """Asterisk did not accept the user and its secret."""


class Link(Manager):  # type: ignore[misc]  # panoramisk carries no types
    """The AMI link of one PBX: `run` connects, logs in, and reconnects until it is cancelled or closed.

    Callbacks are registered as with panoramisk (`register_event(pattern, callback)`, called with the link and the
    event, here a dict of its headers). Register before `run`. Unlike its base it never sends an action twice, keeps
    nothing of an action that timed out, survives callbacks that raise, notices a link that is open but dead, says once
    what is wrong, and stays closed when closed. `ready` is set while it is logged in. `events` are the event classes to
    log in with ("off" for none).
    """

    protocol: Protocol | None = None

    def __init__(
        self,
        settings: PbxSettings,
        *,
        events: str,
        on_up: Callable[[], None] = lambda: None,
        on_down: Callable[[str], None] = lambda reason: None,
        quiet: bool = False,
    ) -> None:
        super().__init__()
        self.callbacks.clear()
        self.patterns.clear()
        self._settings, self._events = settings, events
        self._on_up, self._on_down = on_up, on_down
        self._answers = Answers()
        self._matches: dict[str, list[Callable[[Link, Message], object]]] = {}
        self._closing = asyncio.Event()
        self._unread = 0
        self._level = logging.DEBUG if quiet else logging.WARNING
        self._said: Backoff | None = None
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Keep the link up until cancelled or closed."""
        lost = Backoff(self._settings.reconnect_first_s, self._settings.reconnect_limit_s)
        refused = Backoff(self._settings.refused_first_s, self._settings.refused_limit_s)
        try:
            while not self._closing.is_set():
                backoff, reason = await self._session(lost, refused)
                self._say_down(backoff, reason)
                await _pause(self._closing, backoff.next())
        finally:
            self.close()

    async def ask(self, action: Mapping[str, Value], *, timeout_s: float = 5.0) -> Message:
        """Send one action, once, and return the response, whatever it says.

        ValueError: a value would inject a header; NotConnectedError: no link (in both cases nothing was sent).
        LinkDownError: the link broke before the answer; TimeoutError: no answer in time (it may have been carried out).
        """
        return (await self._exchange(action, timeout_s, rows=False))[0]

    async def ask_list(self, action: Mapping[str, Value], *, timeout_s: float = 10.0) -> list[Message]:
        """Send an action that is answered by a list of events, and return these. PermissionError: Asterisk refused."""
        response, rows = await self._exchange(action, timeout_s, rows=True)
        if response.get("Response") == "Error":
            raise PermissionError(response.get("Message", "refused"))
        return rows

    @property
    def unread(self) -> int:
        """Messages that were no AMI, on this connection and those before it."""
        return self._unread + (self.protocol.unread if self.protocol else 0)

    def close(self) -> None:
        """Close for good; a closed link never comes back."""
        self._closing.set()
        self._hang_up("closed by us")

    async def _exchange(
        self, action: Mapping[str, Value], timeout_s: float, *, rows: bool, login: bool = False
    ) -> tuple[Message, list[Message]]:
        action_id = str(action.get("ActionID") or uuid.uuid4().hex)
        data = encode({**action, "ActionID": action_id})
        if self.protocol is None or self.protocol.lost.done() or not (self.ready.is_set() or login):
            raise NotConnectedError("no connection to Asterisk")
        with self._answers.expect(action_id, rows=rows) as answer:
            self.protocol.write(data)
            async with asyncio.timeout(timeout_s):
                response = await answer.response
                if response.get("Response") != "Error":
                    await answer.complete
        return response, answer.rows

    async def _session(self, lost: Backoff, refused: Backoff) -> tuple[Backoff, str]:
        """One connection from beginning to end: which back-off follows, and why it ended."""
        where = f"{self._settings.host}:{self._settings.port}"
        reason = "closed by us"
        try:
            await self._connect()
            await self._login()
            self._say_up(where)
            refused.reset()
            up_since = asyncio.get_running_loop().time()
            reason = await self._watch()
            if asyncio.get_running_loop().time() - up_since >= self._settings.reconnect_limit_s:
                lost.reset()  # who logs us in and cuts us off at once is not asked twice a second
            return lost, f"connection to {where} lost ({reason})"
        except LoginRefusedError as error:
            return refused, (
                f"login of user {self._settings.user!r} refused by {where} ({error}): check the secret, permit and deny"
                " of this user in manager.conf (FreePBX: manager_custom.conf), then run: asterisk -rx 'manager reload'"
            )
        except (OSError, TimeoutError) as error:
            return lost, f"no connection to Asterisk at {where} ({_why(error)})"
        finally:
            self._hang_up(reason)

    async def _connect(self) -> None:
        loop, sieve = asyncio.get_running_loop(), Sieve(self._is_wanted, self._settings)
        async with asyncio.timeout(self._settings.connect_timeout_s):
            _, self.protocol = await loop.create_connection(
                lambda: Protocol(sieve, self._receive), self._settings.host, self._settings.port
            )
        self.protocol.lost.add_done_callback(lambda lost: self._answers.fail(lost.result()))

    async def _login(self) -> None:
        action: dict[str, Value] = {
            "Action": "Login",
            "Username": self._settings.user,
            "Secret": self._settings.secret.get_secret_value(),
            "Events": self._events,
        }
        response, _ = await self._exchange(action, self._settings.connect_timeout_s, rows=False, login=True)
        if response.get("Response") != "Success":
            raise LoginRefusedError(response.get("Message", "no reason given"))
        self.ready.set()

    async def _watch(self) -> str:
        """Stay until the connection is gone, or until Asterisk stops answering on it; why."""
        if self.protocol is None:
            return "closed by us"
        lost = self.protocol.lost
        while not lost.done():
            await asyncio.wait({lost}, timeout=self._settings.keepalive_s)
            try:
                await self.ask({"Action": "Ping"}, timeout_s=self._settings.keepalive_s)
            except TimeoutError:
                return f"no answer to Ping within {self._settings.keepalive_s:g} s"
            except LinkDownError:
                break
        return await lost

    def _hang_up(self, reason: str) -> None:
        self.ready.clear()
        if self.protocol is not None:
            self.protocol.close()
            self._unread += self.protocol.unread
            self._answers.fail(reason)
            self.protocol = None

    def _receive(self, message: Message) -> None:
        if not self._answers.take(message):
            self.dispatch(message)

    def dispatch(self, event: Message) -> None:
        """Call every callback registered for the event; what they raise is logged and harms nobody else."""
        for callback in self._callbacks_of(event.get("Event", "")):
            try:
                callback(self, event)
            except Exception:
                log.exception("%s: a callback failed on event %s", self._settings.name, event.get("Event"))

    def _is_wanted(self, name: str) -> bool:
        return name in LIST_EVENTS or bool(self._callbacks_of(name))

    def _callbacks_of(self, name: str) -> list[Callable[[Link, Message], object]]:
        known = self._matches.get(name)
        if known is None:
            matching = [pattern for pattern, regexp in self.patterns if regexp.match(name)]
            known = [callback for pattern in matching for callback in self.callbacks[pattern]]
            if len(self._matches) < REMEMBERED:
                self._matches[name] = known
        return known

    def _say_up(self, where: str) -> None:
        level = min(self._level, logging.INFO)
        log.log(level, "%s: connected to Asterisk at %s%s", self._settings.name, where, " again" if self._said else "")
        self._said = None
        self._on_up()

    def _say_down(self, backoff: Backoff, reason: str) -> None:
        if self._said is not backoff and not self._closing.is_set():
            self._said = backoff
            log.log(self._level, "%s: %s; trying again from time to time", self._settings.name, reason)
            self._on_down(reason)


def _why(error: Exception) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else str(error)


async def _pause(closing: asyncio.Event, seconds: float) -> None:
    """Wait, but not longer than until the link is closed."""
    waiting = asyncio.ensure_future(closing.wait())
    await asyncio.wait({waiting}, timeout=seconds)
    waiting.cancel()
