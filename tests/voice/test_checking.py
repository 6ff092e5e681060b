"""`ringback prompts check`: what Asterisk cannot play, what is oddly long, missing or old; each with what to do."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ringbackd import unixuser
from ringbackd.sound import silence, wav
from tests.voice.conftest import Admin
from tests.voice.test_prompting import Few, run

pytestmark = pytest.mark.usefixtures("few")


@pytest.mark.parametrize(
    ("name", "content", "says", "code"),
    [
        ("welcome.wav", wav(silence(1.5, 44100)), "44100 Hz, 1 channels, 16 bits; Asterisk reads .wav of 8000 Hz", 1),
        ("welcome.WAV", wav(silence(1.5, 8000)), "Asterisk takes .WAV for GSM, and this is not; make it so: sox", 1),
        ("welcome.WAV", b"\0" * 20 + b"1\0" + b"\0" * 3000, "0 of them missing", 0),
        ("welcome.wav", b"RIFF", "no WAV that Asterisk reads", 1),
        ("welcome.wav", b"", "no WAV that Asterisk reads", 1),
        ("welcome.gsm", b"", "is empty", 1),
        ("welcome.mp3", b"ID3", "Asterisk may not read .mp3", 1),
        ("welcome.ulaw", b"\x7f" * 80000, "10.0 s; about 1.8 s would say 'Gracias por llamar a': listen to it", 0),
        ("welcome.ulaw", b"\x7f" * 800, "0.1 s; about 1.8 s", 0),
        ("welcome.ulaw", b"\x7f" * 16000, "0 of them missing", 0),
    ],
)
def test_a_recording_that_cannot_be_played_or_is_oddly_long_is_told(
    admin: Admin, name: str, content: bytes, says: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    run(admin, "build")
    for rendered in admin.sounds.glob("es/welcome.*"):
        rendered.unlink()
    (admin.sounds / "es" / name).write_bytes(content)
    assert run(admin, "check") == code
    assert says in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("folder", "file", "may"), [(0o755, 0o644, True), (0o755, 0o640, False), (0o750, 0o644, False)]
)
def test_what_asterisks_user_may_not_read_is_found(
    monkeypatch: pytest.MonkeyPatch, folder: int, file: int, may: bool
) -> None:
    monkeypatch.setattr(unixuser, "ASTERISK", "nobody")
    with TemporaryDirectory() as name:
        sound = Path(name, "welcome.wav")
        sound.touch()
        sound.chmod(file)
        Path(name).chmod(folder)
        assert unixuser.asterisk_may(sound, unixuser.READ) is may


def test_missing_and_outdated_ones_are_told(admin: Admin, few: Few, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(admin, "check") == 1
    assert "es/welcome: missing" in capsys.readouterr().out
    run(admin, "build")
    few(welcome="Hola", digit_1="uno")
    assert run(admin, "check") == 0
    assert "es/welcome: rendered from another text" in capsys.readouterr().out
