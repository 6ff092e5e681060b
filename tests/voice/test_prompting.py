"""`ringback prompts`: renders what is needed and no more, never touches a recording, tells what callers would miss."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ringbackd import prompts, speaking
from ringbackd.cli import main
from ringbackd.commands import FailedError
from ringbackd.prompting import _refusals
from ringbackd.prompts import folder_of
from ringbackd.settings import SettingsError, load
from ringbackd.sound import Sound, wav
from ringbackd.soundfolder import SoundFolder
from tests.voice.conftest import Admin

pytestmark = pytest.mark.usefixtures("few")
Few = Callable[..., None]


def run(admin: Admin, *words: str) -> int:
    return main(["prompts", *words, "-c", str(admin.config)])


def there(admin: Admin) -> set[str]:
    return {path.relative_to(admin.sounds).as_posix() for path in admin.sounds.glob("*/*")}


def test_every_prompt_and_the_brand_are_rendered_at_both_rates(admin: Admin) -> None:
    assert run(admin, "build") == 0
    names = ("brand-ventas", "default-brand", "digit-1", "pause", "welcome")
    assert there(admin) == {f"es/{name}.{extension}" for name in names for extension in ("wav", "wav16")}
    assert ["Nombre del negocio\n", "Nombre del negocio", "es-419", []] in admin.heard()
    assert run(admin, "check") == 0


def test_anybody_may_read_the_sounds_whatever_the_umask(admin: Admin) -> None:
    before = os.umask(0o077)
    try:
        run(admin, "build")
        run(admin, "install")
    finally:
        os.umask(before)
    for path in admin.sounds.rglob("*"):
        mode = path.stat().st_mode
        assert mode & (stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0)) == (
            stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0)
        ), path


def test_only_what_changed_is_rendered_again(admin: Admin, few: Few) -> None:
    run(admin, "build")
    admin.said.unlink()
    run(admin, "build")
    assert admin.heard() == []
    few(welcome="Bienvenido a", digit_1="uno", default_brand="nuestra empresa")
    admin.set(brand="Otra")
    run(admin, "build")
    assert [text for text, *_ in admin.heard()] == ["Bienvenido a\n", "Otra\n"]
    run(admin, "build", "--again")
    assert len(admin.heard()) == 2 + 4


def test_a_recording_is_never_overwritten_and_is_the_only_one_that_is_played(admin: Admin) -> None:
    run(admin, "build")
    mine = admin.sounds / "es/welcome.ulaw"
    mine.write_bytes(b"\x7f" * 8000)
    changed = admin.sounds / "es/digit-1.wav"
    changed.write_bytes(wav(Sound(8000, [0.3] * 4000)))
    kept = (mine.read_bytes(), changed.read_bytes())
    for command in (("build", "--again"), ("build",), ("install",)):
        assert run(admin, *command) == 0
        assert (mine.read_bytes(), changed.read_bytes()) == kept
        files = {path.name for path in admin.sounds.glob("es/*") if path.name.startswith(("welcome.", "digit-1."))}
        assert files == {"welcome.ulaw", "digit-1.wav"}
    mine.unlink()
    run(admin, "build")
    assert "es/welcome.wav" in there(admin)


@pytest.mark.parametrize("broken", ["replace", "chmod"])
def test_a_crash_never_makes_a_rendering_look_like_a_recording(
    admin: Admin, few: Few, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    run(admin, "build")
    few(welcome="Bienvenido a")
    with monkeypatch.context() as crash:

        def ended(*_: object) -> None:
            raise KeyboardInterrupt

        crash.setattr(Path, broken, ended)
        assert run(admin, "build") == 130
    folder = SoundFolder(admin.sounds)
    assert [key for key in folder.keys if folder.recorded(key)] == []
    assert run(admin, "build") == 0
    assert run(admin, "check") == 0


def test_two_at_once_do_not_write(admin: Admin, capsys: pytest.CaptureFixture[str]) -> None:
    run(admin, "build")
    with (admin.sounds / "made.txt").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert run(admin, "build") == 1
    assert "another `ringback prompts` is writing here" in capsys.readouterr().err


def test_no_link_is_followed_out_of_the_folder(admin: Admin, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (admin.sounds / "es").mkdir(parents=True)
    (admin.sounds / "es/.welcome.wav").symlink_to(victim)
    assert run(admin, "build") == 0
    (admin.sounds / "made.txt").unlink()
    (admin.sounds / "made.txt").symlink_to(victim)
    assert run(admin, "build") == 1
    assert victim.read_text() == "precious"


@pytest.mark.parametrize(
    "brand", ["$(touch x); `id` | rm -rf /", "\"><&'\\", "-w /etc/passwd", "[[ph'o]] <voice/>", "Ñandú & Cía · 株式"]
)
def test_a_hostile_brand_is_only_text(admin: Admin, brand: str) -> None:
    admin.set(brand=brand)
    assert run(admin, "build") == 0
    assert [brand + "\n", brand, "es-419", []] in admin.heard()


@pytest.mark.parametrize(
    ("speak", "says"),
    [
        (["no-such-program", "{output}"], "there is no program 'no-such-program'; install it"),
        ([sys.executable, "-c", "import sys; sys.exit('no voice')", "{output}"], "failed with code 1: no voice"),
        ([sys.executable, "-c", "pass", "{output}"], "wrote no file that can be read (No such file"),
        (["sh", "-c", "echo gone >&2; kill -9 $$", "{output}"], "was ended by signal 9: gone"),
        ([sys.executable, "-c", "import time; time.sleep(60)", "{output}"], "took longer than 1 s for 'Gracias por"),
    ],
)
def test_a_program_that_does_not_speak_is_told_with_the_setting(
    admin: Admin, speak: list[str], says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaking, "PATIENCE_S", 1.0)
    admin.set(speak)
    assert run(admin, "build") == 1
    told = capsys.readouterr().err
    assert told.startswith("prompts.speak: ")
    assert says in told


def test_a_program_that_makes_silence_is_told(admin: Admin, capsys: pytest.CaptureFixture[str]) -> None:
    admin.set(brand="silent")
    assert run(admin, "build") == 1
    told = capsys.readouterr().err
    assert "made silence for es/brand-ventas ('silent'); change the text" in told


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('speak = ["espeak-ng", "{text_file}"]', "prompts: speak: no word has {output}"),
        ("speak = []", "prompts.speak: Tuple should have at least 1 item"),
        ('voices = { fr = "fr" }', "prompts.voices.fr"),
        ('colour = "red"', "prompts.colour: there is no such setting"),
    ],
)
def test_a_wrong_setting_is_told(admin: Admin, more: str, says: str) -> None:
    text = admin.config.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("speak =", "folder ="))]
    admin.config.write_text("\n".join(lines).replace("[prompts]", f"[prompts]\n{more}"), encoding="utf-8")
    with pytest.raises(SettingsError, match=says.replace("{", r"\{")):
        load(admin.config)


def test_the_shipped_ones_are_installed_with_a_brand_for_every_line(
    admin: Admin, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(admin, "install") == 0
    found = there(admin)
    assert {"es/welcome.gsm", "en/welcome.g722", "pt/pause.gsm", "es/brand-ventas.gsm"} <= found
    capsys.readouterr()
    assert run(admin, "check") == 0
    assert "es/brand-ventas: 'our company' is said, not 'Nombre del negocio'" in capsys.readouterr().out
    before = {path: path.stat().st_mtime_ns for path in admin.sounds.glob("*/*")}
    assert run(admin, "install") == 0
    assert {path: path.stat().st_mtime_ns for path in admin.sounds.glob("*/*")} == before


def test_what_was_built_stays_when_the_shipped_ones_are_installed(admin: Admin) -> None:
    run(admin, "build")
    run(admin, "install")
    assert "es/welcome.gsm" not in there(admin)
    assert "es/brand-ventas.wav" in there(admin)


def test_with_the_shipped_voice_only_the_brands_are_rendered(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    run(admin, "install")
    made = speaking.AS_SHIPPED.made
    monkeypatch.setattr(speaking.PromptSettings, "made", lambda _self, text, language: made(text, language))
    assert run(admin, "build") == 0
    assert [text for text, *_ in admin.heard()] == ["Nombre del negocio\n"]


def test_an_update_replaces_the_shipped_ones_and_nothing_else(
    admin: Admin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "old"
    shutil.copytree(prompts.shipped().root, old)
    (old / "es/welcome.gsm").write_bytes(b"\0" * 33)
    ledger = (old / "made.txt").read_text().splitlines()
    kept = [line for line in ledger if not line.endswith(" es/welcome.gsm")]
    digest = "7f9c9e31ac8256ca2f258583df262dbc7d6f68f2a03043d5c99a4ae5a7396ce9"
    (old / "made.txt").write_text("\n".join([*kept, f"{digest} old es/welcome.gsm", ""]))
    with monkeypatch.context() as before:
        before.setattr("ringbackd.prompting.shipped", lambda: SoundFolder(old))
        run(admin, "install")
    run(admin, "install")
    assert (admin.sounds / "es/welcome.gsm").read_bytes() == (prompts.shipped().root / "es/welcome.gsm").read_bytes()


def test_the_folder_is_where_asterisk_says_that_its_sounds_are(admin: Admin, tmp_path: Path) -> None:
    admin.config.write_text(admin.config.read_text().replace("folder = ", "# folder = "))
    settings, conf = load(admin.config), tmp_path / "asterisk.conf"
    conf.write_text(f"[directories]\nastdatadir => {tmp_path} ; here\n")
    (tmp_path / "sounds").mkdir(exist_ok=True)
    assert folder_of(settings, conf) == tmp_path / "sounds/ringback"
    conf.write_text(f"[directories]\nastdatadir => {tmp_path}/nowhere\n")
    with pytest.raises(SettingsError, match=r"prompts\.folder: .*nowhere/sounds does not exist"):
        folder_of(settings, conf)


@pytest.mark.parametrize("command", ["install", "build", "check"])
def test_a_folder_that_cannot_be_read_is_told_by_every_command(
    admin: Admin, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (admin.sounds / "made.txt").mkdir(parents=True)
    assert run(admin, command) == 1
    assert "made.txt: Is a directory; run it as root or Asterisk's user" in capsys.readouterr().err


def test_a_full_disk_is_told_as_one() -> None:
    with pytest.raises(FailedError, match="No space left on device; make room there"), _refusals():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_disk_that_refuses_is_told(admin: Admin, capsys: pytest.CaptureFixture[str]) -> None:
    admin.sounds.parent.mkdir(parents=True, exist_ok=True)
    admin.sounds.write_text("a file")
    assert run(admin, "build") == 1
    assert json.dumps(str(admin.sounds))[1:-1] in capsys.readouterr().err
