"""Reading the CEL back: from any moment, through rotation, past whatever else is in the file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_listener import cel
from ami_listener.cel import Row, Tail, parse, translate
from ami_listener.sources import tail


def line(at: float, uid: str = "1.1", event: str = "CHAN_START", extra: str = "") -> str:
    quoted = extra.replace('"', '""')
    fields = [
        event,
        f"{at:.6f}",
        uid,
        uid,
        f"PJSIP/carrier-{uid}",
        "from-trunk",
        "5550100",
        "987654321",
        "",
        "",
        "",
        "",
    ]
    return ",".join(f'"{field}"' for field in [*fields, quoted]) + "\n"


def times(tail: Tail) -> list[float]:
    return [float(event["Timestamp"]) for event in tail]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ringback.csv"


def test_only_the_tail_is_read_however_large_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "BLOCK", 500)
    path.write_text("".join(line(at) for at in range(1000, 1400)))
    for since in (999.0, 1000.0, 1173.5, 1398.9, 1399.0, 1400.0):
        assert times(Tail(path, since)) == [float(at) for at in range(1000, 1400) if at >= since]


def test_the_search_stops_soon_after_the_tail(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "BLOCK", 500)
    path.write_text("".join(line(at) for at in range(1000, 1400)))
    seen: list[str] = []

    def counting(text: str) -> Row | None:
        seen.append(text)
        return parse(text)

    monkeypatch.setattr(cel, "parse", counting)
    assert len(times(Tail(path, 1398.0))) == 2
    assert len(seen) < 20


def test_after_a_rotation_the_older_file_is_read_first(path: Path) -> None:
    path.with_name("ringback.csv.1").write_text(line(1000) + line(1001))
    path.write_text(line(1002))
    assert times(Tail(path, 1001.0)) == [1001.0, 1002.0]
    assert times(Tail(path, 1002.0)) == [1002.0]
    path.unlink()
    assert times(Tail(path, 1001.0)) == [1001.0]


def test_no_file_is_no_events(path: Path) -> None:
    assert times(Tail(path, 0.0)) == []


def test_a_torn_last_line_and_garbage_are_counted_not_raised(path: Path) -> None:
    path.write_bytes(line(1000).encode() + b'\xff\xfe"\n1,2,3\n\n' + line(1001).encode() + line(1002).encode()[:40])
    tail = Tail(path, 0.0)
    assert times(tail) == [1000.0, 1001.0]
    assert tail.skipped == 4


@given(st.binary(max_size=300))
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "garbage.csv"
    path.write_bytes(raw)
    assert isinstance(list(Tail(path, 0.0)), list)


def events(event: str, extra: str = "", **fields: str) -> list[str]:
    row = parse(line(1000, event=event, extra=extra).rstrip("\n"))
    assert row is not None
    return [one["Event"] for one in translate(row._replace(**fields))]


def test_what_each_row_says_in_ami() -> None:
    assert events("CHAN_START") == ["Newchannel"]
    assert events("ANSWER") == ["Newstate"]
    assert events("APP_START", appname="Queue", appdata="ventas,t") == ["Newexten", "QueueCallerJoin"]
    assert events("APP_END", appname="Queue") == ["QueueCallerLeave"]
    assert events("APP_END", appname="Playback") == []
    assert events("LINKEDID_END") == []


def test_a_hangup_says_who_asked_for_it() -> None:
    own = '{"hangupcause":16,"hangupsource":"PJSIP/carrier-1.1","dialstatus":"CANCEL"}'
    assert events("HANGUP", own) == ["HangupRequest", "DialEnd", "Hangup"]
    assert events("HANGUP", '{"hangupcause":16,"hangupsource":"dialplan/builtin","dialstatus":""}') == ["Hangup"]
    assert events("HANGUP", "{broken") == ["Hangup"]
    assert events("HANGUP", "[1]") == ["Hangup"]


def test_a_row_needs_a_time_and_a_channel() -> None:
    assert parse(line(1000).replace("1000.000000", "yesterday")) is None
    assert parse(line(1000, uid="")) is None
    assert isinstance(parse(line(1000)), Row)
