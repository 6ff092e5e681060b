"""A list of consents as a CSV file: read whole and checked whole before anything is believed."""

from __future__ import annotations

import csv
import hashlib
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from ringback.consent import EVERY_BRAND, Act, Consent, Way
from ringback.fact import ConsentChanged
from ringback.line import Line
from ringback.phone import NoNumber

COLUMNS = ("number", "brand", "act", "way", "when", "proof", "text")
"""Only number and when have to be there; brand too where there are several. The rest: given, list, empty."""
EVERY = "*"
"""How a word about every brand is written."""
MOST_TOLD = 20
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that a spreadsheet may take for a formula; the last four are the wide forms of the first four."""
MORE = "more"
"""Where cells are put that stand behind the last column."""


class ListError(Exception):
    """The file cannot be used; a line of text per mistake names the file, the line and the field."""


class _RowError(Exception):
    """One row cannot be used."""


def read_list(path: Path, line: Line, brands: Collection[str]) -> list[ConsentChanged]:
    """The words in a file, numbers as `line` reads caller ids. Raises ListError with every mistake in it."""
    facts: list[ConsentChanged] = []
    mistakes: list[str] = []
    for place, row in _rows(path):
        try:
            facts.append(_fact(row, line, brands, f"{path.name}:{place}"))
        except _RowError as error:
            mistakes.append(f"{path}:{place}: {error}")
    if mistakes:
        more = [f"... and {len(mistakes) - MOST_TOLD} more"] if len(mistakes) > MOST_TOLD else []
        raise ListError("\n".join([*mistakes[:MOST_TOLD], *more, "nothing was imported"]))
    return facts


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            file.seek(0)
            parted = ";" if header.count(";") > header.count(",") else ","
            reader = csv.DictReader(file, delimiter=parted, strict=True, restkey=MORE)
            _known(path, reader.fieldnames or ())
            for row in reader:
                yield reader.line_num, {name: "".join(value or "").strip() for name, value in row.items()}
    except UnicodeDecodeError as error:
        raise ListError(f"{path}: is not in UTF-8 ({error.reason}); save it as 'CSV UTF-8'") from error
    except (OSError, csv.Error) as error:
        raise ListError(f"{path}: {error}") from error


def _known(path: Path, names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    twice = [name for name in names if names.count(name) > 1]
    if unknown:
        raise ListError(f"{path}:1: {unknown[0]!r} is no column; there may be {', '.join(COLUMNS)}")
    if twice:
        raise ListError(f"{path}:1: there are two columns {twice[0]!r}")
    for needed in ("number", "when"):
        if needed not in names:
            raise ListError(f"{path}:1: the column {needed!r} is missing; there may be {', '.join(COLUMNS)}")


def _fact(row: Mapping[str, str], line: Line, brands: Collection[str], where: str) -> ConsentChanged:
    if row.get(MORE):
        raise _RowError(f"{row[MORE]!r} stands behind the last column; a text with , or ; in it needs quotes around it")
    number = line.number(_cell(row, "number"))
    if isinstance(number, NoNumber):
        raise _RowError(f"number: {row['number']!r} cannot be written to ({number})")
    try:
        consent = Consent(
            at=_moment(row.get("when", ""), line.timezone),
            brand=_brand(row.get("brand", ""), brands),
            act=Act(row.get("act") or Act.GIVEN),
            way=Way(row.get("way") or Way.LIST),
            proof=_cell(row, "proof") or where,
            text=_cell(row, "text"),
            customer=number.e164,
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise _RowError(f"{first['loc'][0]}: {first['msg']}") from None
    except ValueError:
        allowed = {"act": Act, "way": Way}
        wrong = next(name for name, kind in allowed.items() if row.get(name) and row[name] not in set(kind))
        raise _RowError(f"{wrong}: {row[wrong]!r} is not one of {', '.join(allowed[wrong])}") from None
    return ConsentChanged(nonce=_nonce(consent, bool(row.get("proof"))), consent=consent)


def _brand(text: str, brands: Collection[str]) -> str:
    if text == EVERY:
        return EVERY_BRAND
    if not text and len(brands) == 1:
        return next(iter(brands))
    if text not in brands:
        raise _RowError(f"brand: {text!r} is not one of {', '.join(brands)}, or {EVERY} for all of them")
    return text


def _moment(text: str, zone: str) -> float:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise _RowError(f"when: {text!r} is no date like 2026-11-01 or 2026-11-01T16:05") from None
    at = (when if when.tzinfo else when.replace(tzinfo=ZoneInfo(zone))).timestamp()
    if not 0 <= at <= time.time():
        raise _RowError(f"when: {text!r} is not in the past")
    return at


def _cell(row: Mapping[str, str], name: str) -> str:
    """A cell, without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    text = row.get(name, "")
    return text[1:] if text.startswith("'") and _looks_live(text) else text


def _looks_live(cell: str) -> bool:
    return cell.lstrip("'").startswith(FORMULA)


def _nonce(consent: Consent, proved: bool) -> str:
    """The same row is the same word, in whichever file and line it comes again."""
    told = consent.model_dump_json(exclude=set() if proved else {"proof"})
    return hashlib.sha256(told.encode()).hexdigest()


def row_of(word: Consent) -> tuple[str, ...]:
    """A word as a row that can be read again."""
    when = datetime.fromtimestamp(word.at).astimezone().isoformat(timespec="milliseconds")
    cells = (word.customer, word.brand or EVERY, word.act, word.way, when, word.proof, word.text)
    return (cells[0], *(f"'{cell}" if _looks_live(cell) else cell for cell in cells[1:]))
