"""A recorded AMI stream: the raw bytes of one connection, plain or gzipped, read block by block."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import closing
from io import BufferedReader
from pathlib import Path

BLOCK = 1 << 16
"""Bytes read at a time."""

GZIP = b"\x1f\x8b"
"""How a gzip file begins, whatever it is called."""

STDIN = "-"


class Recording:
    """The bytes of a file; "-" is standard input. Reading it raises OSError where the file cannot be opened.

    `trouble` says why reading ended early ("" when it did not): a torn gzip file yields all that is whole of it.
    """

    def __init__(self, name: str) -> None:
        self.name = "standard input" if name == STDIN else name
        self._path = None if name == STDIN else Path(name)
        self.trouble = ""

    def __iter__(self) -> Iterator[bytes]:
        return with_crlf(self.raw())

    def raw(self) -> Iterator[bytes]:
        """The blocks as they were recorded, whatever their line ends are."""
        with closing(self._open()) as file:
            source = gzip.GzipFile(fileobj=file) if file.peek(len(GZIP)).startswith(GZIP) else file
            try:
                while block := source.read1(BLOCK):
                    yield block
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                self.trouble = f"the gzip data is torn ({error})"

    def _open(self) -> BufferedReader:
        return os.fdopen(os.dup(0), "rb") if self._path is None else self._path.open("rb")


def with_crlf(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same with the line ends of AMI, where an editor or a terminal has made bare line feeds of all of them.

    The first line end decides: inside a genuine stream a bare line feed is part of a value.
    """
    bare: bool | None = None
    last = b""
    for block in blocks:
        if bare is None and (end := block.find(b"\n")) >= 0:
            bare = (last + block)[: end + len(last)][-1:] != b"\r"
        last = block[-1:]
        yield block.replace(b"\n", b"\r\n") if bare else block
