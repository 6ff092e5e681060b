"""The parts of the gap without a PBX: clocks that are set, files that are torn, sources that lie or are away."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_listener.coarse import Judge, gather
from ami_listener.gap import Filler, Gap, Mark
from ami_listener.listener import Listener
from ami_listener.moments import Moments
from ami_listener.settings import PbxSettings
from ami_listener.sources import cdr, queuelog
from ami_listener.sources.clock import LocalClock
from ami_listener.sources.tail import Lines
from ami_listener.tracker import Tracker
from ringback.call import Call, Source, Verdict
from tests.listener.hostile import hostile
from tests.listener.listenerkit import SETTINGS, Script
from tests.listener.test_real_pbx import Book

OCTOBER = 1_761_440_400.0
"""2025-10-26 01:00 UTC: in Madrid the hour from two to three begins for the second time."""


def settings(*gap: dict[str, object], **values: object) -> PbxSettings:
    return PbxSettings.model_validate({"name": "lima", "secret": "x", "gap": gap, **values})


@pytest.mark.parametrize("seconds", [-1800.0, 1800.0])
def test_in_the_hour_that_comes_twice_the_age_of_the_channel_decides(seconds: float) -> None:
    clock, at = LocalClock("Europe/Madrid"), OCTOBER + seconds
    assert clock.epoch(clock.local(at), f"{at - 20:.0f}.7") == at
    assert clock.epoch(clock.local(at).isoformat(" "), f"pbx-{at:.0f}.7") == at


@given(st.one_of(st.text(), st.floats(), st.integers(-(10**18), 10**18), st.datetimes(), st.none()))
def test_no_time_that_is_written_raises(written: object) -> None:
    at = LocalClock("America/Lima").epoch(written)
    assert at is None or abs(at) < float("inf")


@given(st.lists(st.text(alphabet='",|\\x0a01279.:- aQ', max_size=80)))
def test_no_line_of_a_cdr_or_queue_log_raises(lines: list[str]) -> None:
    clock = LocalClock()
    rows = [row for line in lines if (row := cdr.of_line(line, clock))]
    entries = [entry for line in lines if (entry := queuelog.of_line(line))]
    judge = Judge(SETTINGS, rows)
    for evidence in gather(rows, entries).values():
        judge.call(evidence)


def test_what_follows_the_first_young_line_is_read_though_the_clock_was_set_back(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("100\n200\n60\n61\n300\n")
    assert list(Lines(path, 150.0, float)) == ["200", "60", "61", "300"]


def test_a_gap_in_which_the_clock_was_set_begins_early_enough() -> None:
    now = [1000.0, 50.0]
    moments = Moments(lambda: now[0], lambda: now[1])
    heard = moments.now()
    now[:] = [400.0, 80.0]  # half a minute later, and ten and a half minutes back
    assert moments.earliest(heard) == 370.0
    assert moments.step() == -630.0
    assert moments.step() == 0.0
    now[:] = [9000.0, 90.0]
    assert moments.earliest(heard) == 1000.0


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_a_clock_that_is_set_does_not_shorten_a_call(step: float) -> None:
    script, tracker = Script(10_000.0), Tracker(SETTINGS)
    script.inbound()
    script.up("1.1")
    script.say("QueueCallerJoin", "1.1", Queue="ventas")
    script.wait(20)
    for event in script.events:
        tracker.feed(event, script.at)
    script.events.clear()
    tracker.shift(step)
    script.wait(step + 2)
    script.say("HangupRequest", "1.1")
    script.say("QueueCallerLeave", "1.1")
    script.hangup("1.1")
    (call,) = (one for event in script.events for one in tracker.feed(event, script.at) if isinstance(one, Call))
    assert (call.verdict, call.wait, call.ended - call.started) == (Verdict.ABANDONED_QUEUE, 22.0, 22.0)


async def test_a_source_that_cannot_be_read_is_said_once_and_once_when_it_can(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "Master.csv"
    filler = Filler(settings({"read": "cdr", "file": path}))
    await filler.calls(0.0)
    await filler.calls(0.0)
    short = (
        '"","1","2","c","","PJSIP/a-1","","Queue","","2026-11-22 10:00:00",,"2026-11-22 10:00:09",9,0,"NO ANSWER",""'
    )
    path.write_text(short + "\n")
    await filler.calls(0.0)
    path.write_text(short + ',"1.1","","1.1",1\n')
    await filler.calls(0.0)
    first, second, third = (record.getMessage() for record in caplog.records)
    assert f"{path} cannot be read: No such file" in first
    assert "loguniqueid=yes and newcdrcolumns=yes" in second
    assert third.endswith("is a source of the gap again")


async def test_a_sqlite_file_with_other_columns_says_which_one_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "master.db"
    with sqlite3.connect(path) as database:
        database.execute("create table cel (eventtype, eventtime, uniqueid, channame)")
    filler = Filler(settings({"read": "cel", "file": path}))
    assert "has no column linkedid" in filler.probe()[0][1]
    assert "there is no table cdr" in Filler(settings({"read": "cdr", "file": path})).probe()[0][1]


def queue_log(path: Path, uniqueid: str, *lines: str) -> Path:
    path.write_text("".join(f"{line.replace('ID', uniqueid)}\n" for line in lines))
    return path


class Diary:
    """A memory that holds a mark from before."""

    def __init__(self, mark: Mark | None) -> None:
        self.mark = mark
        self.gaps: list[Gap] = []
        self.written = asyncio.Event()

    async def heard(self, mark: Mark) -> None:
        self.mark = mark

    async def last_heard(self) -> Mark | None:
        return self.mark

    async def gap(self, gap: Gap) -> None:
        self.gaps.append(gap)
        self.written.set()


def no_channels(action: dict[str, str]) -> Iterator[str]:
    own = f"ActionID: {action['ActionID']}\r\n"
    yield f"Response: Success\r\n{own}EventList: start\r\n\r\n"
    yield f"Event: CoreShowChannelsComplete\r\n{own}EventList: Complete\r\n\r\n"


@pytest.mark.parametrize("known", [True, False])
async def test_a_gap_of_a_day_is_filled_where_the_last_run_left_its_mark(tmp_path: Path, known: bool) -> None:
    now = 1_795_400_000.0
    at = int(now - 80_000)
    lines = (f"{at}|ID|q|NONE|ENTERQUEUE||987654321|1", f"{at + 9}|ID|q|NONE|ABANDON|1|1|9")
    path = queue_log(tmp_path / "queue_log", f"{at}.1", *lines)
    diary, book = Diary(Mark(now - 90_000, now - 90_060) if known else None), Book()
    async with hostile() as server:
        server.replies["CoreShowChannels"] = no_channels
        own = server.settings(gap=[{"read": "queue_log", "file": path}], settle_s=0.05)
        listening = asyncio.create_task(Listener(own, book, memory=diary, clock=lambda: now).run())
        await asyncio.wait_for(diary.written.wait(), 10)
        await book.when(lambda: book.resyncs)
        listening.cancel()
        await asyncio.wait({listening})
    assert [(call.verdict, call.source, call.wait) for call in book.calls] == (
        [(Verdict.ABANDONED_QUEUE, Source.QUEUE_LOG, 9.0)] if known else []
    )
    assert diary.gaps[0].since == (now - 90_000 if known else now)
    assert diary.gaps[0].calls == len(book.calls)
