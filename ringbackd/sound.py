"""Speech as samples: read from a WAV, brought to another rate, trimmed, levelled, and made a WAV again.

Samples are floats from -1 to 1, one channel. Pure Python: a prompt is a few seconds, and nothing has to be installed.
"""

from __future__ import annotations

import math
import sys
import wave
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from operator import mul
from pathlib import Path
from random import Random

FULL = 32768
STREAMED = 0x7FFF_0000
"""As long as this or longer, in bytes, claims to be who wrote the head before knowing how much would follow."""
LEVEL_DB = -20.0
"""RMS of the frames in which something is said, in dBFS: as loud as Asterisk's own prompts."""
PEAK = 0.8
"""No sample is louder; the level gives way."""
LEAD_S, TAIL_S = 0.06, 0.06
"""What is left before the first sound and after the last one: soft beginnings stay whole, words do not run together."""
FRAME_S = 0.01
QUIET = 0.01
"""A frame whose peak is under this part of the loudest one's says nothing."""
HISS = 4 / FULL
"""The noise that lies under a prompt, inaudible at -78 dBFS: silence of zeros alone makes GSM's predictor drift after
loud speech, up to a tenth of full scale, and the end of the file is a click."""
SHAPE = 2
"""Another number when `shaped` does something else, so that what was rendered before is rendered again."""
_ZEROS = 10
"""Zero crossings of the filter on each side: aliases are 60 dB down and more."""


class SoundError(Exception):
    """The file holds no speech that can be used; the text says what is wrong with it."""


@dataclass(frozen=True)
class Sound:
    """Some samples at a rate in Hz."""

    rate: int
    samples: Sequence[float]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate

    @property
    def peak(self) -> float:
        """The loudest sample, 0 to 1."""
        return max(map(abs, self.samples), default=0.0)

    @property
    def level_db(self) -> float:
        """RMS in dBFS of the frames in which something is said; minus infinity where nothing is."""
        said = [frame for frame, loud in zip(self._frames(), self._loud(), strict=True) if loud]
        count = sum(map(len, said))
        return 10 * math.log10(sum(sum(map(mul, frame, frame)) for frame in said) / count) if count else -math.inf

    def spoken(self) -> tuple[float, float]:
        """Seconds at which the first sound begins and the last one ends; both 0 where nothing is said."""
        loud = [at for at, is_loud in enumerate(self._loud()) if is_loud]
        return (loud[0] * FRAME_S, min((loud[-1] + 1) * FRAME_S, self.seconds)) if loud else (0.0, 0.0)

    def _loud(self) -> list[bool]:
        floor = max(self.peak * QUIET, 1 / FULL)
        return [max(map(abs, frame)) > floor for frame in self._frames()]

    def _frames(self) -> list[Sequence[float]]:
        size = round(self.rate * FRAME_S)
        return [self.samples[at : at + size] for at in range(0, len(self.samples), size)]


def read(path: Path) -> Sound:
    """Read a whole WAV of 16 bits; several channels become one. Raises SoundError."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate, count, *_ = file.getparams()
            data = file.readframes(count)
    except OSError as error:
        raise SoundError(f"no file that can be read ({error.strerror})") from error
    except (EOFError, wave.Error) as error:
        raise SoundError(f"no WAV of plain 16 bit samples ({error})") from error
    if width != 2:
        raise SoundError(f"a WAV of {8 * width} bits; it must have 16")
    if len(data) < count * channels * width < STREAMED:
        raise SoundError(f"a WAV that breaks off after {len(data)} of {count * channels * width} bytes")
    values = array("h", data[: len(data) // (2 * channels) * 2 * channels])
    if sys.byteorder == "big":
        values.byteswap()
    whole = channels * FULL
    sums = map(sum, zip(*(values[at::channels] for at in range(channels)), strict=True)) if channels > 1 else values
    return Sound(rate, [value / whole for value in sums])


def wav(sound: Sound) -> bytes:
    """A WAV of 16 bits, one channel."""
    values = array("h", (max(-FULL, min(FULL - 1, round(sample * FULL))) for sample in sound.samples))
    if sys.byteorder == "big":
        values.byteswap()
    written = BytesIO()
    with wave.open(written, "wb") as file:
        file.setparams((1, 2, sound.rate, len(values), "NONE", "not compressed"))
        file.writeframes(values.tobytes())
    return written.getvalue()


def shaped(sound: Sound, rate: int) -> Sound:
    """The prompt as callers hear it: at `rate`, no silence around it, as loud as all others. Raises SoundError.

    What is said is looked for before the rate changes, so that the same words are as long in every rate.
    """
    begins, ends = sound.spoken()
    if ends - begins < 2 * FRAME_S:
        raise SoundError("silence")
    first, last = max(0.0, begins - LEAD_S / 2), min(sound.seconds, ends + TAIL_S / 2)
    cut = Sound(sound.rate, sound.samples[round(first * sound.rate) : round(last * sound.rate)])
    return _levelled(_padded(at_rate(cut, rate), LEAD_S - (begins - first), TAIL_S - (last - ends)))


def silence(seconds: float, rate: int) -> Sound:
    """Nothing, for so long."""
    return Sound(rate, [0.0] * round(seconds * rate))


def at_rate(sound: Sound, rate: int) -> Sound:
    """The same sound at another rate: a windowed sinc, its taps computed once for each phase between two samples."""
    if rate == sound.rate:
        return sound
    common = math.gcd(rate, sound.rate)
    up, down = rate // common, sound.rate // common
    reach = math.ceil(_ZEROS * max(1.0, down / up))
    phases = _phases(up, down, reach)
    padded = [0.0] * reach + list(sound.samples) + [0.0] * (reach + 1)
    count = len(sound.samples) * up // down
    samples = []
    for at in range(count):
        start, phase = divmod(at * down, up)
        samples.append(sum(map(mul, phases[phase], padded[start : start + 2 * reach + 1])))
    return Sound(rate, samples)


@cache
def _phases(up: int, down: int, reach: int) -> list[list[float]]:
    return [_taps(phase / up, reach, min(1.0, up / down)) for phase in range(up)]


def _taps(offset: float, reach: int, band: float) -> list[float]:
    """The filter seen from `offset` behind a sample; `band` is the part of the spectrum that is kept."""
    taps = [_sinc((at - offset) * band) * _window((at - offset) / (reach + 1)) for at in range(-reach, reach + 1)]
    whole = sum(taps)
    return [tap / whole for tap in taps]


def _sinc(at: float) -> float:
    return math.sin(math.pi * at) / (math.pi * at) if at else 1.0


def _window(at: float) -> float:
    """Blackman's: from 0 at -1 over 1 in the middle to 0 at 1."""
    return 0.42 + 0.5 * math.cos(math.pi * at) + 0.08 * math.cos(2 * math.pi * at)


def _padded(sound: Sound, before: float, after: float) -> Sound:
    quiet = [[0.0] * max(0, round(seconds * sound.rate)) for seconds in (before, after)]
    return Sound(sound.rate, [*quiet[0], *sound.samples, *quiet[1]])


def _levelled(sound: Sound) -> Sound:
    gain = min(10 ** ((LEVEL_DB - sound.level_db) / 20), PEAK / sound.peak)
    hiss = Random(SHAPE)  # noqa: S311 (no secret: the same text is to be rendered to the same bytes)
    return Sound(sound.rate, [sample * gain + hiss.uniform(-HISS, HISS) for sample in sound.samples])
