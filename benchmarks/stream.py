"""An AMI stream as a busy FreePBX sends it with every event class on: made of calls recorded on a real Asterisk.

The recorded calls of tests/listener/transcripts are repeated, each time with ids and times of its own, many at once.
Among their events stand the VarSet and Newexten of FreePBX's macros, 88 % of all it sends, about 440 bytes each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import cycle, islice
from pathlib import Path

from ami_listener.wire import END

TRANSCRIPTS = Path(__file__).parents[1] / "tests" / "listener" / "transcripts"
RECORDED = (
    *("queue_answered", "queue_abandoned", "queue_timeout", "queue_short", "phone_answered", "phone_no_answer"),
    *("phone_busy", "ivr_abandoned", "closed", "blind_transfer", "lost_in_transfer"),
)
"""The calls of a contact centre, each as often as the others."""

EVERY_S = 2
"""A call begins."""

APART = 100_000
"""Between the ids of one repetition and those of the next: more than all transcripts span."""

MACROS = ("macro-user-callerid", "sub-record-check", "macro-dial-one", "func-apply-sipheaders", "app-missedcall-hangup")
STEPS = ("Set", "GotoIf", "ExecIf", "Set", "NoOp", "Gosub", "Set", "GosubIf", "Return")
"""What one visit of a macro executes: a FreePBX changes context every nine Newexten."""

VARIABLES = (
    *("LOCAL(ARGC)", "GOSUB_RETVAL", "ARGC", "DB_RESULT", "LOCAL(ARG1)", "LOCAL(ARG2)", "DIALEDPEERNUMBER"),
    *("__MCEXTEN", "__TTL", "__TIMESTR", "__MON_FMT", "__REC_STATUS", "__MOHCLASS"),
)

AGI = (b"AGIExecStart", b"AGIExecEnd")

NAMES = re.compile(
    rb"(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    rb"|(?<=Timestamp: )(?P<time>17[0-9]{8})|(?P<id>\b17[0-9]{8})(?=\.[0-9])|(?P<serial>(?<=-)[0-9a-f]{8}\b)"
)


def recorded() -> list[list[bytes]]:
    """The messages of each recorded call, banner and login left out."""
    texts = ((TRANSCRIPTS / f"{name}.ami").read_bytes() for name in RECORDED)
    return [[message for message in text.split(END)[2:] if message] for text in texts]


def stream(first: int, calls: int, at_once: int, part: float = 1.0) -> Iterator[bytes]:
    """The messages of so many calls, `at_once` of them up at any moment. `first` numbers them, for ids of their own.

    With a `part` below 1 each call is told so far only, and stays up.
    """
    originals = [list(_with_macros(messages[: int(part * len(messages))])) for messages in recorded()]
    copies = (copy(messages, number) for number, messages in enumerate(islice(cycle(originals), calls), first))
    yield from _mixed(copies, at_once)


def copy(messages: Iterable[bytes], number: int) -> Iterator[bytes]:
    """The same call once more, with ids and times of its own."""

    def rename(found: re.Match[bytes]) -> bytes:
        old = found[0]
        if found["time"] or found["id"]:
            return b"%d" % (int(old) + (EVERY_S if found["time"] else APART) * number)
        return b"%08x" % ((int(old[:8], 16) + number * 0x1000) % 2**32) + old[8:]

    return (NAMES.sub(rename, message) + END for message in messages)


def _mixed(calls: Iterator[Iterator[bytes]], at_once: int) -> Iterator[bytes]:
    """A message of each call that is up in turn; when one ends the next begins."""
    up = list(islice(calls, at_once))
    while up:
        for call in list(up):
            message = next(call, None)
            if message is None:
                up.remove(call)
                up += islice(calls, 1)
            else:
                yield message


def _with_macros(messages: list[bytes]) -> Iterator[bytes]:
    macros = cycle(MACROS)
    for message in messages:
        yield message
        if message.startswith(b"Event: Newexten"):
            channel = message.partition(b"\r\nExtension: ")[0]
            yield from _macro(channel, next(macros))
            yield from _macro(channel, next(macros))
            yield from (_other(name, channel, "Command: GET VARIABLE DB_RESULT\r\nCommandId: 1") for name in AGI)


def _macro(channel: bytes, context: str) -> Iterator[bytes]:
    """What the channel with these headers would tell of one visit to a macro."""
    channel = re.sub(rb"(?<=\r\nContext: )[^\r]*", context.encode(), channel)
    variables = cycle(VARIABLES)
    for number, application in enumerate(STEPS):
        data = f"Extension: s\r\nApplication: {application}\r\nAppData: CDR(cnum)=${{CALLERID(num)}}"
        yield channel + b"\r\n" + data.encode()
        for name in islice(variables, 1 + number % 2):
            yield _other(b"VarSet", channel, f"Variable: {name}\r\nValue: {number}")


def _other(event: bytes, channel: bytes, headers: str) -> bytes:
    return channel.replace(b"Newexten", event, 1) + b"\r\n" + headers.encode()
