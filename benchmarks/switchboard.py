"""A stand-in for a PBX that is never busy: it takes every Originate at once, and the call goes as one did that a real
Asterisk 22 told (tests/listener/transcripts/ours_answered.ami): three seconds, in which he and an agent talk.

It keeps when each attempt was asked for. Nothing of Asterisk's own time is in these moments.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

RECORDED = Path(__file__).parents[1] / "tests/listener/transcripts/ours_answered.ami"
NUMBER, ATTEMPT, CHANNELS = "51987000001", "rb-a1", ("00000000;", "00000010", "00000011")
ENDS = "\r\n\r\n"
TOGETHER_S = 0.01
"""What comes within so short a time is written at once."""


def story() -> list[list[tuple[float, str, str]]]:
    """The recorded call: groups of events, each with its offset in seconds and its text around the time."""
    groups: list[list[tuple[float, str, str]]] = []
    began = 0.0
    for event in RECORDED.read_text(encoding="utf-8").replace("\r\n", "\n").split("\n\n"):
        if not (found := re.search(r"Timestamp: ([0-9.]+)\n", event)):
            continue
        began = began or float(found[1])
        offset = float(found[1]) - began
        head, rest = (text.replace("\n", "\r\n") for text in (event[: found.start()], event[found.end() :]))
        if not groups or offset - groups[-1][0][0] > TOGETHER_S:
            groups.append([])
        groups[-1].append((offset, head, rest))
    return groups


@cache
def _names() -> tuple[frozenset[str], frozenset[str]]:
    """The uniqueids of the recorded call's channels, and its bridges'."""
    text = RECORDED.read_text(encoding="utf-8")
    uniqueids = re.findall(r"Uniqueid: ([0-9]+\.[0-9]+)", text)
    return frozenset(uniqueids), frozenset(re.findall(r"BridgeUniqueid: ([0-9a-f-]{36})", text))


def marks(number: int, attempt: str, dialled: str) -> dict[str, str]:
    """What stands for what was the recorded call's own."""
    uniqueids, bridges = _names()
    own = {name: f"{number}.{name.replace('.', '')}" for name in uniqueids}
    own |= {name: f"{number:08x}{name[8:]}" for name in bridges}
    own |= {name: f"{number:06x}{name[6:]}" for name in CHANNELS}
    return {NUMBER: dialled, ATTEMPT: attempt, **own}


class Switchboard:
    """`async with`; `asked` has the moment (epoch seconds) of each attempt's Originate."""

    def __init__(self, agents: int) -> None:
        self.agents, self.port = agents, 0
        self.asked: dict[str, float] = {}
        self.up: dict[str, str] = {}
        self._story, self._pattern = story(), re.compile("|".join(map(re.escape, marks(0, "", ""))))
        self._listeners: list[asyncio.StreamWriter] = []
        self._calls: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Switchboard:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for call in self._calls:
            call.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                block = (await reader.readuntil(ENDS.encode())).decode()
                action = dict(line.split(": ", 1) for line in block.split("\r\n") if line)
                for answer in self._answers(action, writer):
                    writer.write(f"{answer}\r\nActionID: {action['ActionID']}{ENDS}".encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answers(self, action: Mapping[str, str], writer: asyncio.StreamWriter) -> Iterator[str]:
        match action["Action"]:
            case "CoreShowChannels" | "QueueStatus" as asked:
                yield "Response: Success\r\nEventList: start"
                yield from self._channels() if asked == "CoreShowChannels" else self._members(action["Queue"])
                yield f"Event: {asked}Complete\r\nEventList: Complete"
            case "Originate" if action["ActionID"].startswith("rb-"):
                yield "Response: Success"
                self._begin(action["ActionID"], action["Channel"])
            case "Originate":
                yield "Response: Error\r\nMessage: Extension does not exist."
            case "Login":
                yield "Response: Success"
                if action.get("Events") != "off":
                    self._listeners.append(writer)
            case _:
                yield "Response: Success"

    def _channels(self) -> Iterator[str]:
        for attempt, dialled in self.up.items():
            channel = f"Channel: Local/{dialled}@ringback-outbound-1;1\r\nChannelStateDesc: Up"
            yield f"Event: CoreShowChannel\r\n{channel}\r\nUniqueid: {attempt}\r\nLinkedid: {attempt}"

    def _members(self, queue: str) -> Iterator[str]:
        yield f"Event: QueueParams\r\nQueue: {queue}"
        for agent in range(self.agents):
            status = f"Status: {2 if agent < len(self.up) else 1}\r\nPaused: 0\r\nInCall: 0"
            yield f"Event: QueueMember\r\nQueue: {queue}\r\nName: {agent}\r\n{status}"

    def _begin(self, attempt: str, channel: str) -> None:
        self.asked.setdefault(attempt, time.time())
        dialled = channel.partition("/")[2].partition("@")[0]
        call = asyncio.create_task(self._call(attempt, dialled, marks(len(self.asked), attempt, dialled)))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _call(self, attempt: str, dialled: str, own: Mapping[str, str]) -> None:
        began = time.time()
        self.up[attempt] = dialled
        for group in self._story:
            await asyncio.sleep(max(0.0, began + group[0][0] - time.time()))
            text = "".join(f"{head}Timestamp: {began + offset:.6f}\r\n{rest}{ENDS}" for offset, head, rest in group)
            told = self._pattern.sub(lambda found: own[found[0]], text).encode()
            for writer in self._listeners:
                writer.write(told)
        del self.up[attempt]
