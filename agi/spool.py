"""Facts left in a folder, for the daemon to pick up: nothing is lost while it, or Redis, is away.

A fact appears whole or not at all. What a caller chose is kept from the moment he pressed the key (`.held`), locked by
the process that talks to him: if that dies before the conversation ends, the daemon takes it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TextIO

FACT, HELD, BAD = ".fact", ".held", ".bad"
HELD_S = 400.0
"""Longer than any conversation (`agi.session.CALL_S`): then a lock does not count any more."""
LONGEST = 65_536
"""Bytes of a fact that are read: it has some hundred."""
MODE = 0o660
"""Asterisk's user writes and Ringback's reads, whatever the umask: they share the group."""
Datum = str | float | bool


def _nobody() -> None:
    """Nobody waits for a fact."""


class Spool:
    """A folder of facts. `heard` is called when a new one is there, `held` with one that is not complete yet. Methods
    raise OSError."""

    def __init__(
        self,
        folder: Path,
        heard: Callable[[], None] = _nobody,
        held: Callable[[Mapping[str, Datum]], None] = lambda _fact: None,
    ) -> None:
        self.folder, self._heard, self._held = folder, heard, held
        self._locks: dict[Path, TextIO] = {}

    def hold(self, fact: Mapping[str, Datum]) -> None:
        """Keep what is known already of a fact that is not complete yet; nobody reads it while its process lives."""
        path = self._file(fact, HELD)
        self._locks[path] = self._write(path, fact, sync=False)
        self._held(fact)

    def leave(self, fact: Mapping[str, Datum], *, sync: bool = True) -> None:
        """Leave a fact; with `sync` it outlives a loss of power."""
        held = self._file(fact, HELD)
        try:
            self._write(self._file(fact, FACT), fact, sync=sync).close()
            held.unlink(missing_ok=True)
        finally:
            if lock := self._locks.pop(held, None):
                lock.close()
        self._heard()

    def waiting(self, now: float) -> list[Path]:
        """The facts to be picked up, the oldest first."""
        return [path for _, path in sorted(self._ripe(now))]

    def sweep(self, now: float) -> None:
        """Take away what was never finished being written."""
        for path in self.folder.glob(".*.*.*.*"):
            if path.name.split(".")[2] in (FACT[1:], HELD[1:]) and path.lstat().st_mtime + HELD_S < now:
                path.unlink(missing_ok=True)

    def _ripe(self, now: float) -> list[tuple[float, Path]]:
        found = []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.endswith((FACT, HELD)) and entry.is_file(follow_symlinks=False):
                    with suppress(FileNotFoundError):  # its process has just completed it
                        at = entry.stat(follow_symlinks=False).st_mtime
                        if entry.name.endswith(FACT) or at + HELD_S < now or not _locked(Path(entry.path)):
                            found.append((at, Path(entry.path)))
        return found

    def _file(self, fact: Mapping[str, Datum], suffix: str) -> Path:
        """One file for each call and key: the same told twice is there once."""
        name = "|".join(str(fact[part]) for part in ("pbx", "linkedid", "key"))
        return self.folder / (hashlib.sha256(name.encode()).hexdigest()[:24] + suffix)

    def _write(self, path: Path, fact: Mapping[str, Datum], *, sync: bool) -> TextIO:
        """The file, which is locked until it is closed."""
        part = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
        file = part.open("x", encoding="utf-8")
        try:
            os.fchmod(file.fileno(), MODE)
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(json.dumps(dict(fact)))
            file.flush()
            part.replace(path)
            if sync:  # after the rename: one commit of the file system then holds both (a torn file has its .held yet)
                os.fsync(file.fileno())
        except OSError:
            part.unlink(missing_ok=True)
            with suppress(OSError):  # what it could not write it cannot write now
                file.close()
            raise
        return file


def contents(path: Path) -> bytes:
    """What is in a fact's file, at most LONGEST bytes. Raises OSError, also for a link that took its place."""
    with _opened(path) as file:
        return file.read(LONGEST) or b""


def _locked(path: Path) -> bool:
    """Whether the process that wrote it lives; True, too, where that cannot be told."""
    try:
        with _opened(path) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def _opened(path: Path) -> BinaryIO:
    """Somebody may put a link or a pipe in its place: the one is not followed, the other not waited for."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
