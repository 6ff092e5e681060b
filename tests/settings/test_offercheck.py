"""What the doctor says of the offer: one line for each trouble, with what to do."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
from pathlib import Path

import pytest

from agi.fastagi import FastAgi
from agi.menu import FILE
from ringbackd import offercheck, unixuser
from ringbackd.cli import main
from ringbackd.sandbox.process import free_port
from ringbackd.settings import Settings, load
from tests.settings.test_settings import EXAMPLE

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may be asked about another user's rights")


def settings(tmp_path: Path, port: int, folder: Path) -> Settings:
    path = tmp_path / "ringback.toml"
    offer = f"[offer]\nport = {port}\nfolder = {json.dumps(str(folder))}\n"
    sounds = f"[prompts]\nfolder = {json.dumps(str(tmp_path / 'sounds'))}\n"
    path.write_text(EXAMPLE.replace("[redis]", f"{offer}{sounds}[redis]", 1), encoding="utf-8")
    return load(path, {})


def bad(chosen: Settings) -> list[str]:
    return [text for good, text in asyncio.run(offercheck.told(chosen)) if not good]


def test_everything_is_in_order(tmp_path: Path) -> None:
    door = FastAgi("127.0.0.1", 0, {})
    door.start()
    chosen = settings(tmp_path, door.port, tmp_path)
    assert main(["prompts", "install", "-c", str(tmp_path / "ringback.toml")]) == 0
    assert bad(chosen) == []
    door.close()


def test_where_nothing_is_offered_nothing_is_tried(tmp_path: Path) -> None:
    chosen = settings(tmp_path, 1, tmp_path)
    nothing = chosen.model_copy(update={"offer": chosen.offer.model_copy(update={"folder": None})})
    assert asyncio.run(offercheck.told(nothing)) == []


def test_a_port_where_nobody_listens_is_told(tmp_path: Path) -> None:
    port = free_port()
    (door, *_) = bad(settings(tmp_path, port, tmp_path))
    assert door.startswith(f"offers: agi://127.0.0.1:{port}: nobody listens; start Ringback")


def test_another_program_at_the_port_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            with server.accept()[0] as connection:
                connection.sendall(b"220 mail\r\n")
                connection.recv(64)

        mail = threading.Thread(target=greet)
        mail.start()
        told = bad(settings(tmp_path, server.getsockname()[1], tmp_path))
        mail.join(20)
    assert "another program listens there" in str(told)


def test_a_daemon_that_stands_still_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offercheck, "PATIENCE_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as still:
        (door, *_) = bad(settings(tmp_path, still.getsockname()[1], tmp_path))
    assert "no answer (too slow); restart Ringback" in door


def test_sounds_that_are_missing_in_the_lines_language_are_told_with_the_command(tmp_path: Path) -> None:
    chosen = settings(tmp_path, 1, tmp_path)
    assert main(["prompts", "install", "-c", str(tmp_path / "ringback.toml")]) == 0
    for sound in (tmp_path / "sounds/es").glob("offer-whatsapp.*"):
        sound.unlink()
    (text,) = [text for text in bad(chosen) if text.startswith("sounds")]
    assert "es/offer-whatsapp: missing; `ringback prompts install`" in text
    (tmp_path / "sounds/es/welcome.gsm").write_bytes(b"")
    assert "(and 1 more: ringback prompts check)" in str(bad(chosen))


@pytest.mark.parametrize(("exists", "says"), [(True, "is no folder"), (False, "is no folder; run: sudo install -d")])
def test_no_folder_at_all_is_told(tmp_path: Path, exists: bool, says: str) -> None:
    folder = tmp_path / "spool"
    if exists:
        folder.touch()
    assert says in bad(settings(tmp_path, 1, folder))[0]


@as_root
@pytest.mark.parametrize(
    ("folder", "file", "says"),
    [(0o2770, 0o640, "user nobody; run"), (0o777, 0o640, f"{FILE} cannot be read"), (0o777, 0o644, "")],
)
def test_what_asterisks_user_may_not_is_told(
    monkeypatch: pytest.MonkeyPatch, folder: int, file: int, says: str, outside: Path
) -> None:
    for module in (unixuser, offercheck):
        monkeypatch.setattr(module, "ASTERISK", "nobody")
    outside.chmod(folder)
    (outside / FILE).touch()
    (outside / FILE).chmod(file)
    told = [text for good, text in offercheck.folder_told(outside) if not good]
    assert (says in told[0]) if says else (told == [])


def test_what_was_set_aside_and_what_waits_is_told(tmp_path: Path) -> None:
    for name in ("a.bad", "b.bad", "c.fact"):
        (tmp_path / name).touch()
    (tmp_path / "d.fact").mkdir()
    (bad, good) = offercheck.folder_told(tmp_path)
    assert (bad[0], good[0]) == (False, True)
    assert f"2 files in {tmp_path} could not be read (a.bad)" in bad[1]
    assert "1 choices of callers wait there" in good[1]
