"""What nobody can take now, kept on disk in order: an SQLite file, so that a kill or a power cut tears nothing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ami_listener.registry import CallStarted
from ami_listener.sink import Item, LinkDown, LinkUp, Lost, Resynced, Trouble
from ringback.call import Call

PAGE = 4096
"""Bytes of a page; SQLite counts the size of a file in pages."""

SETUP = (
    f"PRAGMA page_size = {PAGE}",
    "PRAGMA auto_vacuum = FULL",  # what is dropped gives its place on the disk back
    "CREATE TABLE IF NOT EXISTS items (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, body BLOB)",
)

BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
"""What SQLite says of a file that no later try will read."""

PRIMARY = 0xFF
"""The part of SQLite's error code that tells the kind of error."""

KINDS: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind) for kind in (CallStarted, Call, LinkUp, LinkDown, Resynced, Lost, Trouble)
}


class SpillError(Exception):
    """The file cannot be used now: one line that names it and says why."""


class Spill:
    """A queue in one file, of at most `limit` bytes. It is made when something is put in, and not before.

    What `append` has returned from is on the disk. `first` shows the oldest, `drop` takes them off. Every method may
    raise SpillError and has then changed nothing. Calls must not overlap; they may come from different threads.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self.path, self._limit = path, limit
        self._file: sqlite3.Connection | None = None
        self._taken = 0
        self.waiting = 0

    def open(self) -> None:
        """Look for what a run before this one has left, and whether there is a place to write to."""
        if self.path.exists():
            self._connect()
        elif not os.access(self.path.parent, os.W_OK | os.X_OK):
            raise SpillError(f"{self.path.parent} is no folder that this user may write to; see pbx.spill_folder")

    def append(self, items: Sequence[Item]) -> None:
        """Keep all of them, or none."""
        rows = [(type(item).__name__, KINDS[type(item).__name__].dump_json(item)) for item in items]
        file = self._file or self._connect()
        try:
            with file:
                file.executemany("INSERT INTO items (kind, body) VALUES (?, ?)", rows)
        except sqlite3.Error as error:
            raise self._trouble(error) from error
        self.waiting += len(rows)

    def first(self, count: int) -> list[Item | None]:
        """The oldest ones; None for one that cannot be read."""
        if self._file is None:
            return []
        query = "SELECT kind, body FROM items WHERE id > ? ORDER BY id LIMIT ?"
        try:
            return [_read(kind, body) for kind, body in self._file.execute(query, (self._taken, count))]
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def drop(self, count: int) -> None:
        """The oldest ones are done with. Where the disk does not let us say so, they are at least not shown again."""
        if self._file is None:
            return
        query = "SELECT max(id) FROM (SELECT id FROM items WHERE id > ? ORDER BY id LIMIT ?)"
        try:
            (last,) = self._file.execute(query, (self._taken, count)).fetchone()
            self._taken = last or self._taken
            self.waiting -= count
            with self._file:
                self._file.execute("DELETE FROM items WHERE id <= ?", (self._taken,))
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _connect(self) -> sqlite3.Connection:
        try:
            self.path.touch(mode=0o600)  # it holds customers' numbers
            file = self._file = sqlite3.connect(self.path, timeout=1.0, check_same_thread=False)
            for line in (*SETUP, f"PRAGMA max_page_count = {max(self._limit // PAGE, 1)}"):
                file.execute(line)
            (self.waiting,) = file.execute("SELECT count(*) FROM items").fetchone()
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise self._trouble(error) from error
        return file

    def _trouble(self, error: sqlite3.Error | OSError) -> SpillError:
        """What to say of an error; a file that no later try could read is put aside."""
        why = str((isinstance(error, OSError) and error.strerror) or error)
        if getattr(error, "sqlite_errorcode", 0) & PRIMARY in BROKEN:
            self.close()
            self.waiting = 0
            with suppress(OSError):
                why += f"; it was put aside as {self.path.replace(self.path.with_suffix('.broken')).name}"
        return SpillError(f"{self.path}: {why}")


def _read(kind: str, body: bytes) -> Item | None:
    try:
        item: Item = KINDS[kind].validate_json(body)
    except (KeyError, ValidationError):
        return None
    return item
