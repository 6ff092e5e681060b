"""`ringback replay` as an admin meets it."""

import io
import json
import os
import sys
from pathlib import Path

import pytest
from rich.console import Console

from ringbackd import cli
from ringbackd.replayrows import Source, ended
from ringbackd.replayshow import print_tables
from tests.listener import listenerkit
from tests.listener.listenerkit import only
from tests.replay.recordings import LINE, TRANSCRIPTS, raw, untimed

FIELDS = ["seq", "file", "time", "from", "to", "direction", "verdict", "queue", "wait", "talk", "agent", "reason"]
FIELDS += ["missed", "pbx", "linkedid", "queues", "phones"]


def transcript(name: str) -> str:
    return str(TRANSCRIPTS[0].with_name(f"{name}.ami"))


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "ringback.toml").write_text(LINE)
    return str(tmp_path / "ringback.toml")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_fields_of_a_call_have_stable_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["replay", "--json", transcript("queue_abandoned"), transcript("blind_transfer")]) == 0
    first, second = lines(capsys)
    assert list(first) == FIELDS
    assert (first["from"], first["to"], first["verdict"], first["missed"]) == (
        "987654301",
        "5550100",
        "abandoned_queue",
        True,
    )
    assert str(first["time"])[10:11] == "T"
    assert (second["seq"], second["agent"], second["queues"], second["phones"]) == (
        2,
        "101",
        ["ventas"],
        ["102", "101"],
    )


def test_without_times_there_are_no_durations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "untimed").write_bytes(untimed(raw("queue_answered")))
    assert cli.main(["replay", "--json", str(tmp_path / "untimed")]) == 0
    printed = capsys.readouterr()
    row = json.loads(printed.out)
    assert (row["time"], row["wait"], row["talk"], row["verdict"]) == (None, None, None, "answered")
    assert "timestampevents" in printed.err


def test_a_call_that_goes_on_has_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "early").write_bytes(raw("queue_abandoned")[:20_000])
    assert cli.main(["replay", "--json", str(tmp_path / "early")]) == 0
    (row,) = lines(capsys)
    assert (row["verdict"], row["missed"], row["reason"]) == (None, False, "still up at the end of the recording")


def test_a_table_shows_every_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["replay", *(str(path) for path in TRANSCRIPTS)]) == 0
    shown = capsys.readouterr().out
    for word in ("abandoned_queue", "lost_in_transfer", "987654311", "5550104", "ivr-1", f"{len(TRANSCRIPTS)} calls"):
        assert word in shown


def test_what_a_caller_calls_himself_cannot_command_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "evil").write_bytes(raw("queue_abandoned").replace(b"987654301", b"[red]\x1b[2J"))
    assert cli.main(["replay", str(tmp_path / "evil")]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "[red]\N{REPLACEMENT CHARACTER}[2J" in shown


def test_the_reason_of_a_verdict_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["replay", "--explain", "1795374950.0", transcript("closed"), transcript("queue_abandoned")]) == 0
    shown = capsys.readouterr().out
    assert "inbound call from 987654301 to 5550100   Newchannel PJSIP/carrier-00000000" in shown
    assert "verdict: abandoned_queue (ventas): the caller hung up while waiting in a queue" in shown


