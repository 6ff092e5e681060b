"""Folders that other Unix users can reach."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def outside() -> Iterator[Path]:
    """A folder whose parents let everybody through."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
