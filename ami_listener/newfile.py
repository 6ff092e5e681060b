"""A file that is there whole or not at all, and never in place of another one."""

from __future__ import annotations

import errno
import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path


@contextmanager
def new_file(path: Path) -> Iterator[BufferedIOBase]:
    """Write PATH.part, readable by its owner alone; it becomes PATH at the end of the block, if nothing was raised.

    A name that ends in .gz is compressed. Raises FileExistsError (with the name) when PATH or PATH.part is there, and
    other OSErrors. When the process is killed PATH.part stays, and what is in it can be read.
    """
    part = path.with_name(path.name + ".part")
    if path.exists():
        raise FileExistsError(errno.EEXIST, "exists already; it is not overwritten", str(path))
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        try:
            if path.suffix == ".gz":
                with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file) as packed:
                    yield packed
            else:
                yield file
            file.flush()
            os.fsync(file.fileno())
            os.link(part, path)
        finally:
            part.unlink()
