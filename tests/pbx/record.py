"""Record scenarios anew, all or the named ones: `python -m tests.pbx.record [22] [16] [NAME...]`.

It writes tests/pbx/transcripts/RELEASE/KIND/NAME.ami.gz. All scenarios of a kind are played on one Asterisk, some at
the same time, and its AMI is recorded with every class; each transcript has the bytes of those messages that speak of
its own calls, in the order in which they came. A scenario in which a person did not manage what he had to do, twice,
is not written, and makes the command end with 1.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from ami_listener.channels import extension, local_number
from ami_listener.recorder import Recorder
from ami_listener.settings import PbxSettings
from ami_listener.wire import END, headers
from ringbackd.sandbox.kit import Kit, ensure
from tests.pbx.rig import Business, at_most_twice, play_all
from tests.pbx.scenario import Scenario
from tests.pbx.scenarios import KINDS, RELEASES, SCENARIOS, of_kind, transcript

LINKEDID = re.compile(rb"\r\n\w*Linkedid: ([^\r\n]+)")
BEGINNINGS = (b"Event: Newchannel\r\n", b"Event: DialBegin\r\n")
BRIDGE = re.compile(rb"\r\nBridgeUniqueid: ([^\r\n]+)")
PARKING = b"\r\nBridgeTechnology: holding_bridge\r\n"


class Families:
    """Linkedids and bridges that belong together, because one message speaks of both.

    Who is parked shares a bridge with everybody else who is, and has nothing to do with them.
    """

    def __init__(self) -> None:
        self._parents: dict[bytes, bytes] = {}

    def root(self, linkedid: bytes) -> bytes:
        """The one that stands for all that belong together with this one."""
        while (parent := self._parents.setdefault(linkedid, linkedid)) != linkedid:
            linkedid = parent
        return linkedid

    def join(self, linkedids: Sequence[bytes]) -> None:
        """These belong together."""
        for each in linkedids:
            self._parents[self.root(each)] = self.root(linkedids[0])


def split(raw: bytes, scenarios: Iterable[Scenario]) -> dict[str, bytes]:
    """The messages of each scenario by its name. Those that speak of no call (queue members, devices) are left out."""
    owners = {value: each.name for each in scenarios for name, value in each.names.items() if name != "queue"}
    messages, families = raw.split(END)[:-1], Families()
    for message in messages:
        if linkedids := LINKEDID.findall(message):
            families.join(linkedids + ([] if PARKING in message else BRIDGE.findall(message)))
    names: dict[bytes, str] = {}
    for message in messages:
        if message.startswith(BEGINNINGS) and (owner := _owner(headers(message), owners)):
            names[families.root(LINKEDID.findall(message)[0])] = owner
    parts: dict[str, list[bytes]] = {}
    for message in messages:
        if owner := _of(message, names, families, owners):
            parts.setdefault(owner, []).append(message + END)
    return {name: b"".join(part) for name, part in parts.items()}


def _owner(event: Mapping[str, str], owners: Mapping[str, str]) -> str:
    """Whose channel this is: by the number called or dialled, the phone, or the number of a call of ours."""
    name, dialled = event.get("Channel", ""), event.get("DialString", "").partition("@")[0]
    marks = (event.get("Exten", ""), extension(name), local_number(name), dialled)
    return next((owners[mark] for mark in marks if mark in owners), "")


def _of(message: bytes, names: Mapping[bytes, str], families: Families, owners: Mapping[str, str]) -> str:
    if linkedids := LINKEDID.findall(message):
        return names.get(families.root(linkedids[0]), "")
    if message.startswith(b"Event: OriginateResponse\r\n"):
        return owners.get(local_number(headers(message).get("Channel", "")), "")
    return ""


async def record(kit: Kit, release: str, kind: str, only: Collection[str]) -> list[str]:
    """Play and write the scenarios of one kind (`only` these, if any) on one release; returns what went wrong."""

    async def one_round(scenarios: Sequence[Scenario]) -> Mapping[str, BaseException]:
        raw, trouble = await recorded(kit, release, scenarios)
        for name, part in split(raw, scenarios).items():
            if name not in trouble:
                path = transcript(name, release, kind)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(gzip.compress(part, mtime=0))
        return trouble

    wanted = [each for each in of_kind(kind, release) if each.name in only or not only]
    trouble = await at_most_twice(wanted, one_round) if wanted else {}
    return [f"{release} {name}: {error}" for name, error in trouble.items()]


async def recorded(kit: Kit, release: str, scenarios: Sequence[Scenario]) -> tuple[bytes, Mapping[str, BaseException]]:
    """What Asterisk said while these were played, and what went wrong with the people."""
    raw, stop = bytearray(), asyncio.Event()
    with tempfile.TemporaryDirectory() as folder:
        async with Business(kit, Path(folder), scenarios, release=release) as pbx:
            account = {"port": pbx.ami_port, "user": pbx.ami_user, "secret": pbx.ami_secret}
            recording = asyncio.create_task(Recorder(PbxSettings.model_validate(account), raw.extend).run(stop))
            trouble = await play_all(scenarios, pbx, kit)
            await pbx.quiet()
            stop.set()
            await recording
    return bytes(raw).replace(folder.encode(), b"/pbx"), trouble


def main(words: Sequence[str]) -> int:
    """Record these releases and scenarios; the exit code."""
    only = set(words) - set(RELEASES)
    if unknown := only - {scenario.name for scenario in SCENARIOS}:
        print(f"there is no scenario {min(unknown)!r}, see tests/pbx/scenarios.py")
        return 2
    releases = [release for release in RELEASES if release in words] or RELEASES
    kit = asyncio.run(ensure(releases, console=Console(stderr=True)))
    trouble = [line for release in releases for kind in KINDS for line in asyncio.run(record(kit, release, kind, only))]
    print("\n".join(trouble) or "all were recorded")
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
