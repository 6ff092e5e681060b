"""What may be offered to whom at this moment, as a small file that the daemon keeps fresh: the script has nothing else.

Only the standard library: the script starts once per call. Times are epoch seconds. Whoever asked not to be contacted
is there as a salted hash of the end of his number, which is the same in every spelling of it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = "menu.json"
TAIL = 8
"""Digits at the end of a number that no prefix changes."""

LONGEST = 15
"""Digits of a number with its country code (E.164)."""

Span = tuple[float, float]


@dataclass(frozen=True)
class Numbers:
    """How numbers are dialled in a line's country: what may stand before them, and what they look like.

    `prefixes` are tried in this order; `mobile` and `any` are expressions for what follows. `area` is what a number
    lacks that is dialled without its area code.
    """

    prefixes: tuple[str, ...] = ("",)
    mobile: str = ""
    any: str = r"\d{7,15}"
    area: str = ""


@dataclass(frozen=True)
class LineMenu:
    """What a line can offer. `messaging` and `calling` are the times in which it may write and ring; `slots` are the
    beginnings of those that had room; `texts` is what each choice says, for the ledger of consent."""

    name: str
    language: str
    timezone: str
    region: str = ""
    dids: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    messaging: tuple[Span, ...] = ()
    calling: tuple[Span, ...] = ()
    slots: tuple[float, ...] = ()
    notice_s: float = 600.0
    numbers: Numbers = Numbers()
    texts: dict[str, str] = field(default_factory=dict)

    def writes(self, now: float) -> bool:
        """Whether somebody may be written to now."""
        return any(opens <= now < closes for opens, closes in self.messaging)

    def rings(self, now: float) -> bool:
        """Whether somebody can be promised a call: the line rings now or on one of the days ahead."""
        return any(now < closes for _, closes in self.calling)

    def free(self, now: float, count: int) -> list[float]:
        """The next slots that can be offered."""
        return [begins for begins in self.slots if begins >= now + self.notice_s][:count]


@dataclass(frozen=True)
class Menu:
    """Every line's, and who is not to be asked."""

    pbx: str = ""
    lines: tuple[LineMenu, ...] = ()
    salt: str = ""
    stopped: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By line: salted hashes of callers."""

    def line(self, name: str, dids: tuple[str, ...], queue: str) -> LineMenu | None:
        """The line by its name, else by what was dialled, else by its queue."""
        if name:
            return next((line for line in self.lines if line.name == name), None)
        for did in filter(None, dids):
            for line in self.lines:
                if did in line.dids:
                    return line
        return next((line for line in self.lines if queue and queue in line.queues), None)

    def has_stopped(self, line: str, number: str) -> bool:
        """Whether a caller asked not to be contacted."""
        return hashed(self.salt, number) in self.stopped.get(line, ())


@dataclass(frozen=True)
class Entered:
    """A number as somebody gave it. `why` is the prompt that says why it cannot be used at all; `mobile` is None where
    that is not known, `rings` says whether it may be rung back."""

    digits: str
    mobile: bool | None = None
    why: str = ""
    rings: bool = True


def hashed(salt: str, number: str) -> str:
    """The hash of a number's end."""
    tail = re.sub(r"\D", "", number)[-TAIL:]
    return hmac.new(salt.encode(), tail.encode(), hashlib.sha256).hexdigest()[:16]


def read_number(line: LineMenu, digits: str) -> Entered:
    """Read a number by the expressions of the menu. The daemon reads it once more by its country's whole plan."""
    plain, plan = re.sub(r"\D", "", digits), line.numbers
    shapes = [plain[len(prefix) :] for prefix in plan.prefixes if plain.startswith(prefix)]
    for national in (*shapes, plan.area + plain):
        if re.fullmatch(plan.any, national):
            mobile = bool(plan.mobile and re.fullmatch(plan.mobile, national)) if plan.mobile else None
            return Entered(plain, mobile)
    abroad = digits.startswith("+") and 8 <= len(plain) <= LONGEST
    return Entered(plain, rings=False) if abroad else Entered(plain, why="wrong-number")


def dump(menu: Menu) -> str:
    """The text of the file."""
    return json.dumps(asdict(menu), separators=(",", ":"))


def load(folder: Path) -> Menu:
    """Read the file. Raises OSError where there is none, ValueError where it cannot be read."""
    data = json.loads((folder / FILE).read_text(encoding="utf-8"))
    try:
        lines = tuple(_line(row) for row in data.pop("lines"))
        return Menu(**{**data, "lines": lines})
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{folder / FILE} is of another version: {error}") from error


def _line(row: dict[str, object]) -> LineMenu:
    plan = row.pop("numbers")
    if not isinstance(plan, dict):
        raise TypeError("numbers")
    numbers = Numbers(**{**plan, "prefixes": tuple(plan["prefixes"])})
    return LineMenu(**row, numbers=numbers)  # type: ignore[arg-type] # JSON: what is wrong fails when it is used
