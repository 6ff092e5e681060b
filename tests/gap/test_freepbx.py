"""FreePBX's tables in a real MariaDB: the same verdicts as from the AMI, or none."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pymysql.converters
import pytest

from ami_listener import cel
from ami_listener.certainty import Certainty
from ami_listener.gap import Filler
from ami_listener.settings import PbxSettings
from ami_listener.tracker import Tracker
from ami_listener.wire import Framer
from ringback.call import Call, Direction, Source, Verdict
from ringbackd.sandbox.mariadb import MariaDb
from tests.listener.listenerkit import TRANSCRIPTS, calls
from tests.listener.test_captures import CAPTURES, UNTIMED

pytestmark = pytest.mark.pbx

FOLDER = Path(__file__).parents[3] / "shared" / "captures"
DATABASE, USER, PASSWORD = "asteriskcdrdb", "ringback", "p@ss w/rd%"
ESCAPED = "p%40ss%20w%2Frd%25"

TABLE = """
CREATE TABLE cel (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, eventtype varchar(30), eventtime datetime,
cid_name varchar(80), cid_num varchar(80), exten varchar(80), context varchar(80), channame varchar(80),
appname varchar(80), appdata varchar(1024), uniqueid varchar(32), linkedid varchar(32), peer varchar(255),
extra varchar(512)) DEFAULT CHARSET=utf8mb4;
"""


@dataclass
class Tables:
    """FreePBX's database, filled."""

    server: MariaDb

    def settings(self, *reads: str, **values: object) -> PbxSettings:
        own = {"secret": "x", "short_s": 0, "answered_after_s": 0, "timezone": "UTC"}
        files = {"queue_log": FOLDER / "freepbx-queue_log"}
        gap = [{"read": read, "file": files.get(read)} for read in reads]
        url = self.server.url(DATABASE, USER, ESCAPED)
        return PbxSettings.model_validate({**own, "database": url, "gap": gap, **values})


def fill(server: MariaDb, statements: str) -> Tables:
    """A database anew, and somebody who may read it and no more."""
    server.execute(f"drop database if exists {DATABASE}; create database {DATABASE}")
    server.execute(statements, DATABASE)
    server.execute(f"drop user if exists {USER}; create user {USER} identified by '{PASSWORD}'")
    server.execute(f"grant select on {DATABASE}.* to {USER}")
    return Tables(server)


@pytest.fixture(scope="module")
def dump(mariadb: MariaDb) -> Tables:
    if not CAPTURES:
        pytest.skip("the recordings are not beside this checkout")
    return fill(mariadb, gzip.decompress((FOLDER / "freepbx-cdr-cel.sql.gz").read_bytes()).decode())


def live(path: Path) -> list[Call]:
    """The call as its AMI stream tells it."""
    return calls(Framer().feed(gzip.decompress(path.read_bytes())), UNTIMED)


async def from_cel(settings: PbxSettings, since: float = 0.0) -> dict[str, Call]:
    filler, tracker, certainty = Filler(settings), Tracker(settings), Certainty()
    reader = await filler.written_cel(since)
    assert reader
    found: dict[str, Call] = {}
    async for event in filler.events(reader, since):
        certainty.see(event)
        ended = (certainty.settle(one) for one in tracker.feed(event, 0.0) if isinstance(one, Call))
        found |= {call.linkedid: call for call in ended}
    return found


async def test_every_captured_call_has_the_same_verdict_from_the_cel_table(dump: Tables) -> None:
    found = await from_cel(dump.settings("cel"))
    for path in CAPTURES:
        for call in live(path):
            told = found[call.linkedid]
            assert (told.verdict, told.direction) == (call.verdict, call.direction), path.name
            assert (told.caller, told.did, told.queues, told.agent) == (call.caller, call.did, call.queues, call.agent)


