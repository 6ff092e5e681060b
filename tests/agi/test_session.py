"""What pyst2's class does wrong, and a peer that is no Asterisk, or a hostile one."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest
from asterisk.agi import AGIError, AGIUsageError

from agi.session import LONGEST_LINE, Gone, Session

GREETING = "agi_uniqueid: 1.1\nagi_callerid: 5551\n\n"


def session(answers: str, greeting: str = GREETING) -> tuple[Session, io.StringIO]:
    """A session whose peer says this, and what it was told."""
    told = io.StringIO()
    return Session(io.StringIO(greeting + answers, newline="\n"), told), told


@pytest.mark.parametrize(
    "answers",
    [
        "",
        "200 resu",
        "HANGUP\n",
        "HANGUP\n200 result=-1\n",
        "200 result=-1\n",
        "200 result=-1 endpos=0\n",
        "200 result=1 (hangup)\n",
        "511 Command Not Permitted on a dead channel or intercept routine\n",
        "no answer at all\n",
        "\n",
        "200\n",
        "200 result=\n",
        "200 result=1 (no end\n" + "x\n" * 1000,
        "520-Invalid command syntax.  Proper usage follows:\n" + "x\n" * 1000,
        "100 Trying...\n" * 1000,
        "200 result=" + "9" * (LONGEST_LINE + 10) + "\n",
    ],
)
def test_the_call_is_over_and_nothing_else(answers: str) -> None:
    talk, _ = session(answers)
    with pytest.raises(Gone):
        talk.play(["ringback/es/welcome"])


@pytest.mark.parametrize("greeting", ["", "agi_uniqueid: 1", "agi_uniqueid: 1\n" * 500, "x" * 2 * LONGEST_LINE])
def test_a_greeting_that_is_none(greeting: str) -> None:
    with pytest.raises(Gone):
        session("", greeting)


def test_a_signal_of_one_line_does_not_block() -> None:
    talk, _ = session("520 Invalid command syntax.  Proper usage not available.\n200 result=49 endpos=1\n")
    with pytest.raises(AGIUsageError, match="not available"):
        talk.answer()
    assert talk.play(["x"]) == "1"


def test_a_usage_of_several_lines_is_read_to_its_end() -> None:
    talk, _ = session("520-Invalid command syntax.  Proper usage follows:\nUsage: ANSWER\n520 End of proper usage.\n")
    with pytest.raises(AGIUsageError, match="Usage: ANSWER"):
        talk.answer()


@pytest.mark.parametrize("answer", ["510 Invalid or unknown command", "403 Forbidden", "999 x"])
def test_what_asterisk_does_not_take_is_said(answer: str) -> None:
    talk, _ = session(answer + "\n")
    with pytest.raises(AGIError):
        talk.answer()


def test_trying_is_waited_out() -> None:
    assert session("100 Trying...\n200 result=50\n")[0].listen(1) == "2"


def test_a_value_with_line_breaks_is_one_value() -> None:
    talk, _ = session("200 result=1 (one\ntwo) (three\nfour)\n200 result=51 endpos=8\n")
    assert talk.expand("${X}") == "one\ntwo) (three\nfour"
    assert talk.play(["x"]) == "3"


def test_no_value_ends_its_quotes_or_its_line() -> None:
    talk, told = session("200 result=1\n")
    talk.set_variable("X", 'a"b\\c\r\nHANGUP\nd\x00')
    assert told.getvalue() == 'SET VARIABLE "X" "a\\"b\\\\c  HANGUP d "\n'


def test_a_command_is_one_line() -> None:
    talk, told = session("200 result=0\n")
    talk.execute("NOOP", "a\nHANGUP")
    assert told.getvalue() == "NOOP a HANGUP\n"


def test_nothing_reaches_the_console(capfd: pytest.CaptureFixture[str]) -> None:
    talk, _ = session("200 result=0\n")
    talk.answer()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("result", ["0", "256", "999", "65", "-5"])
def test_only_keys_of_a_telephone_are_keys(result: str) -> None:
    assert session(f"200 result={result} endpos=7\n")[0].play(["x"]) == ""


def test_a_sound_that_is_not_there() -> None:
    assert session("200 result=0 endpos=0\n")[0].play_one("x") == ("", False)


def test_a_session_off_the_main_thread() -> None:
    made: list[Session] = []
    thread = threading.Thread(target=lambda: made.append(session("")[0]))
    thread.start()
    thread.join(5)
    assert made[0].env["agi_callerid"] == "5551"


def test_a_conversation_has_an_end() -> None:
    now = [0.0]
    talk = Session(io.StringIO(GREETING + "200 result=0\n" * 9), io.StringIO(), 10, lambda: now[0])
    talk.answer()
    now[0] = 11
    with pytest.raises(Gone, match="too long"):
        talk.answer()


def test_a_peer_that_stalls() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rw", encoding="utf-8", newline="\n") as stream:
        ours.settimeout(0.05)
        theirs.sendall(GREETING.encode())
        talk = Session(stream, stream)
        with pytest.raises(Gone):
            talk.answer()


def test_a_peer_that_reads_no_more() -> None:
    ours, theirs = socket.socketpair()
    with ours, suppress(OSError), ours.makefile("rw", encoding="utf-8", newline="\n") as stream:
        ours.settimeout(1)
        theirs.sendall(GREETING.encode())
        talk = Session(stream, stream)
        theirs.close()
        with pytest.raises(Gone):
            talk.answer()


def test_the_script_imports_the_standard_library_and_pyst2_only() -> None:
    code = "import agi.script, sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    foreign = set(loaded.stdout.split()) - set(sys.stdlib_module_names) - {"__main__", "agi", "asterisk", "six"}
    assert {name for name in foreign if not name.startswith(("_", "sitecustomize", "usercustomize"))} == set()
    assert not {"asyncio", "zoneinfo", "importlib.resources", "tomllib", "logging", "socket"} & set(
        loaded.stdout.split()
    )


def test_time_is_measured_by_a_clock_that_is_never_set() -> None:
    assert Session.__init__.__defaults__ is not None
    assert time.monotonic in Session.__init__.__defaults__
