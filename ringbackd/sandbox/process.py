"""Child processes on loopback ports: they start in the background, log to a file and die with us."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import IO

from .errors import KitError

_IF_PARENT_LIVES = '[ "$PPID" = "$0" ] && exec "$@"'
_handed_out: set[int] = set()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port of 127.0.0.1 that is free now and that this process has not handed out before.

    Up to four test runs at the same time divide the ports (RINGBACK_PORTS), or one could be handed out by two before
    anybody listens on it; in pairs, for Linux gives out odd ports before even ones.
    """
    lane = os.environ.get("RINGBACK_PORTS", "")
    while True:
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _handed_out and lane in {"", str(port // 2 % 4)}:
            _handed_out.add(port)
            return port


def free_udp_port() -> int:
    """Return a free UDP port in the same way."""
    return free_port(socket.SOCK_DGRAM)


async def until(probe: Callable[[], bool | Awaitable[bool]], *, seconds: float, otherwise: Callable[[], str]) -> None:
    """Ask `probe` every 20 ms until it says yes; raise KitError with the text of `otherwise` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not await _said_yes(probe):
        if time.monotonic() > deadline:
            raise KitError(otherwise())
        await asyncio.sleep(0.02)


async def _said_yes(probe: Callable[[], bool | Awaitable[bool]]) -> bool:
    answer = probe()
    return answer if isinstance(answer, bool) else await answer


class Process:
    """One running child. Its output goes to `log`; the kernel kills it when the thread that started it is gone."""

    def __init__(self, child: asyncio.subprocess.Process, log: Path) -> None:
        self._child = child
        self.log = log

    @classmethod
    async def start(
        cls, argv: Sequence[str], *, log: Path, cwd: Path | None = None, keep: Sequence[int] = ()
    ) -> "Process":
        """Run `argv`; the file descriptors in `keep` stay open in the child."""
        with log.open("ab") as output:
            return cls(await _spawn(argv, output, cwd=cwd, keep=keep), log)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the child has not ended yet."""
        return self._child.returncode is None

    async def ended(self) -> int:
        """Wait for the end and return the exit code, negative for a signal."""
        return await self._child.wait()

    async def stop(self, *, grace: float = 5.0) -> None:
        """Ask the child to end (SIGTERM), make it end after `grace` seconds (SIGKILL)."""
        await _end(self._child, grace)

    def tail(self, lines: int = 5) -> str:
        """Return the last lines of the log on one line, for an error message."""
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-lines:])


async def run(argv: Sequence[str], on_line: Callable[[str], None] = lambda _line: None) -> tuple[int, str]:
    """Run a program to its end; return its exit code and all that it printed. Stops it when we are cancelled."""
    child = await _spawn(argv, asyncio.subprocess.PIPE)
    try:
        return await _read(child, on_line)
    except BaseException:
        await _end(child, grace=0)
        raise


async def _read(child: asyncio.subprocess.Process, on_line: Callable[[str], None]) -> tuple[int, str]:
    lines = []
    while child.stdout and (raw := await child.stdout.readline()):
        lines.append(raw.decode(errors="replace"))
        on_line(lines[-1])
    return await child.wait(), "".join(lines)


async def _end(child: asyncio.subprocess.Process, grace: float) -> None:
    """SIGTERM, and SIGKILL after `grace` seconds.

    With os.kill, because the child's own methods may collect its exit code before asyncio does, which then complains.
    """
    for sign, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, None)):
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, sign)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(child.wait(), patience)


async def _spawn(
    argv: Sequence[str], output: int | IO[bytes], *, cwd: Path | None = None, keep: Sequence[int] = ()
) -> asyncio.subprocess.Process:
    """Start `argv` under setpriv, which asks the kernel for the parent-death signal before the program begins.

    A parent that died before that moment sends no signal: so the shell between looks whether we are still its parent.
    """
    if shutil.which("setpriv") is None:
        raise KitError("setpriv is not on the PATH: install the package util-linux and try again")
    return await asyncio.create_subprocess_exec(
        "setpriv", "--pdeathsig", "KILL", "--", "sh", "-c", _IF_PARENT_LIVES, str(os.getpid()), *argv,
        stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=asyncio.subprocess.STDOUT,
        cwd=cwd, pass_fds=tuple(keep), start_new_session=True,
        env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