@pytest.mark.parametrize("reads", [("cdr",), ("queue_log",), ("cdr", "queue_log")], ids=" and ".join)
async def test_cdr_and_queue_log_are_right_or_do_not_know(dump: Tables, reads: tuple[str, ...]) -> None:
    found = await Filler(dump.settings(*reads)).calls(0.0)
    right = 0
    for path in CAPTURES:
        for call in live(path):
            told = found.get(call.linkedid)
            assert told is None or told.verdict in {call.verdict, Verdict.UNKNOWN}, path.name
            assert told is None or told.direction is call.direction, path.name
            right += told is not None and told.verdict is call.verdict
    assert right >= {("cdr",): 11, ("queue_log",): 5, ("cdr", "queue_log"): 11}[reads]
    assert {call.source for call in found.values()} <= {Source.CDR, Source.QUEUE_LOG}
    assert not any(call.missed for call in found.values() if call.direction is not Direction.INBOUND)


async def test_only_what_is_young_enough_is_read(dump: Tables) -> None:
    everything = await from_cel(dump.settings("cel"))
    since = 1795370331.0
    some = await from_cel(dump.settings("cel"), since)
    assert set(some) == {linkedid for linkedid, call in everything.items() if call.started >= since}
    assert set(await Filler(dump.settings("cdr")).calls(since)) <= set(some)


async def test_local_times_are_those_of_the_zone_that_is_set(dump: Tables) -> None:
    shifted = await from_cel(dump.settings("cel", timezone="America/Lima"))
    right = await from_cel(dump.settings("cel"))
    assert {shifted[one].started - right[one].started for one in right} == {5 * 3600.0}


async def test_a_wrong_password_and_a_missing_table_are_one_line_that_holds_no_password(dump: Tables) -> None:
    wrong = Filler(dump.settings("cel", database=dump.server.url(DATABASE, USER, "guess-me")))
    missing = Filler(dump.settings("cdr", gap=[{"read": "cdr", "table": "cdr_archive"}]))
    away = Filler(dump.settings("cel", database=f"mysql://{USER}:guess-me@127.0.0.1:1/{DATABASE}"))
    odd = Filler(dump.settings("cel", database="oracle9i://x:guess-me@h/d"))
    troubles = [filler.probe()[0][1] for filler in (wrong, missing, away, odd)]
    expected = ("Access denied", "cdr_archive", "refused", "mysql://user:password")
    for trouble, words in zip(troubles, expected, strict=True):
        assert words in trouble
        assert "\n" not in trouble
        assert "guess-me" not in trouble


def rows() -> Iterator[str]:
    """The kit's own CEL as FreePBX would have stored it: local time in whole seconds, in the order of writing."""
    columns = [name for name in cel.Row._fields if name != "peer"]
    for line in (TRANSCRIPTS / "cel.csv").read_text(encoding="utf-8").splitlines():
        row = cel.parse(line)
        assert row
        when = datetime.fromtimestamp(float(row.eventtime), UTC).strftime("%F %T")
        values = [str(getattr(row._replace(eventtime=when), name)) for name in columns]
        quoted = ",".join(f"'{pymysql.converters.escape_string(value)}'" for value in values)
        yield f"insert into cel ({','.join(columns)}) values ({quoted})"  # noqa: S608  # quoted above


async def test_the_kits_own_calls_keep_their_verdicts_in_whole_seconds(mariadb: MariaDb) -> None:
    tables = fill(mariadb, ";".join([TABLE.strip().rstrip(";"), *rows()]))
    exact = {call.linkedid: call for call in calls(cel.Tail(TRANSCRIPTS / "cel.csv", 0.0), UNTIMED)}
    found = await from_cel(tables.settings("cel"))
    assert set(found) == set(exact)
    for linkedid, call in exact.items():
        assert found[linkedid].verdict in {call.verdict, Verdict.UNKNOWN}, (found[linkedid], call)
        assert found[linkedid].talk == pytest.approx(call.talk, abs=1.5)
    assert sum(found[one].verdict is exact[one].verdict for one in exact) >= 0.8 * len(exact)
