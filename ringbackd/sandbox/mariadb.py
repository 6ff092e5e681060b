"""A real MariaDB, the database of FreePBX, in a scratch folder and on a free loopback port."""

from pathlib import Path

import pymysql
from pymysql.cursors import Cursor

from .errors import KitError
from .kit import Root
from .process import Process, free_port, run, until

_SYSTEM = ("mysql_system_tables.sql", "mysql_system_tables_data.sql")
"""What mariadb-install-db feeds to the server, in order; the help texts are left out."""

_ROOT = """replace into global_priv values ('%', 'root', '{"access":18446744073709551615}');"""
"""Whoever runs the server may do everything over loopback."""


class MariaDb:
    """One server; user root without a password, as whoever runs it. `stop` and `start` again keep its data."""

    def __init__(self, root: Root, folder: Path) -> None:
        self._root = root
        self.folder = folder.absolute()
        self._process: Process | None = None
        self.port = free_port()

    def url(self, database: str, user: str = "root", password: str = "") -> str:
        """Where SQLAlchemy connects."""
        return f"mysql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    async def start(self) -> None:
        """Run the server and return when it answers. Raises KitError with the end of its log after 30 seconds."""
        data = self.folder / "data"
        if not data.is_dir():
            await self._install(data)
        argv = [*self._argv(data), f"--port={self.port}", "--bind-address=127.0.0.1"]
        process = self._process = await Process.start(argv, log=self.folder / "mariadb.log")
        await until(self._answers, seconds=30, otherwise=lambda: f"MariaDB did not start: {process.tail()}")

    async def stop(self) -> None:
        """End the server as an administrator does."""
        if self._process:
            await self._process.stop(grace=10)

    async def __aenter__(self) -> "MariaDb":
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    def execute(self, statements: str, database: str | None = None) -> None:
        """Run statements parted by semicolons, such as those of a dump. Raises pymysql.MySQLError."""
        flag = pymysql.constants.CLIENT.MULTI_STATEMENTS
        with (
            pymysql.connect(
                host="127.0.0.1", port=self.port, user="root", database=database, client_flag=flag, autocommit=True
            ) as connection,
            connection.cursor(Cursor) as cursor,
        ):
            cursor.execute(statements)
            while cursor.nextset():
                pass

    async def _install(self, data: Path) -> None:
        """Make the system tables, as mariadb-install-db does."""
        (data / "mysql").mkdir(parents=True)
        shared = self._root.folder / "usr/share/mysql"
        script = self.folder / "install.sql"
        parts = [(shared / name).read_text(encoding="utf-8") for name in _SYSTEM]
        script.write_text("\n".join(["use mysql;", *parts, _ROOT]), encoding="utf-8")
        bootstrap = ["sh", "-c", f'exec "$@" < "{script}"', "sh", *self._argv(data), "--bootstrap"]
        code, printed = await run(bootstrap)
        if code:
            raise KitError(f"MariaDB could not be installed: {' '.join(printed.split())[-500:]}")

    def _argv(self, data: Path) -> list[str]:
        options = {
            "basedir": str(self._root.folder / "usr"),
            "datadir": str(data),
            "lc-messages-dir": str(self._root.folder / "usr/share/mysql"),
            "character-sets-dir": str(self._root.folder / "usr/share/mysql/charsets"),
            "socket": "mariadb.sock",
            "pid-file": "mariadb.pid",
            "innodb-buffer-pool-size": "16M",
            "innodb-log-file-size": "4M",
        }
        program = self._root.argv("usr/sbin/mariadbd")
        return [*program, "--no-defaults", "--user=root", *(f"--{name}={value}" for name, value in options.items())]

    async def _answers(self) -> bool:
        if self._process is None or not self._process.running:
            raise KitError(f"MariaDB ended while starting: {self._process.tail() if self._process else ''}")
        try:
            self.execute("select 1")
        except pymysql.MySQLError:
            return False
        return True
