"""Debian packages without root: apt-get with a private state of its own, and Debian's signatures checked as ever.

The mirror is the one that the machine's own apt sources name, the key ring the one that Debian ships.
Nothing of the system changes.
"""

import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from .errors import KitError
from .process import run

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
"""The keys that sign Debian's archive (package debian-archive-keyring)."""

OWN_PBX = "or point Ringback at your own PBX: `ringback run -c ringback.toml`"
"""What remains possible on a machine where the kit cannot be fetched."""

Progress = Callable[[float, str], None]
"""Told the part done, 0 to 1, and what is being done."""

_CONFIGURATION = """\
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State "@HOME@";
Dir::State::lists "lists";
Dir::State::status "status";
Dir::Cache "@HOME@";
Dir::Cache::archives "archives";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Etc::sourcelist "@HOME@/sources.list";
Dir::Etc::sourceparts "/dev/null";
APT::Sandbox::User "";
APT::Install-Recommends "0";
APT::Status-Fd "1";
Acquire::Languages "none";
Acquire::Retries "3";
"""
_SUITE = re.compile(r"(buster|bullseye|bookworm|trixie|forky|duke|sid|(old)*stable|testing|unstable)(-updates)?")
_STATUS = re.compile(r"dlstatus:\d+:([\d.]+):Retrieving file (\d+) of (\d+)")
_REASONS = {
    "No space left": "the disk is full: free about 1 GB, or set RINGBACK_CACHE to a folder with room",
    "NO_PUBKEY": "Debian's signature cannot be checked: update the package debian-archive-keyring",
    "is not signed": "the archive is not signed, so it was not used: look at the mirror in apt's sources",
    "signatures were invalid": "Debian's signature is wrong, so nothing was used: look at the mirror in apt's sources",
    "Hash Sum mismatch": "the mirror is being updated: try again in a few minutes",
    "Unable to locate package": "the mirror has nothing for the architecture of this machine (it has for amd64, arm64)",
    "Failed to fetch": "the mirror cannot be reached: look at the network and try again; what was fetched is kept",
}
"""What apt-get prints, and what it means for the person who waits."""


class Apt:
    """One suite of Debian, with lists and cache in `home`. A fetch that was interrupted goes on where it was."""

    def __init__(self, home: Path, suite: str) -> None:
        self._home = home
        self._suite = suite

    async def fetch(self, packages: Sequence[str], progress: Progress) -> list[Path]:
        """Download `packages` and all that they need, and return their .deb files. Raises KitError."""
        _require_apt()
        self._prepare(await _mirror())
        progress(0, "reading the package lists")
        await self._get("update", "--error-on=any")
        plan = await self._get("install", "--print-uris", "-o", f"Dir::Cache::archives={self._home}/none/", *packages)
        await self._get("install", "--download-only", *packages, progress=progress)
        return [self._home / "archives" / name for name in re.findall(r"^'[^']+' (\S+\.deb) ", plan, re.MULTILINE)]

    def _prepare(self, mirror: str) -> None:
        """Write the private state; its status file is empty, so that what is installed here does not matter."""
        for folder in ("lists/partial", "archives/partial", "none/partial"):
            (self._home / folder).mkdir(parents=True, exist_ok=True)
        (self._home / "status").touch()
        (self._home / "apt.conf").write_text(_CONFIGURATION.replace("@HOME@", str(self._home)))
        source = f"deb [signed-by={KEYRING}] {mirror} {self._suite} main\n"
        (self._home / "sources.list").write_text(source)

    async def _get(self, *words: str, progress: Progress | None = None) -> str:
        """Run apt-get and return what it printed; KitError says in plain words why it could not."""

        def on_line(line: str) -> None:
            if progress and (found := _STATUS.match(line)):
                progress(float(found[1]) / 100, f"downloading package {found[2]} of {found[3]}")

        code, printed = await run(["apt-get", "-c", str(self._home / "apt.conf"), "-y", *words], on_line)
        if code:
            raise KitError(f"fetching from Debian {self._suite} failed: {_reason(printed)}")
        return printed


def _require_apt() -> None:
    """Raise KitError where there is no apt, or no key to check Debian's signatures with."""
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise KitError(
                f"{program} is not on the PATH: the sandbox fetches Asterisk with Debian's apt; use it, {OWN_PBX}"
            )
    if not KEYRING.is_file():
        raise KitError(f"{KEYRING} is missing: install the package debian-archive-keyring, {OWN_PBX}")


async def _mirror() -> str:
    """Return the address that this machine's own apt sources give for Debian's main archive."""
    wanted = ("--no-release-info", "--format", "$(SITE) $(RELEASE) $(COMPONENT)", "Created-By: Packages")
    _, printed = await run(["apt-get", "indextargets", *wanted])
    sources = [line.split() for line in printed.splitlines() if line.endswith(" main")]
    for site, suite, _ in sources:
        if _SUITE.fullmatch(suite) and site.rstrip("/").endswith("debian"):
            return site
    raise KitError(f"no Debian mirror in the apt sources of this machine: add one to /etc/apt/sources.list, {OWN_PBX}")


def _reason(printed: str) -> str:
    """Say why apt-get failed: a known reason, or its own first error line."""
    known = next((text for sign, text in _REASONS.items() if sign in printed), None)
    return known or next((line for line in printed.splitlines() if line.startswith("E:")), "apt-get said nothing")
