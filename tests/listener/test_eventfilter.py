"""Asterisk's own filter in front of us: the same verdicts from a fraction of the events, on old and new releases."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.console import Console

from ami_listener.eventfilter import NAMES, by_name, by_text, text
from ami_listener.handlers import VARIABLES
from ami_listener.recorder import Recorder
from ami_listener.settings import PbxSettings
from ami_listener.tracker import EVENTS
from ami_listener.wire import Framer
from ringback.call import Call
from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.kit import ensure
from ringbackd.sandbox.phones import RINGS, AgentPhone, Phone, answers
from ringbackd.sandbox.process import until
from ringbackd.sandbox.sip import Caller, State
from tests.listener.listenerkit import SETTINGS, TRANSCRIPTS, calls
from tests.listener.test_captures import CAPTURES

ROOT = Path(__file__).parents[2]
RECORDINGS = [*sorted(TRANSCRIPTS.glob("*.ami")), *CAPTURES]


class Filter:
    """What Asterisk does with the lines for older releases; POSIX's character classes are all that Python lacks."""

    def __init__(self, settings: PbxSettings) -> None:
        lines = [line.partition(" = ")[2] for line in by_text(settings)]
        python = [
            line.replace("[^[:cntrl:]]", r"[^\x00-\x1f]").replace("[[:cntrl:]]", r"[\x00-\x1f]") for line in lines
        ]
        self.patterns = [re.compile(line.encode(), re.DOTALL) for line in python]

    def through(self, raw: bytes) -> Iterator[bytes]:
        for message in raw.split(b"\r\n\r\n"):
            whole = message + b"\r\n\r\n"
            if not message.startswith(b"Event: ") or b"Event: CoreShow" in message or self.passes(whole):
                yield whole

    def passes(self, message: bytes) -> bool:
        return any(pattern.search(message) for pattern in self.patterns)


def judged(raw: bytes | bytearray) -> list[Call]:
    return calls(Framer().feed(bytes(raw)))


@pytest.mark.parametrize("old", [False, True])
def test_what_is_shipped_is_made_from_the_code(old: bool) -> None:
    shipped = ROOT / f"dialplan/manager_ringback_filter{'_old' if old else ''}.conf"
    assert shipped.read_text(encoding="utf-8") == text(SETTINGS, old=old), "stale: make docs"


def test_every_event_and_variable_that_decides_passes() -> None:
    assert set(NAMES) | {"VarSet", "Newexten", "CoreShowChannel"} == EVENTS | {"FullyBooted"}
    lines = "\n".join(by_name(SETTINGS))
    assert all(f"= {variable}\n" in lines for variable in VARIABLES)


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name.split(".")[0])
def test_the_verdicts_are_the_same_from_what_passes(path: Path) -> None:
    raw = path.read_bytes()
    raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
    assert judged(b"".join(Filter(SETTINGS).through(raw))) == judged(raw)


def test_contexts_of_ones_own_pass_and_cannot_write_other_lines() -> None:
    odd = ("menu principal (1)+", "x\n[admin]\nsecret = y", "ivr[0-9]?", "ñ;*")
    own = SETTINGS.model_copy(update={"ivr_contexts": odd})
    for old in (False, True):
        body = text(own, old=old).partition("[ringback](+)\n")[2]
        assert all(line.startswith("eventfilter") for line in body.splitlines())
        assert ";" not in body
    newexten = "Event: Newexten\r\nContext: {}\r\nApplication: NoOp\r\n\r\n"
    for context in ("menu principal (1)+", "ivr7x", "ñ;abc"):
        assert Filter(own).passes(newexten.format(context).encode())
    assert not Filter(own).passes(newexten.format("other").encode())


@asynccontextmanager
async def heard(pbx: Pbx, user: str) -> AsyncIterator[bytearray]:
    """Everything that this user is told, as raw bytes."""
    raw, stop = bytearray(), asyncio.Event()
    given = {"name": "lima", "port": pbx.ami_port, "user": user, "secret": pbx.ami_secret}
    recorder = Recorder(PbxSettings.model_validate(given), raw.extend)
    running = asyncio.create_task(recorder.run(stop))
    await until(lambda: recorder.bytes > 100, seconds=10, otherwise=lambda: "no login")
    try:
        yield raw
        await until(lambda: recorder.calls >= 4, seconds=20, otherwise=lambda: f"{recorder.calls} calls for {user}")
        await asyncio.sleep(0.2)
    finally:
        stop.set()
        await running


async def some_calls(caller: Caller, agent: Phone) -> None:
    """Left in the queue, left in the menu, closed, answered."""
    queue, menu, closed = [await caller.dial(f"98765430{n}", f"555010{n}") for n in (0, 2, 4)]
    await agent.call()
    await menu.established()
    await asyncio.gather(queue.hang_up(), menu.hang_up(), closed.ended())
    agent.default = answers(50)
    talks = await caller.dial("987654309", "5550100")
    await agent.call(state=State.UP)
    await asyncio.sleep(1.3)
    await talks.hang_up()


def events(raw: bytes | bytearray) -> Counter[bytes]:
    """Without the seconds since the boot: of two users who log in, one may be a second later."""
    timeless = re.sub(rb"(?m)^(Uptime|LastReload): \d+\r\n", b"", bytes(raw))
    return Counter(message for message in timeless.split(b"\r\n\r\n") if message.startswith(b"Event: "))


@pytest.mark.pbx
@pytest.mark.parametrize("release", ["22", "16"])
async def test_a_real_asterisk_lets_through_what_decides_and_nothing_else(release: str, tmp_path: Path) -> None:
    kit = await ensure(("22", "16"), console=Console(stderr=True))
    async with Pbx(kit, tmp_path / "pbx", release=release) as pbx:
        own = ROOT / f"dialplan/manager_ringback_filter{'_old' if release == '16' else ''}.conf"
        with (tmp_path / "pbx/etc/manager.conf").open("a") as file:
            file.write(f'[everything](ringback)\n#include "{own}"\n')
        await pbx.cli("manager reload")
        async with (
            heard(pbx, "everything") as everything,
            heard(pbx, "ringback") as little,
            Caller(kit, pbx) as caller,
            AgentPhone(kit, pbx, "101", default=RINGS) as agent,
        ):
            await some_calls(caller, agent)
        log = pbx.log_path.read_text()
    assert not re.search("WARNING|ERROR", log), log
    assert events(bytes(little)) == events(b"".join(Filter(SETTINGS).through(bytes(everything))))
    assert sorted(call.verdict for call in judged(little)) == sorted(call.verdict for call in judged(everything))
    assert sum(events(little).values()) < sum(events(everything).values()) / 2
