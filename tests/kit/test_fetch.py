"""The fetch itself, against the Debian mirror that this machine uses."""

import asyncio
import fcntl
import io
from pathlib import Path

import pytest
from rich.console import Console

from ringbackd.sandbox import apt
from ringbackd.sandbox.apt import Apt
from ringbackd.sandbox.errors import KitError
from ringbackd.sandbox.fetch import unpack
from ringbackd.sandbox.kit import Kit, ensure, main
from ringbackd.sandbox.process import until

SMALL = "libgsm1"


def quiet(_part: float, _what: str) -> None:
    pass


@pytest.fixture
def no_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("RINGBACK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.usefixtures("no_apt")
async def test_what_is_there_is_not_fetched_again(kit: Kit) -> None:
    output = io.StringIO()
    assert await ensure(("22",), console=Console(file=output)) == kit
    assert output.getvalue() == ""


@pytest.mark.usefixtures("no_apt")
async def test_a_root_without_its_marker_is_not_taken_for_whole(empty_cache: Path) -> None:
    (empty_cache / "asterisk-22/usr/sbin").mkdir(parents=True)
    (empty_cache / "asterisk-22/usr/sbin/asterisk").touch()
    with pytest.raises(KitError, match="apt-get is not on the PATH"):
        await ensure(("22",), console=Console(file=io.StringIO()))


@pytest.mark.usefixtures("no_apt", "empty_cache")
def test_without_apt_it_says_in_one_line_what_else_can_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["22"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "apt-get is not on the PATH" in line
    assert "`ringback run -c ringback.toml`" in line


async def test_an_unknown_release_is_refused_by_name() -> None:
    with pytest.raises(KitError, match="no release '13' in the kit: choose from 22, 16"):
        await ensure(("13",), console=Console(file=io.StringIO()))


async def test_a_download_that_was_cut_goes_on_and_ends_whole(tmp_path: Path) -> None:
    source = Apt(tmp_path / "apt", "sid")
    package = next(path for path in await source.fetch([SMALL], quiet) if path.name.startswith(SMALL))
    whole = package.read_bytes()
    package.unlink()
    (package.parent / "partial" / package.name).write_bytes(whole[: len(whole) // 2])

    fetched = await source.fetch([SMALL], quiet)

    assert package.read_bytes() == whole
    await unpack(fetched, tmp_path / "root", quiet)
    assert list((tmp_path / "root").glob("usr/lib/*/libgsm.so.1"))


async def test_debians_signature_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "KEYRING", Path("/usr/share/keyrings/debian-archive-removed-keys.gpg"))
    with pytest.raises(KitError, match="signature cannot be checked: update the package debian-archive-keyring"):
        await Apt(tmp_path / "apt", "sid").fetch([SMALL], quiet)


async def test_without_a_network_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = tmp_path / "nowhere.conf"
    nowhere.write_text('Acquire::http::Proxy "http://127.0.0.1:9";\nAcquire::https::Proxy "http://127.0.0.1:9";\n')
    monkeypatch.setenv("APT_CONFIG", str(nowhere))
    with pytest.raises(KitError, match="the mirror cannot be reached"):
        await Apt(tmp_path / "apt", "sid").fetch([SMALL], quiet)


async def test_a_broken_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.deb").write_bytes(b"not a package")
    with pytest.raises(KitError, match=r"bad\.deb cannot be unpacked"):
        await unpack([tmp_path / "bad.deb"], tmp_path / "root", quiet)


@pytest.mark.usefixtures("no_apt")
async def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RINGBACK_CACHE", str(tmp_path / "file/cache"))
    with pytest.raises(KitError, match=r"file.* cannot be written \(Not a directory\): .* RINGBACK_CACHE"):
        await ensure(("22",), console=Console(file=io.StringIO()))


@pytest.mark.usefixtures("no_apt")
async def test_two_processes_do_not_fetch_at_once(empty_cache: Path) -> None:
    output = io.StringIO()
    with (empty_cache / "lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        second = asyncio.create_task(ensure(("22",), console=Console(file=output)))
        await until(lambda: "waiting for it" in output.getvalue(), seconds=5, otherwise=output.getvalue)
        assert not second.done()
    with pytest.raises(KitError, match="apt-get is not on the PATH"):
        await second
