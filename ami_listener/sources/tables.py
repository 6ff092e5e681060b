"""A table of CEL, CDR or queue_log rows, in SQLite or in FreePBX's MariaDB, read in the order it was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, column, create_engine, inspect, literal_column, select, table
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError

from ami_listener.sources.clock import LocalClock
from ami_listener.sources.trouble import SourceError

PAGE = 2_000
"""Rows read at a time."""

PATIENCE_S = 10
"""How long a database may be silent."""

Record = Mapping[str, Any]
"""One row by our names of its columns; a column that the table has not is ""."""

Fields = Mapping[str, ColumnElement[Any]]
"""Columns by our names for them."""

DRIVERS = {"mysql": "mysql+pymysql", "mariadb": "mysql+pymysql"}


def database(url: str) -> Engine:
    """The engine for a database URL. Raises SourceError; its text never holds the password."""
    try:
        parsed = make_url(url)
        parsed = parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
        limits = {"connect_timeout": PATIENCE_S, "read_timeout": PATIENCE_S} if "pymysql" in parsed.drivername else {}
        return create_engine(parsed, pool_pre_ping=True, pool_size=1, connect_args=limits)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError):
        raise SourceError(
            "pbx.database cannot be used; write it like mysql://user:password@localhost/asteriskcdrdb"
        ) from None


def sqlite(path: Path) -> Engine:
    """The engine for a SQLite file, which is only ever read."""
    url = URL.create("sqlite", database=f"file:{path.absolute()}", query={"mode": "ro", "uri": "true"})
    return create_engine(url, connect_args={"timeout": PATIENCE_S})


class Table:
    """One table. `columns`: our names, each with the names that Asterisk's back-ends and FreePBX give the column.

    `time` is our name of the column with the time, `needed` those without which a row says nothing.
    """

    def __init__(
        self, engine: Engine, name: str, columns: Mapping[str, tuple[str, ...]], needed: tuple[str, ...], time: str
    ) -> None:
        self.name, self._engine, self._columns, self._needed, self._time = name, engine, columns, needed, time

    @property
    def where(self) -> str:
        """The table and its database, for people."""
        url = self._engine.url
        return f"table {self.name} of {url.host}/{url.database}" if url.host else f"table {self.name} of {url.database}"

    def pages(
        self, since: float, time_of: Callable[[Record], float | None], clock: LocalClock
    ) -> Iterator[list[Record]]:
        """The rows written from `since` (seconds since the epoch) on, page by page. Raises SourceError."""
        try:
            yield from self._pages(since, time_of, clock)
        except NoSuchTableError:
            raise SourceError(f"there is no {self.where}") from None
        except SQLAlchemyError as error:
            raise SourceError(f"{self.where} cannot be read: {_why(error)}") from None

    def newest(self, time_of: Callable[[Record], float | None]) -> float | None:
        """The time of the last row; None when there is none. Raises SourceError."""
        try:
            fields, key = self._fields()
            order = fields[self._time] if key is None else key
            rows = self._read(self._select(fields, key).order_by(order.desc()).limit(1))
        except NoSuchTableError:
            raise SourceError(f"there is no {self.where}") from None
        except SQLAlchemyError as error:
            raise SourceError(f"{self.where} cannot be read: {_why(error)}") from None
        return time_of(rows[0]) if rows else None

    def _pages(
        self, since: float, time_of: Callable[[Record], float | None], clock: LocalClock
    ) -> Iterator[list[Record]]:
        fields, key = self._fields()
        if key is None:
            # local time goes back one hour in autumn: rows from up to an hour before are looked at too
            bound = clock.local(since) - timedelta(hours=1)
            statement = self._select(fields, key).where(fields[self._time] >= bound).order_by(fields[self._time])
            rows = self._read(statement)
            yield [row for row in rows if (time_of(row) or 0.0) >= since]
            return
        position = self._first(fields, key, since, time_of)
        while position is not None:
            rows = self._read(self._select(fields, key).where(key >= position).order_by(key).limit(PAGE))
            yield rows
            position = rows[-1]["key"] + 1 if len(rows) == PAGE else None

    def _first(
        self,
        fields: Fields,
        key: ColumnElement[Any],
        since: float,
        time_of: Callable[[Record], float | None],
    ) -> int | None:
        """The key of the first row at or after `since`: looked for from the end, for the time has no index."""
        first: int | None = None
        below = self._select(fields, key).order_by(key.desc()).limit(PAGE)
        rows = self._read(below)
        while inside := [row["key"] for row in rows if (time_of(row) or 0.0) >= since]:
            first = inside[-1]
            rows = self._read(below.where(key < rows[-1]["key"]))
        return first

    def _fields(self) -> tuple[Fields, ColumnElement[Any] | None]:
        """Our names with the columns that stand for them, and the column that tells the order of writing."""
        there = {str(one["name"]).lower(): str(one["name"]) for one in inspect(self._engine).get_columns(self.name)}
        if not there:
            raise NoSuchTableError(self.name)
        found = {ours: next((there[one] for one in names if one in there), "") for ours, names in self._columns.items()}
        if missing := [name for name in self._needed if not found[name]]:
            raise SourceError(f"{self.where} has no column {missing[0]}; see docs/gap.md")
        fields: Fields = {ours: column(name) if name else literal_column("''") for ours, name in found.items()}
        if self._engine.dialect.name == "sqlite":
            return fields, literal_column("rowid")
        return fields, column(there["id"]) if "id" in there else None

    def _select(self, fields: Fields, key: ColumnElement[Any] | None) -> Select[Any]:
        named = [field.label(ours) for ours, field in fields.items()]
        keyed = [key.label("key")] if key is not None else []
        return select(*keyed, *named).select_from(table(self.name))

    def _read(self, statement: Select[Any]) -> list[Record]:
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]


def _why(error: SQLAlchemyError) -> str:
    """The database's own words, on one line, without the statement."""
    return " ".join(str(getattr(error, "orig", None) or error).split())[:300]