def test_cases_say_what_would_have_been_done(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    files = [transcript("queue_abandoned"), transcript("queue_short"), transcript("queue_answered")]
    assert cli.main(["replay", "--cases", "--json", "-c", config, *files]) == 0
    missed, short, answered = (row["case"] for row in lines(capsys))
    assert isinstance(missed, dict)
    assert (missed["action"], missed["to"], missed["template"]) == (
        "send",
        "+51987654301",
        "ringback_missed_call (es)",
    )
    assert isinstance(short, dict)
    assert (short["action"], short["why"]) == ("suppress", "short: hung up within seconds")
    assert isinstance(answered, dict)
    assert answered["action"] == "nothing"


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with Path(transcript("closed")).open("rb") as file:
        kept = os.dup(0)
        os.dup2(file.fileno(), 0)
        try:
            assert cli.main(["replay", "--json", "-"]) == 0
        finally:
            os.dup2(kept, 0)
            os.close(kept)
    assert [row["verdict"] for row in lines(capsys)] == ["closed"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["{folder}/none"], 2, "{folder}/none: there is no such file"),
        (["{folder}"], 2, "{folder}: Is a directory"),
        (["--cases", "-c", "{folder}/none.toml", "{closed}"], 2, "{folder}/none.toml: there is no such file"),
        (["--cases", "-c", "{config}", "{untimed}"], 1, "--cases needs them, or --start TIME"),
        (["--start", "2026-11-22T10:00", "{closed}"], 2, "--start is for --cases"),
        (["{closed}", "{folder}/empty"], 2, "{folder}/empty: is no recorded AMI stream: it is empty"),
        (["{folder}/page"], 2, "{folder}/page: is no recorded AMI stream: it holds no event"),
        (["{folder}/torn"], 2, "{folder}/torn: is no recorded AMI stream: the gzip data is torn"),
        (["--explain", "1.1", "{closed}"], 1, "there is no call '1.1'"),
        (["--anonymise-to", "{closed}", "{closed}"], 2, "is there already"),
        (["--anonymise-to", "{folder}/new", "-"], 2, "reads its recording twice"),
        (["--anonymise-to", "{folder}/new", "{closed}", "{closed}"], 2, "one recording at a time"),
        (["--anonymise-to", "{folder}/none/new", "{closed}"], 1, "No such file or directory"),
    ],
)
def test_mistakes_are_said_in_one_line(
    arguments: list[str], code: int, words: str, tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "untimed").write_bytes(untimed(raw("closed")))
    (tmp_path / "empty").touch()
    (tmp_path / "page").write_text("<html>\r\n\r\nThe Event: of the year")
    (tmp_path / "torn").write_bytes(b"\x1f\x8b\x08torn")
    values = {
        "folder": str(tmp_path),
        "closed": transcript("closed"),
        "config": config,
        "untimed": str(tmp_path / "untimed"),
    }
    assert cli.main(["replay", *(argument.format(**values) for argument in arguments)]) == code
    said = capsys.readouterr().err
    assert words.format(**values) in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "new").exists()


def test_a_recording_of_a_quiet_minute_has_no_calls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "quiet").write_bytes(b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\n\r\n")
    assert cli.main(["replay", "--json", str(tmp_path / "quiet")]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "no event of a call in it" in printed.err


def test_missed_is_what_would_open_a_case(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["replay", "--json", transcript("queue_short")]) == 0
    Path(config).write_text(LINE.replace("[line.callback]", "contact_short = true\n[line.callback]"))
    assert cli.main(["replay", "--json", "-c", config, transcript("queue_short")]) == 0
    assert [(row["verdict"], row["missed"]) for row in lines(capsys)] == [("short", False), ("short", True)]


def test_settings_need_no_more_than_the_pbx(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pbx.toml").write_text('[pbx]\nname = "quito"\nsecret = "s"\n')
    assert cli.main(["replay", "--json", "-c", str(tmp_path / "pbx.toml"), transcript("closed")]) == 0
    assert [row["pbx"] for row in lines(capsys)] == ["quito"]


def test_cases_of_recordings_without_times_begin_when_one_says(
    tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = []
    for name in ("queue_abandoned", "queue_answered"):
        files.append(str(tmp_path / name))
        (tmp_path / name).write_bytes(untimed(raw(name)))
    at = "2026-11-22T10:00:00"
    assert cli.main(["replay", "--cases", "--json", "-c", config, "--start", at, *files]) == 0
    missed, answered = lines(capsys)
    assert (missed["time"], missed["wait"], answered["verdict"]) == (None, None, "answered")
    case = missed["case"]
    assert isinstance(case, dict)
    assert case["action"] == "send"
    assert str(case["at"]).startswith("2026-11-22T10:0")


@pytest.mark.parametrize(("width", "left_out"), [(80, ("ventas", "1795374950.0")), (300, ())])
def test_a_narrow_terminal_is_given_what_it_has_room_for(width: int, left_out: tuple[str, ...]) -> None:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    rows = [ended(1, Source("f", "lima", timed=True), only(listenerkit.transcript("queue_abandoned")))]
    print_tables(console, rows)
    shown = console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO
    assert all(len(line) <= width for line in shown.splitlines())
    assert {word for word in ("ventas", "1795374950.0", "987654301", "abandoned_queue") if word not in shown} == set(
        left_out
    )
    assert ("for want of room" in shown) is bool(left_out)


def test_a_recording_is_anonymised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["replay", "--anonymise-to", str(tmp_path / "new.ami.gz"), transcript("queue_abandoned")]) == 0
    assert (tmp_path / "new.ami.gz").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["new.ami.gz"]
    capsys.readouterr()
    assert cli.main(["replay", "--json", str(tmp_path / "new.ami.gz")]) == 0
    (row,) = lines(capsys)
    assert (row["verdict"], row["linkedid"]) == ("abandoned_queue", "1795374950.0")
    assert row["from"] != "987654301"


def test_a_reader_that_has_seen_enough_ends_it_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

        def fileno(self) -> int:
            return quiet.fileno()

    with Path("/dev/null").open("w") as quiet:
        monkeypatch.setattr(sys, "stdout", Closed())
        assert cli.main(["replay", "--json", transcript("closed")]) == 0
