"""From Debian's packages to an unpacked root: once for all processes, and only ever whole."""

import asyncio
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from rich.console import Console

from .apt import Apt, Progress
from .errors import KitError
from .process import run, until
from .progress import shown

_WHOLE = ".whole"
"""The marker in a root that was unpacked to the end."""


async def fetch(root: Path, suite: str, packages: Sequence[str], console: Console) -> None:
    """Make sure that `root` holds `packages` of a Debian suite and all that they need. Raises KitError.

    Two processes never fetch at once; what was downloaded before an interruption is used again.
    """
    if (root / _WHOLE).exists():
        return
    try:
        async with _alone(root.parent, console):
            if not (root / _WHOLE).exists():
                await _fetch(root, suite, packages, console)
    except OSError as error:
        where = "free about 1 GB there, or set RINGBACK_CACHE to another folder"
        raise KitError(f"{error.filename or root.parent} cannot be written ({error.strerror}): {where}") from None


async def _fetch(root: Path, suite: str, packages: Sequence[str], console: Console) -> None:
    """Download and unpack into a folder beside `root`, which it becomes only when it is whole."""
    unfinished = root.with_name(root.name + ".unfinished")
    for left_over in (unfinished, root):
        shutil.rmtree(left_over, ignore_errors=True)
    apt_home = root.with_name(f"apt-{suite}")
    with shown(console, f"Debian {suite}") as progress:
        files = await Apt(apt_home, suite).fetch(packages, progress)
        await unpack(files, unfinished, progress)
    # Onto the disk before it counts as whole; and Redis would wait for its own file behind all these.
    await asyncio.to_thread(os.sync)
    (unfinished / _WHOLE).touch()
    unfinished.rename(root)
    shutil.rmtree(apt_home)


async def unpack(packages: Sequence[Path], root: Path, progress: Progress) -> None:
    """Unpack .deb files into `root`, two at a time. Raises KitError."""
    lanes, done = asyncio.Semaphore(2), 0

    async def one(package: Path) -> None:
        nonlocal done
        async with lanes:
            code, printed = await run(["dpkg-deb", "-x", str(package), str(root)])
        if code:
            raise KitError(f"{package} cannot be unpacked ({' '.join(printed.split())}): delete it and try again")
        done += 1
        progress(done / len(packages), f"unpacking package {done} of {len(packages)}")

    failed: list[BaseException] = []
    try:
        async with asyncio.TaskGroup() as group:
            for package in packages:
                group.create_task(one(package))
    except* KitError as failures:
        failed += failures.exceptions
    if failed:  # raised here, for inside `except*` Python 3.11.2 would wrap it in a group again
        raise failed[0]


@asynccontextmanager
async def _alone(cache: Path, console: Console) -> AsyncIterator[None]:
    """Hold the cache's lock; while another process has it, say so and wait."""
    with _lock_file(cache) as lock:
        if not _locked(lock):
            console.print("another process is fetching the sandbox's programs: waiting for it")
            await until(lambda: _locked(lock), seconds=600, otherwise=lambda: f"{cache}/lock is still held: try again")
        yield


def _lock_file(cache: Path) -> IO[str]:
    cache.mkdir(parents=True, exist_ok=True)
    return (cache / "lock").open("w")


def _locked(lock: IO[str]) -> bool:
    """Try to take the lock; the kernel gives it back when we end in whatever way."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
