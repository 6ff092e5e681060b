"""A whole Asterisk in a scratch folder: its configuration written, its ports free ones of loopback, its end clean."""

import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Self

from agi import voice

from .errors import KitError
from .kit import Kit
from .modules import loads
from .process import Process, free_port, free_udp_port, run, until

_PROGRAM = "usr/sbin/asterisk"
_MODULES = ("usr/lib/*-linux-gnu/asterisk/modules", "usr/lib/asterisk/modules")
_DEFAULTS = (
    "acl.conf",
    "ccss.conf",
    "features.conf",
    "pjproject.conf",
    "queuerules.conf",
    "udptl.conf",
    "voicemail.conf",
)
"""Files whose defaults suit us and whose absence Asterisk logs as an error."""
_SOUNDS = "usr/share/asterisk/sounds"


class Pbx:
    """One running Asterisk of the kit: a small business with two queues, two phones, a menu and an announcement.

    DIDs: 5550100 queue ventas; 5550101 the second agent's phone; 5550102 a menu (1 is ventas); 5550103 ventas for 3
    seconds; 5550104 closed. Every customer is reached at `carrier_port`, the phone of an agent at its port in `agents`.
    """

    more_modules: Sequence[str] = ()
    """Modules that a PBX with another dialplan needs besides the usual ones."""

    def __init__(
        self,
        kit: Kit,
        folder: Path,
        *,
        release: str = "22",
        agents: tuple[str, str] = ("101", "102"),
        carrier_port: int | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.sip_port = free_udp_port()
        self.carrier_port = carrier_port or free_udp_port()
        self.agents: Mapping[str, int] = {agent: free_udp_port() for agent in agents}
        self.ami_port = free_port()
        self.ami_user = "ringback"
        self.ami_user_without_dialplan = "ringback-lean"
        self.ami_secret = secrets.token_hex(16)
        self._root = kit.asterisk(release)
        self._run_folder = Path()
        self._process: Process | None = None

    @property
    def log_path(self) -> Path:
        """Asterisk's own log: notices, warnings and errors."""
        return self.folder / "log/messages"

    @property
    def cel_path(self) -> Path:
        """The CSV file of channel events (columns: dialplan/cel_custom_ringback.conf)."""
        return self.folder / "log/cel-custom/ringback.csv"

    @property
    def cdr_path(self) -> Path:
        """The CSV file of call detail records (dialplan/cdr_ringback.conf)."""
        return self.folder / "log/cdr-csv/Master.csv"

    @property
    def sqlite_path(self) -> Path:
        """The SQLite file with the tables cel and cdr (dialplan/c??_sqlite3_custom_ringback.conf)."""
        return self.folder / "log/master.db"

    @property
    def queue_log_path(self) -> Path:
        """The queue_log."""
        return self.folder / "log/queue_log"

    async def start(self) -> None:
        """Boot and return when Asterisk is fully booted. Raises KitError with the end of its log after 30 seconds."""
        # A socket's path may have 107 characters only: the folder for it is a short one of its own.
        self._run_folder = Path(tempfile.mkdtemp(prefix="ringback-"))
        self._write()
        argv = [*self._argv(), "-f", "-n"]
        process = self._process = await Process.start(argv, log=self.folder / "log/console", cwd=self.folder)
        await until(self._booted, seconds=30, otherwise=lambda: f"Asterisk did not boot: {process.tail()}")

    async def stop(self) -> None:
        """Hang up everything and end; `start` boots it again with the same ports and files."""
        if self._process:
            await self._process.stop()
        shutil.rmtree(self._run_folder, ignore_errors=True)

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    async def cli(self, command: str) -> str:
        """Run a command of Asterisk's console and return what it prints. Raises KitError when Asterisk is away."""
        code, printed = await run([*self._argv(), "-r", "-x", command])
        if code:
            raise KitError(f"Asterisk does not answer {command!r}: {printed.strip()}")
        return printed

    def configuration(self) -> Mapping[str, str]:
        """Return the text of every configuration file, with marks such as @SIP_PORT@ in it."""
        return {each.name: each.read_text() for each in files("ringbackd.sandbox").joinpath("pbx").iterdir()}

    def values(self) -> dict[str, str]:
        """Return what the marks stand for."""
        sales, support = self.agents
        modules = self._root.find(*_MODULES)
        return {
            "FOLDER": str(self.folder),
            "RUN": str(self._run_folder),
            "MODULES": str(modules),
            "LOADS": loads(modules, self.more_modules),
            "DIALPLAN": str(files("dialplan")),
            "AMI_PORT": str(self.ami_port),
            "AMI_SECRET": self.ami_secret,
            "SIP_PORT": str(self.sip_port),
            "CARRIER_PORT": str(self.carrier_port),
            "SALES": sales,
            "SALES_PORT": str(self.agents[sales]),
            "SUPPORT": support,
            "SUPPORT_PORT": str(self.agents[support]),
        }

    async def _booted(self) -> bool:
        """Ask whether boot is complete; an Asterisk that ended at once never will be."""
        if self._process is None or not self._process.running:
            raise KitError(f"Asterisk ended while booting: {self._process.tail() if self._process else ''}")
        code, _ = await run([*self._argv(), "-r", "-x", "core waitfullybooted"])
        return code == 0

    def _argv(self) -> list[str]:
        return [*self._root.argv(_PROGRAM), "-C", str(self.folder / "etc/asterisk.conf")]

    def _write(self) -> None:
        """Write the configuration, and link the prompts and the documentation that modules check their options with."""
        for name in (
            "etc",
            "lib/keys",
            "data/sounds",
            "data/moh",
            "data/agi-bin",
            "spool",
            "log/cel-custom",
            "log/cdr-csv",
            "sbin",
        ):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        values = self.values()
        for name, text in self.configuration().items():
            (self.folder / "etc" / name).write_text(_filled(text, values))
        for name in _DEFAULTS:
            (self.folder / "etc" / name).touch()
        for language in ("es", "en"):
            _link(self.folder / "data/sounds" / language, self._root.find(f"{_SOUNDS}/{language}_*"))
        _link(self.folder / "data/sounds" / voice.FOLDER, Path(str(files("agi") / "sounds")))
        _link(self.folder / "data/documentation", self._root.find("usr/share/asterisk/documentation"))
        _link(self.folder / "data/moh/wait.gsm", self._root.find(f"{_SOUNDS}/es_*/queue-thankyou.gsm"))


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Put the values in; the marks are @NAME@ because Asterisk itself uses ${NAME}."""
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)
