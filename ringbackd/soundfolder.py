"""The folder of sounds on the PBX. What Ringback put there it may replace; any other file is a person's, and wins.

A file is Ringback's own when its name and its SHA-256 are in the ledger `made.txt` beside the languages. The ledger is
written before the file, so that a crash in between never makes a rendering look like a recording.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

LEDGER = "made.txt"


class BusyError(Exception):
    """Somebody else is writing into the folder at this moment."""


class SoundFolder:
    """The sounds by their keys, such as es/welcome; each may be there in several formats."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._ours = dict(_entries(root / LEDGER))
        self._files: dict[str, list[Path]] = defaultdict(list)
        for path in sorted(root.glob("*/*")):
            if path.is_file() and not path.name.startswith("."):
                self._files[_key(path)].append(path)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the folder for oneself. Raises BusyError, OSError."""
        _open_folder(self.root)
        # Links are not followed: root may write into a folder that belongs to a lesser user.
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        with os.fdopen(os.open(self.root / LEDGER, flags, 0o644), "a", encoding="utf-8") as self._ledger:
            if os.fstat(self._ledger.fileno()).st_uid == os.geteuid():
                os.fchmod(self._ledger.fileno(), 0o644)
            try:
                fcntl.flock(self._ledger, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BusyError(f"{self.root}: another `ringback prompts` is writing here; wait for its end") from None
            yield

    @property
    def keys(self) -> list[str]:
        """Every sound that is there."""
        return sorted(key for key, files in self._files.items() if files)

    def files(self, key: str) -> list[Path]:
        """The formats of a sound."""
        return self._files.get(key, [])

    def recorded(self, key: str) -> list[Path]:
        """Those of them that a person put there."""
        return [path for path in self.files(key) if self._entry(path) not in self._ours]

    def made(self, key: str) -> str | None:
        """What a sound of ours was made of; None when it is not there, not whole, or in part a person's."""
        found = {self._ours.get(self._entry(path)) for path in self.files(key)}
        return found.pop() if len(found) == 1 else None

    def contents(self, key: str) -> dict[str, bytes]:
        """The formats of a sound and their bytes."""
        return {path.suffix[1:]: path.read_bytes() for path in self.files(key)}

    def put(self, key: str, made: str, formats: Mapping[str, bytes]) -> bool:
        """Put a sound there in place of our older one; not where a person's is, which is left alone."""
        old = [path for path in self.files(key) if self._entry(path) in self._ours]
        theirs, new = self.recorded(key), []
        if not theirs:
            new = [self._place(key, extension, made, content) for extension, content in formats.items()]
        for path in old:
            if path not in new:
                path.unlink()
        self._files[key] = theirs + new
        return not theirs

    def _place(self, key: str, extension: str, made: str, content: bytes) -> Path:
        path = self.root / f"{key}.{extension}"
        _open_folder(path.parent)
        name, digest = f"{key}.{extension}", hashlib.sha256(content).hexdigest()
        self._ours[name, digest] = made
        self._ledger.write(f"{digest} {made} {name}\n")
        self._ledger.flush()
        unfinished = path.with_name(f".{path.name}")
        unfinished.unlink(missing_ok=True)
        with unfinished.open("xb") as file:
            file.write(content)
        unfinished.chmod(0o644)
        unfinished.replace(path)
        return path

    def _entry(self, path: Path) -> tuple[str, str]:
        return path.relative_to(self.root).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()


def _open_folder(folder: Path) -> None:
    """Make a folder that Asterisk's user may enter, whatever the umask of who makes it."""
    if not folder.is_dir():
        _open_folder(folder.parent)
        folder.mkdir()
        folder.chmod(0o755)


def _key(path: Path) -> str:
    return f"{path.parent.name}/{path.name.partition('.')[0]}"


def _entries(ledger: Path) -> Iterator[tuple[tuple[str, str], str]]:
    if not ledger.exists():
        return
    for line in ledger.read_text(encoding="utf-8", errors="replace").splitlines():
        match line.split(" ", 2):
            case [digest, made, name]:
                yield (name, digest), made
