"""The kit: a real Asterisk, Redis and sipp, fetched once from Debian and run in place, without root.

Each release is unpacked into a folder of its own, and its programs run through the loader and the libraries there, so
nothing has to fit the system. `python -m ringbackd.sandbox.kit 22 16` fetches and prints where it put them; the tests
also take `redis-6`, the oldest Redis that Ringback is made for, `mariadb`, the database server of FreePBX 17,
`proxies`, the web servers that stand before the webhook, and `voice`, which speaks and measures the prompts.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from .errors import KitError
from .fetch import fetch

_ASTERISK = ("asterisk", "asterisk-modules", "asterisk-core-sounds-es-gsm", "asterisk-core-sounds-en-gsm")
_SUITES = {
    "22": "sid",
    "16": "bullseye",
    "redis-6": "bullseye",
    "mariadb": "bookworm",
    "proxies": "bookworm",
    "voice": "bookworm",
}
_PACKAGES = {
    "22": (*_ASTERISK, "redis-server", "sip-tester"),
    "16": _ASTERISK,
    "redis-6": ("redis-server",),
    "mariadb": ("mariadb-server-core",),
    "proxies": ("nginx", "apache2-bin", "openssl"),
    "voice": ("espeak-ng", "sox"),
}
_LIBRARIES = ("usr/lib/*-linux-gnu", "lib/*-linux-gnu", "usr/lib")


@dataclass(frozen=True)
class Root:
    """One unpacked release."""

    folder: Path

    def argv(self, program: str) -> list[str]:
        """Return the words that run `program` (such as usr/sbin/asterisk) with this root's own loader and libraries."""
        folders = [path for pattern in _LIBRARIES for path in self.folder.glob(pattern)]
        return [str(self._loader()), "--library-path", ":".join(map(str, folders)), str(self.folder / program)]

    def find(self, *patterns: str) -> Path:
        """Return the first path in this root that matches one of `patterns`; KitError when there is none."""
        for found in (path for pattern in patterns for path in sorted(self.folder.glob(pattern))):
            return found
        raise KitError(f"{self.folder} has no {patterns[0]}: delete that folder and try again")

    def _loader(self) -> Path:
        """Return the dynamic loader: a regular file, for the links to it may be absolute."""
        for path in (path for pattern in _LIBRARIES for path in self.folder.glob(f"{pattern}/ld-*.so*")):
            if path.is_file() and not path.is_symlink():
                return path
        raise KitError(f"{self.folder} has no loader for this machine: amd64 and arm64 are supported")


@dataclass(frozen=True)
class Kit:
    """The programs of the sandbox."""

    roots: Mapping[str, Root]

    def asterisk(self, release: str) -> Root:
        """Return the root of an Asterisk release, "22" or "16"."""
        return self.roots[release]

    @property
    def redis_server(self) -> list[str]:
        """The words that run redis-server: the machine's own where it has one."""
        return self._program("redis-server")

    @property
    def oldest_redis_server(self) -> list[str]:
        """The words that run redis-server 6.0, if "redis-6" was asked for."""
        root = self.roots["redis-6"]
        # Debian's Redis 6.0 loads cjson for its scripts from the system's Lua folder: it is told where that is here.
        lua = root.find("usr/lib/*-linux-gnu/lua/5.1")
        return ["env", f"LUA_CPATH={lua}/?.so", *root.argv("usr/bin/redis-server")]

    @property
    def sipp(self) -> list[str]:
        """The words that run sipp: the machine's own where it has one."""
        return self._program("sipp")

    def _program(self, name: str) -> list[str]:
        own = shutil.which(name)
        return [own] if own else self.roots["22"].argv(f"usr/bin/{name}")


def cache_folder() -> Path:
    """Return where the kit is kept: RINGBACK_CACHE, or ~/.cache/ringback."""
    return Path(os.environ.get("RINGBACK_CACHE") or Path.home() / ".cache/ringback").absolute()


async def ensure(releases: Sequence[str] = ("22",), *, console: Console) -> Kit:
    """Fetch what is missing of `releases` (see _SUITES) and return the kit. Raises KitError.

    Two processes never fetch at once; what was downloaded before an interruption is used again.
    """
    if unknown := [release for release in releases if release not in _SUITES]:
        raise KitError(f"no release {unknown[0]!r} in the kit: choose from {', '.join(_SUITES)}")
    cache = cache_folder()
    roots = {release: await _root(release, cache, console) for release in dict.fromkeys(("22", *releases))}
    return Kit(roots)


async def _root(release: str, cache: Path, console: Console) -> Root:
    """Return the unpacked root of a release, fetched now if it is not there whole."""
    root = cache / (f"asterisk-{release}" if release.isdigit() else release)
    await fetch(root, _SUITES[release], _PACKAGES[release], console)
    return Root(root)


def main(releases: Sequence[str]) -> int:
    """Fetch `releases` and print their folders; returns the exit code."""
    console = Console(stderr=True)
    try:
        kit = asyncio.run(ensure(releases or ("22",), console=console))
    except KitError as error:
        console.print(f"ringback: {error}", style="red", markup=False, soft_wrap=True)
        return 1
    for release, root in kit.roots.items():
        console.print(f"{release}: {root.folder}", soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
