"""The readers that are compared, each alone in a process: `python -m benchmarks.readers NAME FILE` prints a JSON line.

Seconds are of the CPU, from the first byte to the last. All get the same bytes in the same blocks.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

BLOCK = 1 << 16
NEEDED = (
    *(b"Newchannel", b"Newstate", b"NewCallerid", b"Rename", b"HangupRequest", b"Hangup", b"DialBegin", b"DialEnd"),
    *(b"BridgeEnter", b"BridgeLeave", b"QueueCallerJoin", b"QueueCallerLeave", b"QueueCallerAbandon"),
    *(b"BlindTransfer", b"AttendedTransfer", b"ParkedCall", b"MessageWaiting", b"OriginateResponse"),
)
"""The events that tell what becomes of calls, but for those of the dialplan class."""

Feed = Callable[[bytes], object]
Result = Counter[str]


def panoramisk() -> tuple[Feed, Result]:
    """Stock panoramisk: its protocol and one callback for every event, which only counts."""
    from panoramisk.manager import Manager

    seen: Result = Counter()
    manager = _alone(Manager(encoding="utf8"))
    manager.register_event("*", lambda manager, event: seen.update(("events",)))
    return _protocol(manager), seen


def cacofonisk() -> tuple[Feed, Result]:
    """cacofonisk as its own runner wires it, on panoramisk."""
    from cacofonisk.handlers import EventHandler
    from cacofonisk.reporters import BaseReporter
    from panoramisk.manager import Manager

    seen: Result = Counter()

    class Reporter(BaseReporter):  # type: ignore[misc]  # carries no types
        def on_hangup(self, caller: object, reason: str) -> None:
            seen.update((reason,))

    handler = EventHandler(reporter=Reporter(), hostname="pbx")
    manager = _alone(Manager(encoding="utf8"))
    for name in EventHandler.event_handlers():
        manager.register_event(name, lambda manager, event: handler.on_event(event))
    return _protocol(manager), seen


def _alone(manager: Any) -> Any:
    """Without what it does at FullyBooted: there is nobody to send to."""
    manager.callbacks.clear()
    manager.patterns.clear()
    return manager


def _protocol(manager: Any) -> Feed:
    from collections import deque

    from panoramisk.ami_protocol import AMIProtocol

    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.queue, protocol.factory, protocol.encoding = deque(), manager, "utf8"
    return protocol.data_received  # type: ignore[no-any-return]  # carries no types


def minimal() -> tuple[Feed, Result]:
    """As little as a reader in Python can do: split, drop by the event's name, and make a dict of what is left."""
    seen: Result = Counter()
    wanted = frozenset(NEEDED)
    rest = b""

    def feed(data: bytes) -> None:
        nonlocal rest
        *messages, rest = (rest + data).split(b"\r\n\r\n")
        for message in messages:
            if message[7 : message.find(b"\r", 7)] in wanted:
                event = dict(line.split(": ", 1) for line in message.decode().split("\r\n"))
                seen[event["Event"]] += 1

    return feed, seen


def ringback() -> tuple[Feed, Result]:
    """Ours, as far as it goes: the link's protocol, the tracker, and a verdict for every call."""
    from ami_listener.settings import PbxSettings
    from ami_listener.sieve import Sieve
    from ami_listener.tracker import EVENTS, Tracker
    from ami_listener.wire import Framer
    from ringback.call import Call

    seen: Result = Counter()
    settings = PbxSettings.model_validate({"secret": "unused"})
    framer = Framer(Sieve(EVENTS.__contains__, settings))
    tracker = Tracker(settings)

    def feed(data: bytes) -> None:
        for event in framer.feed(data):
            for outcome in tracker.feed(event, 0.0):
                if isinstance(outcome, Call):
                    seen[outcome.verdict] += 1

    return feed, seen


READERS = {one.__name__: one for one in (panoramisk, cacofonisk, minimal, ringback)}


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def main() -> None:
    """Read one file with one reader."""
    feed, seen = READERS[sys.argv[1]]()
    blocks = list(_blocks(Path(sys.argv[2])))
    before = time.process_time()
    for block in blocks:
        feed(block)
    print(json.dumps({"seconds": time.process_time() - before, "seen": seen}))


if __name__ == "__main__":
    main()
