"""A real MariaDB, the database of FreePBX."""

import asyncio
from collections.abc import Iterator

import pytest
from rich.console import Console

from ringbackd.sandbox.kit import ensure
from ringbackd.sandbox.mariadb import MariaDb


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    """One server for the whole session."""
    kit = asyncio.run(ensure(("mariadb",), console=Console(stderr=True)))
    server = MariaDb(kit.roots["mariadb"], tmp_path_factory.mktemp("mariadb"))
    with asyncio.Runner() as runner:
        runner.run(server.start())
        yield server
        runner.run(server.stop())
