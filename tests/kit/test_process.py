import asyncio
import signal
import sys
from pathlib import Path

from ringbackd.sandbox.process import Process, run, until

STARTER = """
import asyncio, sys
from pathlib import Path
from ringbackd.sandbox.process import Process

async def main():
    child = await Process.start(["sleep", "60"], log=Path(sys.argv[1]))
    print(child.pid, flush=True)
    await child.ended()

asyncio.run(main())
"""


def gone(pid: int) -> bool:
    """A zombie, which only its adopted parent can collect, is gone too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] == "Z"
    except FileNotFoundError:
        return True


async def test_a_child_does_not_outlive_a_parent_that_was_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STARTER, tmp_path / "log", stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout
    child = int(await parent.stdout.readline())
    assert not gone(child)
    parent.kill()
    await parent.wait()
    await until(lambda: gone(child), seconds=5, otherwise=lambda: "the child lives on")


async def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    stubborn = ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]
    child = await Process.start(stubborn, log=tmp_path / "log")
    await until(lambda: "ready" in child.tail(), seconds=5, otherwise=child.tail)
    await child.stop(grace=0.1)
    assert await child.ended() == -signal.SIGKILL


async def test_run_returns_the_code_and_all_lines() -> None:
    lines: list[str] = []
    assert await run(["sh", "-c", "echo one; echo two >&2; exit 3"], lines.append) == (3, "one\ntwo\n")
    assert lines == ["one\n", "two\n"]
