"""The server and the script against peers of every kind, and facts that outlive whoever leaves them."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from agi import fastagi
from agi.fastagi import FastAgi
from agi.menu import FILE, Menu, dump, load, read_number
from agi.offer import House, run
from agi.spool import HELD_S, LONGEST, Datum, Spool, contents
from tests.agi.peer import GREETING, Caller, serve
from tests.agi.test_offer import LINE

MENU = Menu(pbx="pbx", lines=(replace(LINE, messaging=((0, 9e9),), calling=((0, 9e9),)),), salt="s")
FACT: dict[str, Datum] = {"pbx": "p", "linkedid": "1", "key": "1", "choice": "whatsapp"}


@pytest.fixture
def door(tmp_path: Path) -> Iterator[FastAgi]:
    """A server for three calls at once."""
    house = House(MENU, Spool(tmp_path))
    server = FastAgi("127.0.0.1", 0, {"offer": lambda session: run(session, house)}, most=3)
    server.start()
    yield server
    server.close()


def facts(folder: Path) -> list[dict[str, Datum]]:
    return [json.loads(path.read_text()) for path in folder.glob("*.fact")]


def wait_for(folder: Path, count: int) -> list[dict[str, Datum]]:
    """The facts, as soon as there are so many."""
    give_up = time.monotonic() + 20
    while len(found := facts(folder)) < count and time.monotonic() < give_up:
        time.sleep(0.01)
    return found


def await_log(caplog: pytest.LogCaptureFixture, text: str) -> None:
    give_up = time.monotonic() + 20
    while text not in caplog.text and time.monotonic() < give_up:
        time.sleep(0.01)
    assert text in caplog.text


def call(door: FastAgi, caller: Caller) -> None:
    serve(socket.create_connection(("127.0.0.1", door.port), timeout=10), caller)


def test_calls_at_the_same_time_do_not_meet(door: FastAgi, tmp_path: Path) -> None:
    callers = [Caller([("welcome", f"{1 + number % 2}11")], told={"linkedid": f"{number}"}) for number in range(3)]
    threads = [threading.Thread(target=call, args=(door, caller)) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    found = {fact["linkedid"]: fact["choice"] for fact in wait_for(tmp_path, 3)}
    assert found == {"0": "whatsapp", "1": "callback", "2": "whatsapp"}


@pytest.mark.parametrize(
    "said", [b"", b"\n", b"\x00\xff\xfe\n\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"x" * 100_000]
)
def test_whoever_else_connects_is_let_go(door: FastAgi, tmp_path: Path, said: bytes) -> None:
    # The door may be shut before he has said everything.
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as strange, suppress(OSError):
        strange.sendall(said)
        strange.shutdown(socket.SHUT_WR)
        while strange.recv(65536):
            pass
    call(door, Caller([("welcome", "11")]))
    assert len(wait_for(tmp_path, 1)) == 1


def test_too_many_calls_are_turned_away_and_the_others_go_on(door: FastAgi, tmp_path: Path) -> None:
    silent = [socket.create_connection(("127.0.0.1", door.port), timeout=10) for _ in range(3)]
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as one_more:
        assert one_more.recv(1) == b""
    for one in silent:
        one.close()
    give_up = time.monotonic() + 20
    while not facts(tmp_path) and time.monotonic() < give_up:
        try:
            call(door, Caller([("welcome", "11")]))
        except OSError:
            continue
    assert len(facts(tmp_path)) == 1


@pytest.mark.parametrize("said", [b"", b"a"])
def test_who_does_not_say_who_calls_keeps_no_place(
    tmp_path: Path, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fastagi, "GREETING_S", 1.0)
    door = FastAgi("127.0.0.1", 0, {}, most=1)
    door.start()
    with socket.create_connection(("127.0.0.1", door.port), timeout=20) as slow:
        slow.settimeout(0.1)
        gone, give_up = False, time.monotonic() + 20
        while not gone and time.monotonic() < give_up:
            gone = ended(slow)
            with suppress(ConnectionError):
                slow.sendall(said)
    assert gone
    door.close()


def ended(connection: socket.socket) -> bool:
    """Whether the other side is gone; waits for it a moment."""
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_calls_are_taken_again_when_files_can_be_opened_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    door = FastAgi("127.0.0.1", 0, {"offer": lambda session: run(session, House(MENU, Spool(tmp_path)))})
    caller, before = Caller([("welcome", "11")]), resource.getrlimit(resource.RLIMIT_NOFILE)
    waiting = socket.create_connection(("127.0.0.1", door.port), timeout=20)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, before[1]))
    try:
        door.start()
        await_log(caplog, "could not take a call")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    serve(waiting, caller)
    assert len(wait_for(tmp_path, 1)) == 1
    door.close()


def test_where_it_cannot_be_kept_nothing_is_promised(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    gone = House(MENU, Spool(tmp_path / "gone"))
    door = FastAgi("127.0.0.1", 0, {"offer": lambda session: run(session, gone)})
    door.start()
    caller = Caller([("welcome", "11")])
    call(door, caller)
    await_log(caplog, "could not be served")
    door.close()
    assert caller.played == ["welcome", "sorry"]
    assert not [command for command in caller.commands if "UserEvent" in command]
    assert "Traceback" not in caplog.text


def test_a_daemon_that_ends_keeps_what_was_chosen(door: FastAgi, tmp_path: Path) -> None:
    class Slow(Caller):
        def answer(self, command: str) -> str:
            if "confirm-number" in command:
                door.close()
            return super().answer(command)

    with suppress(OSError):
        call(door, Slow([("offer-whatsapp", "1")]))
    (fact,) = wait_for(tmp_path, 1)
    assert fact["choice"] == "whatsapp"


def script(folder: Path) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "agi.script", str(folder)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True, bufsize=1)
    assert process.stdin is not None
    process.stdin.writelines(f"{name}: {value}\n" for name, value in GREETING.items())
    process.stdin.write("\n")
    process.stdin.flush()
    return process


def play(process: subprocess.Popen[str], caller: Caller, until: str = "") -> None:
    """Be Asterisk until the script ends, or until a command comes that has this in it."""
    assert process.stdin is not None
    assert process.stdout is not None
    for line in process.stdout:
        if until and until in line:
            return
        process.stdin.write(caller.answer(line.rstrip("\n")) + "\n")
        process.stdin.flush()


def test_the_script_says_the_same(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(dump(MENU))
    with script(tmp_path) as process:
        caller = Caller([("offer-whatsapp", "1"), ("confirm-number", "1")])
        play(process, caller)
        assert (process.wait(20), caller.variables["RINGBACK_OFFER"]) == (0, "whatsapp")
    assert [fact["choice"] for fact in facts(tmp_path)] == ["whatsapp"]


def test_the_script_outlives_the_hang_up(tmp_path: Path) -> None:
    """Asterisk sends SIGHUP and takes the pipe away."""
    (tmp_path / FILE).write_text(dump(MENU))
    with script(tmp_path) as process:
        play(process, Caller([("offer-whatsapp", "1")]), until="confirm-number")
        process.send_signal(signal.SIGHUP)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.stdout.close()
        assert process.wait(20) == 0
    assert [fact["choice"] for fact in facts(tmp_path)] == ["whatsapp"]


def test_what_was_chosen_is_taken_as_soon_as_its_script_is_killed(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(dump(MENU))
    spool = Spool(tmp_path)
    with script(tmp_path) as process:
        play(process, Caller([("offer-whatsapp", "1")]), until="confirm-number")
        assert spool.waiting(time.time()) == [], "he is still being asked"
        assert len(spool.waiting(time.time() + HELD_S + 1)) == 1, "no lock is for ever"
        process.kill()
    (held,) = spool.waiting(time.time())
    assert json.loads(held.read_text())["choice"] == "whatsapp"


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"lines": [{}]}', '{"lines": 7}'])
def test_a_script_without_a_menu_says_why(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / FILE).write_text(text)
    with script(tmp_path) as process:
        _, told = process.communicate(timeout=20)
    assert process.returncode == 1
    assert told.startswith("ringback-offer: ")
    assert f"is {tmp_path} the [offer] folder of ringback.toml" in told
    assert "Traceback" not in told
    assert len(told.splitlines()) == 1


def test_the_same_fact_is_there_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for _ in range(3):
        spool.hold(FACT)
        spool.leave(FACT)
    assert len(spool.waiting(time.time())) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_what_is_being_written_is_not_picked_up(tmp_path: Path) -> None:
    (tmp_path / ".abc.fact.1.2").write_text("{")
    (tmp_path / "menu.json").write_text("{}")
    (tmp_path / "folder.fact").mkdir()
    (tmp_path / "link.fact").symlink_to("/etc/passwd")
    assert Spool(tmp_path).waiting(time.time()) == []


def test_a_link_or_a_pipe_that_takes_the_place_of_a_fact_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "link.fact").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.fact")
    with pytest.raises(OSError, match="symbolic"):
        contents(tmp_path / "link.fact")
    assert contents(tmp_path / "pipe.fact") == b""


def test_of_a_huge_file_no_more_is_read_than_a_fact_can_have(tmp_path: Path) -> None:
    with (tmp_path / "huge.fact").open("wb") as file:
        file.truncate(1 << 40)
    assert len(contents(tmp_path / "huge.fact")) == LONGEST


def test_what_was_never_written_to_its_end_is_swept_away(tmp_path: Path) -> None:
    old, young = (tmp_path / f".abc.{suffix}.1.{age}" for suffix, age in (("fact", 1), ("held", 2)))
    for path in (old, young, tmp_path / "a.fact", tmp_path / ".x.y.z.conf"):
        path.touch()
        os.utime(path, (1, 1))
    os.utime(young)
    Spool(tmp_path).sweep(time.time())
    assert {path.name for path in tmp_path.iterdir()} == {young.name, "a.fact", ".x.y.z.conf"}


def test_the_group_reads_a_fact_whatever_the_umask(tmp_path: Path) -> None:
    spool, before = Spool(tmp_path), os.umask(0o077)
    try:
        spool.hold(FACT)
        spool.leave({**FACT, "key": "2"})
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o660}
    spool.leave(FACT)


def test_a_menu_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(dump(MENU))
    found = load(tmp_path)
    assert dump(found) == dump(MENU)
    assert found.line("", ("5550100",), "") is not None
    assert found.line("", (), "ventas") is not None
    assert found.line("", ("", "1"), "") is None


def test_numbers_are_read_by_the_patterns_of_the_menu() -> None:
    line = MENU.lines[0]
    assert read_number(line, "987654321").mobile is True
    assert read_number(line, "+51 987 654 321").mobile is True
    assert read_number(line, "014445566").mobile is False
    assert read_number(line, "+12025550123").rings is False
    assert read_number(line, "123").why == "wrong-number"
