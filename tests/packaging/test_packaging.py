"""What is installed is ours alone, whole, and pinned."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ("ringback", "ringbackd", "agi", "ami_listener", "whatsapp", "flows", "dialplan")


@pytest.mark.parametrize("name", NAMES)
def test_no_other_distribution_owns_our_import_names(name: str) -> None:
    """There is a `whatsapp` on the public index that would overwrite ours."""
    assert set(packages_distributions()[name]) == {"ringback"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names inside a wheel built from a copy of the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    sources = folder / "sources"
    copy = ["git", "checkout-index", "--all", f"--prefix={sources}/"]
    subprocess.run(copy, cwd=ROOT, check=True)
    subprocess.run([*build, str(sources)], check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return archive.namelist()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"flows", "dialplan"}])
def test_the_wheel_tells_type_checkers_that_we_are_typed(wheel: list[str], name: str) -> None:
    assert f"{name}/py.typed" in wheel


def test_the_wheel_holds_every_file_that_is_read_at_run_time(wheel: list[str]) -> None:
    data = [
        path.relative_to(ROOT).as_posix()
        for name in NAMES
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert sorted(set(data) & set(tracked) - set(wheel)) == []


def test_the_command_is_installed(wheel: list[str]) -> None:
    assert any(name.endswith("entry_points.txt") for name in wheel)
    assert not any(name.startswith("tests/") for name in wheel)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-bench.lock"])
def test_the_lock_pins_with_hashes_and_names_no_registry(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    requirements = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert requirements
    for line in requirements:
        assert re.match(r"^[a-z0-9][a-z0-9._-]*==[^ ]+ (; .+ )?\\$", line), line
    assert text.count("--hash=sha256:") >= len(requirements)


def test_every_dependency_of_ours_is_pinned() -> None:
    setup = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    wanted = re.findall(r"^    ([a-z0-9]+)>=", setup, flags=re.MULTILINE)
    pinned = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert [name for name in wanted if not re.search(rf"^{name}==", pinned, flags=re.MULTILINE)] == []
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
