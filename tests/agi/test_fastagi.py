"""The server and the script against peers of every kind, and facts that outlive whoever leaves them."""

from __future__ import annotations

import json
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

from agi.fastagi import FastAgi
from agi.menu import FILE, Menu, dump, load, read_number
from agi.offer import House, run
from agi.spool import HELD_S, Datum, Spool
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


def test_a_script_that_is_killed_leaves_what_was_chosen(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(dump(MENU))
    with script(tmp_path) as process:
        play(process, Caller([("offer-whatsapp", "1")]), until="confirm-number")
        process.kill()
    spool = Spool(tmp_path)
    assert spool.waiting(time.time()) == []
    (held,) = spool.waiting(time.time() + HELD_S + 1)
    assert json.loads(held.read_text())["choice"] == "whatsapp"


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"lines": [{}]}', '{"lines": 7}'])
def test_a_script_without_a_menu_says_why(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / FILE).write_text(text)
    with script(tmp_path) as process:
        _, told = process.communicate(timeout=20)
    assert process.returncode == 1
    assert told.startswith("ringback-offer: ")
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
