"""What Ringback has to know about one PBX: how to reach it and what its contexts mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

Seconds = Annotated[float, Field(ge=0, le=86_400)]
Patterns = tuple[str, ...]
"""Shell-style globs (`*`, `?`, `[...]`), matched with their case."""


def _one_line(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value() or any(char in secret.get_secret_value() for char in "\r\n\0"):
        raise ValueError("the AMI secret must be one line of text, as in manager.conf")
    return secret


class GapSource(BaseModel):
    """One thing that Asterisk writes of its calls: `read` what, and where from.

    `file` is a CSV file (cel, cdr), queue_log itself, or a SQLite file; without it, the table in `pbx.database`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    read: Literal["cel", "cdr", "queue_log"]
    file: Path | None = None
    table: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{0,64}$")] = ""


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key if name else ""
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no time zone; write it like America/Lima") from None


class PbxSettings(BaseModel):
    """One Asterisk or FreePBX: its AMI account, its dialplan's conventions, and how patient the link is.

    The defaults are the contexts of FreePBX and the usual names of a plain Asterisk; docs/people-and-machines.md says
    what each list means. `trunks` are the endpoints (PJSIP/carrier) that lead to the telephone network whatever their
    context, `machines` those with nobody behind them. `gap` is what calls that ended while Ringback was away are read
    from, the best first; `database` a URL such as mysql://user:password@localhost/asteriskcdrdb; `timezone` that of
    the PBX ("" is this machine's). A call whose end is not seen within `longest_call_s` is given up. `spill_folder` is
    where calls wait while Redis is away, in a file of at most `spill_bytes`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")] = "pbx"
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 5038
    user: Annotated[str, Field(pattern=r"^[^\r\n\x00]+$")] = "ringback"
    secret: Annotated[SecretStr, AfterValidator(_one_line)]
    event_classes: Annotated[str, Field(pattern=r"^[a-z]+(,[a-z]+)*$")] = "system,call,agent,dialplan,user"
    gap: tuple[GapSource, ...] = ()
    database: SecretStr | None = None
    timezone: Annotated[str, AfterValidator(_zone)] = ""

    trunks: Patterns = ()
    machines: Patterns = ()
    trunk_contexts: Patterns = (
        *("from-trunk*", "from-pstn*", "from-did*", "from-sip-external"),
        *("from-dahdi*", "from-zaptel*", "from-analog*", "from-digital*"),
    )
    phone_contexts: Patterns = ("from-did-direct*", "ext-local", "ext-group", "followme-check", "ext-miscdests")
    ivr_contexts: Patterns = ("ivr-*", "ivr", "app-directory", "menu-*")
    closed_contexts: Patterns = ("closed*", "cerrado*", "fechado*", "out-of-hours*", "after-hours*")
    announcement_contexts: Patterns = ("app-announcement-*",)
    schedule_contexts: Patterns = ("timeconditions", "timeconditions-*", "app-daynight*")
    hangup_contexts: Patterns = ("app-blackhole",)
    voicemail_contexts: Patterns = ("macro-vm", "app-vm*", "vm-*", "voicemail*", "vmblast*")

    short_s: Seconds = 5.0
    answered_after_s: Seconds = 1.0
    longest_call_s: Annotated[float, Field(gt=0)] = 86_400.0
    lookback_s: Seconds = 7_200.0
    settle_s: Seconds = 0.5
    gap_patience_s: Seconds = 2.0
    keepalive_s: Annotated[float, Field(gt=0, le=3_600)] = 10.0
    connect_timeout_s: Annotated[float, Field(gt=0, le=600)] = 10.0
    reconnect_first_s: Annotated[float, Field(gt=0, le=600)] = 0.5
    reconnect_limit_s: Annotated[float, Field(gt=0, le=3_600)] = 30.0
    refused_first_s: Annotated[float, Field(gt=0, le=600)] = 2.0
    refused_limit_s: Annotated[float, Field(gt=0, le=3_600)] = 300.0
    queue_size: Annotated[int, Field(ge=1)] = 10_000
    spill_folder: Path = Path("/var/lib/ringback")
    spill_bytes: Annotated[int, Field(ge=65_536)] = 256 << 20

    @property
    def spill_file(self) -> Path:
        """The file in which this PBX's calls wait."""
        return self.spill_folder / f"{self.name}.spill"

    @model_validator(mode="after")
    def _has_database(self) -> Self:
        for number, source in enumerate(self.gap, 1):
            if source.file is None and self.database is None:
                raise ValueError(f"gap.{number}: say its file, or set database: where the table {source.read} is")
        return self
