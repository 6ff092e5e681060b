"""The sources of `pbx.gap`, opened: CEL as events, CDR and queue_log as rows. They block; read them in a thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from ami_listener import cel
from ami_listener.registry import Event
from ami_listener.settings import GapSource, PbxSettings
from ami_listener.sources import cdr, queuelog
from ami_listener.sources.clock import LocalClock
from ami_listener.sources.tail import Lines
from ami_listener.sources.trouble import SourceError

if TYPE_CHECKING:
    from ami_listener.sources.tables import Record, Table

T = TypeVar("T")

SQLITE = b"SQLite format 3\0"
"""How every SQLite file begins."""

LONGEST_CALL_S = 4 * 3600.0
"""A CDR bears the time it began: those of calls that long are read too."""

LINES = 1_000
"""Lines of a file read at a time."""

CEL_COLUMNS: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in cel.Row._fields},
    "cid_num": ("cid_num", "cidnum"),
    "cid_name": ("cid_name", "cidname"),
    "extra": ("extra", "eventextra"),
}
"""Our names and the columns of cel_odbc, cel_sqlite3_custom and FreePBX."""

CEL_NEEDED = ("eventtype", "eventtime", "uniqueid", "linkedid", "channame", "context", "appname", "extra")


class Place:
    """Where one source is: a plain file, or a table in a SQLite file or in the PBX's database."""

    def __init__(self, source: GapSource, settings: PbxSettings) -> None:
        self.source = source
        self._database = settings.database
        self._table: Table | None = None

    @property
    def name(self) -> str:
        """What it is called, for people."""
        return f"{self.source.read} in {self.source.file or 'pbx.database'}"

    def file(self) -> Path | None:
        """The plain file, None where it is a table. Raises SourceError when it cannot be read."""
        path = self.source.file
        try:
            if path is None:
                return None
            with path.open("rb") as file:
                return None if file.read(len(SQLITE)) == SQLITE else path
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror}") from None

    def table(self, columns: Mapping[str, tuple[str, ...]], needed: tuple[str, ...], time: str) -> Table:
        """The table. Raises SourceError."""
        from ami_listener.sources.tables import Table, database, sqlite  # SQLAlchemy is large, and often not needed

        if self._table is None:
            if self.source.file is not None:
                engine = sqlite(self.source.file)
            else:
                engine = database(self._database.get_secret_value() if self._database else "")
            self._table = Table(engine, self.source.table or self.source.read, columns, needed, time)
        return self._table


class CelReader:
    """One CEL. Both methods raise SourceError."""

    def __init__(self, source: GapSource, settings: PbxSettings) -> None:
        self.place, self._clock = Place(source, settings), LocalClock(settings.timezone)

    def newest(self) -> float | None:
        """When it was last written to, in seconds since the epoch; None when there is nothing in it."""
        path = self.place.file()
        if path is not None:
            try:
                return path.stat().st_mtime
            except OSError as error:
                raise SourceError(f"{path} cannot be read: {error.strerror}") from None
        return self._table().newest(self._time)

    def pages(self, since: float) -> Iterator[list[Event]]:
        """The AMI events that say the same as what was written from `since` on."""
        path = self.place.file()
        if path is not None:
            yield from _pages(path, since, cel.time_of, cel.translate_line)
            return
        for records in self._table().pages(since, self._time, self._clock):
            yield [event for record in records for event in self._events(record)]

    def _table(self) -> Table:
        return self.place.table(CEL_COLUMNS, CEL_NEEDED, "eventtime")

    def _time(self, record: Record) -> float | None:
        return self._clock.epoch(record["eventtime"], str(record["linkedid"]))

    def _events(self, record: Record) -> list[Event]:
        at = self._time(record)
        texts = {name: str(record[name] or "") for name in cel.Row._fields}
        row = cel.Row(**texts)._replace(eventtime=str(at))
        return cel.translate(row) if at is not None and row.uniqueid and row.linkedid and row.channame else []


class RowsReader(Generic[T]):
    """One CDR or queue_log. `pages` raises SourceError."""

    def __init__(
        self,
        place: Place,
        of_line: Callable[[str], T | None],
        time_of_line: Callable[[str], float | None],
        of_record: Callable[[Record], T | None],
        table: tuple[Mapping[str, tuple[str, ...]], tuple[str, ...], str],
        clock: LocalClock,
    ) -> None:
        self.place, self._clock, self._columns = place, clock, table
        self._of_line, self._time_of_line, self._of_record = of_line, time_of_line, of_record

    def pages(self, since: float) -> Iterator[list[T]]:
        """What was written of the calls that lasted until `since` or began later."""
        path = self.place.file()
        early = since - LONGEST_CALL_S
        if path is not None:
            yield from _pages(path, early, self._time_of_line, lambda line: _one(self._of_line(line)))
            return
        time = self._columns[2]
        table = self.place.table(*self._columns)
        for records in table.pages(early, lambda record: self._clock.epoch(record[time]), self._clock):
            yield [row for record in records if (row := self._of_record(record)) is not None]


def cdr_reader(source: GapSource, settings: PbxSettings) -> RowsReader[cdr.Cdr]:
    """Call detail records."""
    clock = LocalClock(settings.timezone)

    def of_line(line: str) -> cdr.Cdr | None:
        if not cdr.has_linkedid(line):
            raise SourceError(
                f"{source.file} does not say which call a record belongs to: set loguniqueid=yes and newcdrcolumns=yes"
                " in [csv] of cdr.conf (dialplan/cdr_ringback.conf)"
            )
        return cdr.of_line(line, clock)

    return RowsReader(
        Place(source, settings),
        of_line,
        lambda line: cdr.time_of_line(line, clock),
        lambda record: cdr.of_record(record, clock),
        (cdr.COLUMNS, cdr.NEEDED, "start"),
        clock,
    )


def queue_log_reader(source: GapSource, settings: PbxSettings) -> RowsReader[queuelog.Entry]:
    """The lines of queue_log."""
    clock = LocalClock(settings.timezone)
    return RowsReader(
        Place(source, settings),
        queuelog.of_line,
        queuelog.time_of_line,
        lambda record: queuelog.of_record(record, clock),
        (queuelog.COLUMNS, queuelog.NEEDED, "time"),
        clock,
    )


def _one(row: T | None) -> list[T]:
    return [] if row is None else [row]


def _pages(
    path: Path, since: float, time_of: Callable[[str], float | None], read: Callable[[str], list[T]]
) -> Iterator[list[T]]:
    page: list[T] = []
    try:
        for line in Lines(path, since, time_of):
            page += read(line)
            if len(page) >= LINES:
                yield page
                page = []
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from None
    yield page
