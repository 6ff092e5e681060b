"""Speech as samples: the rate changes and nothing else, beginnings stay whole, all prompts are equally loud."""

from __future__ import annotations

import math
import wave
from pathlib import Path

import pytest

from ringbackd.sound import HISS, LEAD_S, LEVEL_DB, PEAK, TAIL_S, Sound, SoundError, at_rate, read, shaped, silence, wav


def tone(hertz: float, seconds: float = 0.5, rate: int = 22050, loud: float = 0.5) -> Sound:
    return Sound(rate, [loud * math.sin(2 * math.pi * hertz * at / rate) for at in range(round(seconds * rate))])


def middle(sound: Sound) -> Sound:
    quarter = len(sound.samples) // 4
    return Sound(sound.rate, sound.samples[quarter:-quarter])


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("of", [16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("hertz", [100, 1000, 3000])
def test_a_tone_of_speech_is_the_same_tone_at_another_rate(rate: int, of: int, hertz: int) -> None:
    changed = at_rate(tone(hertz, 0.2, of), rate)
    wished = tone(hertz, 0.2, rate)
    assert len(changed.samples) == len(wished.samples)
    pairs = zip(middle(changed).samples, middle(wished).samples, strict=True)
    assert max(abs(one - other) for one, other in pairs) < 0.005


@pytest.mark.parametrize("hertz", [5000, 6000, 7900, 10000])
def test_what_the_lower_rate_cannot_hold_is_not_heard_as_something_else(hertz: int) -> None:
    assert middle(at_rate(tone(hertz), 8000)).peak < 0.001


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("before", [0.0, 0.01, 0.3, 2.0])
@pytest.mark.parametrize("loud", [0.01, 0.3, 1.0])
def test_a_prompt_begins_after_a_short_silence_and_is_as_loud_as_any_other(
    rate: int, before: float, loud: float
) -> None:
    quiet = silence(before, 22050).samples
    made = shaped(Sound(22050, [*quiet, *tone(440, 0.5, loud=loud).samples, *quiet]), rate)
    begins, ends = made.spoken()
    assert begins == pytest.approx(LEAD_S, abs=0.011)
    assert made.seconds - ends == pytest.approx(TAIL_S, abs=0.021)
    assert ends - begins == pytest.approx(0.5, abs=0.021)
    assert made.level_db == pytest.approx(LEVEL_DB, abs=0.1)


def test_a_soft_beginning_is_not_cut_off() -> None:
    soft = tone(3000, 0.1, loud=0.02).samples
    made = shaped(Sound(22050, [*silence(1, 22050).samples, *soft, *tone(300, 0.5, loud=0.9).samples]), 8000)
    begins, ends = made.spoken()
    assert ends - begins == pytest.approx(0.6, abs=0.03)


def test_a_click_does_not_make_it_clip() -> None:
    whisper = list(tone(440, 0.5, loud=0.02).samples)
    whisper[5000] = 1.0
    made = shaped(Sound(22050, whisper), 8000)
    assert made.peak <= PEAK + HISS
    assert made.level_db < LEVEL_DB


@pytest.mark.parametrize("sound", [Sound(22050, []), silence(1, 22050), tone(440, 0.005)])
def test_silence_is_no_prompt(sound: Sound) -> None:
    with pytest.raises(SoundError, match="silence"):
        shaped(sound, 8000)


def test_a_wav_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    path.write_bytes(wav(tone(440)))
    again = read(path)
    assert again.rate == 22050
    assert again.samples == pytest.approx(tone(440).samples, abs=1 / 32768)
    assert read(_written(tmp_path, channels=2, width=2)).seconds == 0.5


def test_too_loud_is_limited_not_wrapped(tmp_path: Path) -> None:
    path = tmp_path / "loud.wav"
    path.write_bytes(wav(Sound(8000, [2.0, -2.0])))
    assert list(read(path).samples) == pytest.approx([1.0, -1.0], abs=0.001)


def test_what_is_no_wav_of_16_bits_is_told(tmp_path: Path) -> None:
    for content in (b"", b"RIFF", b"ID3" + bytes(100), wav(tone(440))[:30]):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(SoundError, match="no WAV of plain 16 bit samples"):
            read(tmp_path / "x")
    with pytest.raises(SoundError, match="8 bits; it must have 16"):
        read(_written(tmp_path, channels=1, width=1))
    with pytest.raises(SoundError, match="No such file"):
        read(tmp_path / "nothing")


@pytest.mark.parametrize("size", [1001, 22050 + 42])
def test_a_wav_that_was_not_written_to_its_end_is_none(tmp_path: Path, size: int) -> None:
    (tmp_path / "cut").write_bytes(wav(tone(440))[:size])
    with pytest.raises(SoundError, match=f"breaks off after {size - 44} of 22050 bytes"):
        read(tmp_path / "cut")


@pytest.mark.parametrize("length", [b"\xff\xff\xff\xff", b"\x00\xf0\xff\x7f"])
def test_a_wav_whose_length_nobody_knew_when_it_began_is_read_as_far_as_it_goes(tmp_path: Path, length: bytes) -> None:
    whole = wav(tone(440))
    (tmp_path / "streamed").write_bytes(whole[:40] + length + whole[44:1001])
    assert len(read(tmp_path / "streamed").samples) == (1001 - 44) // 2


def _written(folder: Path, *, channels: int, width: int) -> Path:
    with wave.open(str(folder / "y.wav"), "wb") as file:
        file.setparams((channels, width, 8000, 0, "NONE", ""))
        file.writeframes(b"\x10" * (4000 * channels * width))
    return folder / "y.wav"
