"""`ringback record` on a real Asterisk, and on servers that behave badly."""

import asyncio
import signal
import socket
import struct
import subprocess
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import pytest

from ringback.call import Verdict
from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.phones import RINGS, AgentPhone
from ringbackd.sandbox.process import until
from ringbackd.sandbox.sip import Caller
from tests.replay.recordings import calls, replayed
from tests.service.services import settings

WELCOME = b"Asterisk Call Manager/9.0.0\r\nResponse: Success\r\nMessage: Authentication accepted\r\n\r\n"
REFUSAL = b"Asterisk Call Manager/9.0.0\r\nResponse: Error\r\nMessage: Authentication failed\r\n\r\n"
EVENT = b"Event: Newchannel\r\nChannel: PJSIP/987654321-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\r\n"


def config(folder: Path, port: int, **pbx: str) -> Path:
    return settings(folder, pbx={"port": port, "connect_timeout_s": 2, **pbx})


class Recording:
    """`ringback record` as a process of its own."""

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments

    async def __aenter__(self) -> Self:
        command = [sys.executable, "-m", "ringbackd.cli", "record", *map(str, self.arguments)]
        self.process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
        return self

    async def ended(self) -> tuple[int, str, str]:
        async with asyncio.timeout(30):
            out, err = await self.process.communicate()
        return self.process.returncode or 0, out.decode(), err.decode()

    async def __aexit__(self, *error: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.communicate()


async def recorded(*arguments: object) -> tuple[int, str, str]:
    async with Recording(*arguments) as recording:
        return await recording.ended()


@asynccontextmanager
async def server(*sends: bytes, stays: bool = True) -> AsyncIterator[int]:
    """An AMI that answers the login with these bytes, and then stays or resets the connection; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.writelines(sends)
        await writer.drain()
        if stays:
            await reader.read()
        else:
            await asyncio.sleep(0.2)  # a reset overtakes what was sent just before it
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield listening.sockets[0].getsockname()[1]
    listening.close()


async def grown(path: Path, end: bytes) -> None:
    await until(lambda: ends(path, end), seconds=15, otherwise=lambda: f"{path} does not end so")


def ends(path: Path, end: bytes) -> bool:
    return path.exists() and path.read_bytes().endswith(end)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.pbx
@pytest.mark.parametrize("anonymise", [False, True], ids=["as it is", "anonymised"])
async def test_a_recorded_call_has_its_verdict(
    kit: Kit, pbx: Pbx, caller: Caller, tmp_path: Path, anonymise: bool
) -> None:
    path, part = tmp_path / "new.ami", tmp_path / "new.ami.part"
    options = ["--anonymise"] if anonymise else []
    where = config(tmp_path, pbx.ami_port, secret=pbx.ami_secret)
    async with Recording("-c", where, *options, path) as recording, AgentPhone(kit, pbx, "101", default=RINGS) as sales:
        await until(lambda: _logged_in(pbx), seconds=15, otherwise=lambda: "nobody logs in")
        abandons = await caller.dial("987654321", "5550100", name="João Ñandú")
        await sales.call()
        await abandons.hang_up()
        await (await caller.dial("987654322", "5550104")).ended()
        await asyncio.sleep(0.5)
        recording.process.send_signal(signal.SIGINT)
        code, out, err = await recording.ended()
    assert (code, err) == (0, "")
    assert "2 calls ended" in out
    assert not part.exists()
    found = calls(path)
    assert [call.verdict for call in found] == [Verdict.SHORT, Verdict.CLOSED]
    assert replayed(path).unfinished() == []
    there = [word.encode() in path.read_bytes() for word in ("987654321", "987654322", "5550100", "João")]
    assert there == [not anonymise] * 4


async def _logged_in(pbx: Pbx) -> bool:
    return "ringback" in await pbx.cli("manager show connected")


async def test_it_ends_by_itself_after_the_minutes(tmp_path: Path) -> None:
    async with server(WELCOME, EVENT) as port:
        code, out, err = await recorded("-c", config(tmp_path, port), "--minutes", "0.01", tmp_path / "new.gz")
    assert code == 0
    assert "1 events of calls" in out
    assert "timestampevents" in err
    assert (tmp_path / "new.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert b"".join(replayed(tmp_path / "new.gz").stream.recording) == WELCOME + EVENT


async def test_without_settings_the_command_line_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with server(WELCOME, EVENT) as port:
        where = ("--host", "127.0.0.1", "--port", port, "--minutes", "0.01", tmp_path / "new.ami")
        code, _, err = await recorded(*where)
        assert (code, err.strip()) == (2, "the secret of the AMI user is missing: set RINGBACK_AMI_SECRET")
        monkeypatch.setenv("RINGBACK_AMI_SECRET", "s3cret")
        assert (await recorded(*where))[0] == 0
    assert (tmp_path / "new.ami").read_bytes() == WELCOME + EVENT


async def test_a_port_that_is_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGBACK_AMI_SECRET", "s3cret")
    code, _, err = await recorded("--port", "70000", tmp_path / "new.ami")
    assert code == 2
    assert err.startswith("--port: ")


async def test_sigterm_ends_it_with_all_that_came(tmp_path: Path) -> None:
    async with server(WELCOME, EVENT) as port, Recording("-c", config(tmp_path, port), tmp_path / "new.ami") as one:
        await grown(tmp_path / "new.ami.part", EVENT)
        one.process.terminate()
        assert (await one.ended())[0] == 0
    assert (tmp_path / "new.ami").read_bytes() == WELCOME + EVENT


async def test_of_a_recording_that_is_killed_what_came_is_left(tmp_path: Path) -> None:
    async with server(WELCOME, EVENT) as port:
        async with Recording("-c", config(tmp_path, port), tmp_path / "new.ami"):
            await grown(tmp_path / "new.ami.part", EVENT)
        code, _, err = await recorded("-c", config(tmp_path, port), tmp_path / "new.ami")
    assert (code, "new.ami.part: is there already" in err) == (2, True)
    assert (tmp_path / "new.ami.part").read_bytes() == WELCOME + EVENT


async def test_a_connection_that_breaks_leaves_what_came_before(tmp_path: Path) -> None:
    async with server(WELCOME, EVENT, stays=False) as port:
        code, _, err = await recorded("-c", config(tmp_path, port), tmp_path / "new.ami")
    assert code == 1
    assert f"closed the connection; what came before it is in {tmp_path / 'new.ami'}" in err
    assert (tmp_path / "new.ami").read_bytes() == WELCOME + EVENT


@pytest.mark.parametrize(
    ("sends", "words"),
    [((REFUSAL,), "login refused (Authentication failed)"), ((b"no AMI\r\n\r\n",), "no answer to the login")],
)
async def test_without_a_login_there_is_no_file(tmp_path: Path, sends: tuple[bytes, ...], words: str) -> None:
    async with server(*sends) as port:
        code, _, err = await recorded("-c", config(tmp_path, port), tmp_path / "new.ami")
    assert (code, words in err, len(err.splitlines())) == (1, True, 1)
    assert names(tmp_path) == ["ringback.toml"]


async def test_where_nobody_listens_it_says_so(tmp_path: Path) -> None:
    code, _, err = await recorded("-c", config(tmp_path, 1), tmp_path / "new.ami")
    assert (code, "look at pbx.host and pbx.port" in err) == (1, True)


async def test_a_file_that_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    code, _, err = await recorded("-c", config(tmp_path, 1), tmp_path / "old")
    assert (code, "is there already" in err) == (2, True)
    assert (tmp_path / "old").read_text() == "old"


def test_minutes_are_checked(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ringbackd.cli", "record", "--minutes", "nan", str(tmp_path / "new")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "'nan' is not a number of minutes from 0 to 10080" in done.stderr
