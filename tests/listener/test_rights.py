"""What our AMI user may not do is found out and told, on the real Asterisk 22 and 16."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.console import Console

from ami_listener.link import Link
from ami_listener.rights import CALLS, QUEUED, Rights
from ami_listener.settings import PbxSettings
from ringback.call import Verdict
from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.kit import ensure
from tests.core.worlds import call
from tests.listener.listenerkit import SETTINGS
from tests.listener.test_real_pbx import Book, listening

USERS = {
    "all": ("system,call,agent,dialplan", "originate,reporting", ""),
    "deaf": ("agent", "originate,reporting", "read system, read call"),
    "no-calls": ("system,agent,dialplan", "originate,reporting", "read call"),
    "mute": ("system,call,agent,dialplan", "", "write originate, write reporting"),
    "no-dialling": ("system,call,agent,dialplan", "reporting", "write originate"),
    "no-lists": ("call,agent,dialplan", "originate", "read system, write reporting"),
}


@asynccontextmanager
async def asked(pbx: Pbx, user: str) -> AsyncIterator[Rights]:
    given = {"name": "lima", "port": pbx.ami_port, "user": user, "secret": "x"}
    settings, up = PbxSettings.model_validate(given), asyncio.Event()
    link = Link(settings, events=settings.event_classes, on_up=up.set)
    rights = Rights(settings, link)
    running = asyncio.create_task(link.run())
    await asyncio.wait_for(up.wait(), 5)
    yield rights
    running.cancel()
    await asyncio.wait({running})


@pytest.mark.pbx
@pytest.mark.parametrize("release", ["22", "16"])
async def test_rights_that_are_too_small_are_told_with_the_lines_to_write(release: str, tmp_path: Path) -> None:
    kit = await ensure(("22", "16"), console=Console(stderr=True))
    async with Pbx(kit, tmp_path / "pbx", release=release) as pbx:
        with (tmp_path / "pbx/etc/manager.conf").open("a") as file:
            for user, (read, write, _) in USERS.items():
                file.write(f"\n[{user}]\nsecret = x\nread = {read}\n" + (f"write = {write}\n" if write else ""))
        await pbx.cli("manager reload")
        for user, (_, _, lacks) in USERS.items():
            async with asked(pbx, user) as rights:
                text = await rights.ask(patience_s=1.0, boot_s=1.0)
            assert lacks in text, user
            assert bool(text) is bool(lacks), user
            assert ("`read = system,call,agent,dialplan,user`" in text) is ("read " in lacks)
            assert ("`write = originate,reporting`" in text) is ("write " in lacks)
            assert not text or f"under [{user}] in manager.conf" in text
        assert "0 calls processed" in await pbx.cli("core show channels")


@pytest.mark.pbx
async def test_the_listener_says_so_once_and_keeps_it_for_the_doctor(
    pbx: Pbx, caplog: pytest.LogCaptureFixture
) -> None:
    with (pbx.folder / "etc/manager.conf").open("a") as file:
        file.write(f"\n[small]\nsecret = {pbx.ami_secret}\nread = system,call,agent,dialplan\nwrite = reporting\n")
    await pbx.cli("manager reload")
    book = Book()
    async with listening(pbx, book, user="small"):
        await book.when(lambda: book.troubles)
        await pbx.cli("core show channels")
    assert "lacks write originate" in book.troubles[0]
    assert caplog.text.count("lacks write originate") == 1
    async with listening(pbx, book):
        await book.when(lambda: len(book.troubles) == 2)
    assert book.troubles[1] == ""


def test_classes_that_nothing_was_ever_heard_of_are_told_after_enough_calls() -> None:
    rights = Rights(SETTINGS, Link(SETTINGS, events="off"))
    rights.see({"Event": "Newchannel"})
    said = [rights.ended(call(Verdict.ABANDONED_QUEUE, queue="ventas")) for _ in range(CALLS + 5)]
    assert [n for n, text in enumerate(said, 1) if text] == [QUEUED, CALLS]
    assert "lacks read agent:" in said[QUEUED - 1]
    assert "lacks read dialplan:" in said[CALLS - 1]


def test_classes_that_are_heard_or_not_wanted_are_not_missed() -> None:
    heard = Rights(SETTINGS, Link(SETTINGS, events="off"))
    for name in ("VarSet", "QueueCallerJoin"):
        heard.see({"Event": name})
    lean = SETTINGS.model_copy(update={"event_classes": "system,call"})
    for rights in (heard, Rights(lean, Link(lean, events="off"))):
        assert not any(rights.ended(call(Verdict.ABANDONED_QUEUE, queue="ventas")) for _ in range(100))
