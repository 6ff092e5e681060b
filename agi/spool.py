"""Facts left in a folder, for the daemon to pick up: nothing is lost while it, or Redis, is away.

A fact appears whole or not at all. What a caller chose is kept from the moment he pressed the key (`.held`): if the
process dies before the conversation ends, the daemon takes that after a while.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

FACT, HELD, BAD = ".fact", ".held", ".bad"
HELD_S = 400.0
"""Longer than any conversation (`agi.session.CALL_S`)."""
Datum = str | float | bool


def _nobody() -> None:
    """Nobody waits for a fact."""


class Spool:
    """A folder of facts. `heard` is called when a new one is there. Methods raise OSError."""

    def __init__(self, folder: Path, heard: Callable[[], None] = _nobody) -> None:
        self.folder, self._heard = folder, heard

    def hold(self, fact: Mapping[str, Datum]) -> None:
        """Keep what is known already of a fact that is not complete yet; nobody reads it while its process lives."""
        self._file(fact, HELD).write_text(json.dumps(dict(fact)), encoding="utf-8")

    def leave(self, fact: Mapping[str, Datum], *, sync: bool = True) -> None:
        """Leave a fact; with `sync` it outlives a loss of power."""
        self._write(self._file(fact, FACT), fact, sync=sync)
        self._file(fact, HELD).unlink(missing_ok=True)
        self._heard()

    def waiting(self, now: float) -> list[Path]:
        """The facts to be picked up, the oldest first."""
        return [path for _, path in sorted(self._ripe(now))]

    def _ripe(self, now: float) -> list[tuple[float, Path]]:
        found = []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.endswith((FACT, HELD)) and entry.is_file(follow_symlinks=False):
                    at = entry.stat(follow_symlinks=False).st_mtime
                    if entry.name.endswith(FACT) or at + HELD_S < now:
                        found.append((at, Path(entry.path)))
        return found

    def _file(self, fact: Mapping[str, Datum], suffix: str) -> Path:
        """One file for each call and key: the same told twice is there once."""
        name = "|".join(str(fact[part]) for part in ("pbx", "linkedid", "key"))
        return self.folder / (hashlib.sha256(name.encode()).hexdigest()[:24] + suffix)

    def _write(self, path: Path, fact: Mapping[str, Datum], *, sync: bool) -> None:
        part = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
        with part.open("x", encoding="utf-8") as file:
            file.write(json.dumps(dict(fact)))
            file.flush()
            part.replace(path)
            if sync:  # after the rename: one commit of the file system then holds both (a torn file has its .held yet)
                os.fsync(file.fileno())
