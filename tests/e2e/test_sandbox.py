"""`ringback sandbox` as a newcomer runs it: one address, and nothing left when it ends."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.pbx


@contextmanager
def running() -> Iterator[subprocess.Popen[str]]:
    """A sandbox that is ended as a user ends it, so that it can tidy up."""
    argv = [sys.executable, "-m", "ringbackd.cli", "sandbox", "--port", "0"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture
def sandbox() -> Iterator[subprocess.Popen[str]]:
    with running() as process:
        yield process


def printed(process: subprocess.Popen[str], pattern: str) -> str:
    """The first group of the first line that fits."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(pattern, line):
            return found[1]
    raise AssertionError(f"it ended without printing {pattern}")


def processes_of(folder: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        found += [words] if folder in words else []
    return found


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_its_page_and_leaves_nothing_behind(sandbox: subprocess.Popen[str], sign: signal.Signals) -> None:
    url = printed(sandbox, r"(http://127\.0\.0\.1:\d+/)")
    settings = Path(printed(sandbox, r"(/\S+/ringback\.toml)"))
    page = httpx.get(url)
    assert "Tienda Sol" in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert processes_of(str(settings.parent))
    sandbox.send_signal(sign)
    assert sandbox.wait(timeout=30) == 0
    assert processes_of(str(settings.parent)) == []
    assert not settings.parent.exists()


def test_a_port_that_is_taken_is_one_clear_line(sandbox: subprocess.Popen[str]) -> None:
    port = printed(sandbox, r"http://127\.0\.0\.1:(\d+)/")
    argv = [sys.executable, "-m", "ringbackd.cli", "sandbox", "--port", port]
    second = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert (
        second.stdout
        == f"port {port} of 127.0.0.1: address already in use; choose another one with --port, 0 takes any\n"
    )
    assert "Traceback" not in second.stdout + second.stderr


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Origin": "http://evil.example", "Content-Type": "application/json"}, 403),
        ({"Origin": "null", "Content-Type": "application/json"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/json"}, 400),
    ],
)
def test_the_page_refuses_what_another_site_could_send(page_url: str, headers: dict[str, str], status: int) -> None:
    answer = httpx.post(f"{page_url}api/dial", content=b'{"customer": "1"}', headers=headers)
    assert answer.status_code == status
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.fixture(scope="module")
def page_url() -> Iterator[str]:
    with running() as process:
        yield printed(process, r"(http://127\.0\.0\.1:\d+/)")
