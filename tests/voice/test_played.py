"""A real Asterisk, 22 and 16, plays every prompt: at both rates, loud enough, whole from the first sound on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from agi import say, voice
from ringback.line import Language
from ringbackd.prompts import render, shipped, wanted
from ringbackd.sandbox.kit import Kit, ensure
from ringbackd.sandbox.process import until
from ringbackd.sandbox.shipping import CODECS, Converter, make
from ringbackd.sandbox.voice import programs
from ringbackd.sound import LEAD_S, LEVEL_DB, PEAK, TAIL_S, Sound, SoundError, read
from ringbackd.soundfolder import SoundFolder
from ringbackd.speaking import PromptSettings

pytestmark = pytest.mark.pbx

SHIPPED = shipped()
CODEC_DB = 2.5
"""How much GSM and G.722 may change the level; short words with one loud sound are also left below it by PEAK."""
GIVES_WAY_DB = 5.0
CUT_S = 0.04
"""How far a codec may move the moment at which a frame counts as sound."""
CLICK = 0.02
"""Where a prompt ends louder than this, its end is heard."""
DIALPLAN = """
[voice]
exten => say,1,Answer()
 same => n,Wait(0.5)
 same => n,Playback(${SOUNDS})
 same => n,Wait(0.5)
 same => n,Hangup()
"""


class Speaker(Converter):
    """Also plays sounds on one end of a Local channel, and records them on the other."""

    release = ""

    def configuration(self) -> Mapping[str, str]:
        usual = dict(super().configuration())
        usual["extensions.conf"] += DIALPLAN
        usual["manager.conf"] += "\n[convert](+)\nwrite = command,originate,system\n"
        usual["logger.conf"] += "played => verbose(3)\n"
        return usual

    async def played(self, sounds: Sequence[str], into: Path, codec: str) -> tuple[Sound, list[str]]:
        """Play sounds one after the other; return what the other end heard, and the files that Asterisk took."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ami_port)
        call = "Action: Originate\r\nChannel: Local/say@voice/n\r\nApplication: Record\r\nAsync: true"
        action = f"{call}\r\nData: {into},0,60,qk\r\nCodecs: {codec}\r\nVariable: SOUNDS={'&'.join(sounds)}"
        login = f"Action: Login\r\nUsername: convert\r\nSecret: {self.ami_secret}\r\nEvents: off"
        writer.write(f"{login}\r\n\r\n{action}\r\n\r\nAction: Logoff\r\n\r\n".encode())
        answer = (await asyncio.wait_for(reader.read(), 10)).decode()
        writer.close()
        assert "Originate successfully queued" in answer
        await until(lambda: _whole(into), seconds=60, otherwise=lambda: f"{into} was not recorded to its end")
        lines = (self.folder / "log/played").read_text(errors="replace").splitlines()
        return read(into), [line.split("Playing '")[1].split("'")[0] for line in lines if "Playing '" in line]


def _whole(recording: Path) -> bool:
    """Asterisk writes the length into the head of a WAV when the recording has ended."""
    try:
        return read(recording).seconds > 0
    except SoundError:
        return False


@pytest.fixture(scope="module")
def kits() -> Kit:
    return asyncio.run(ensure(("22", "16", "voice"), console=Console(stderr=True)))


@pytest.fixture(params=["22", "16"])
async def asterisk(kits: Kit, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Speaker]:
    async with Speaker(kits, tmp_path / "pbx", release=request.param) as booted:
        booted.release = request.param
        yield booted


async def test_every_shipped_prompt_is_whole_and_equally_loud(asterisk: Speaker, tmp_path: Path) -> None:
    keys = SHIPPED.keys if asterisk.release == "22" else SHIPPED.keys[::5]
    wanted_ = {f".{codec}": extension for extension, codec in CODECS.items()}
    pairs = [
        (path, tmp_path / f"{key.replace('/', '-')}{path.suffix}.{wanted_[path.suffix]}")
        for key in keys
        for path in SHIPPED.files(key)
        if not key.endswith(say.PAUSE)
    ]
    await asterisk.convert(pairs)
    levels = []
    for _, path in pairs:
        sound = read(path)
        (begins, ends), level = sound.spoken(), sound.level_db
        assert LEAD_S - CUT_S < begins < LEAD_S + CUT_S, path
        assert 0.01 < sound.seconds - ends < 2 * TAIL_S, path
        assert max(map(abs, sound.samples[-sound.rate // 50 :])) < CLICK, path
        assert sound.peak < PEAK * 10 ** (CODEC_DB / 20), path
        assert LEVEL_DB - GIVES_WAY_DB < level < LEVEL_DB + CODEC_DB, path
        levels.append(level)
    assert sum(abs(level - LEVEL_DB) < CODEC_DB for level in levels) > 0.95 * len(levels)


async def test_callers_hear_all_that_is_said_at_the_rate_of_their_calls(asterisk: Speaker, tmp_path: Path) -> None:
    calls = [(language, *each) for language in voice.LANGUAGES for each in (("slin", "gsm"), ("slin16", "g722"))]
    await asyncio.gather(*(_heard(asterisk, tmp_path, *call) for call in calls))


async def _heard(asterisk: Speaker, folder: Path, language: Language, codec: str, taken: str) -> None:
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    said = ["for", *say.moment(datetime(2026, 11, 27, 14, 30, tzinfo=UTC), now, language), *say.digits("155")]
    into = folder / f"{language}.{'wav' if codec == 'slin' else 'wav16'}"
    heard, files = await asterisk.played([voice.path(sound, language) for sound in said], into, codec)
    ours = [file for file in files if file.startswith(voice.path("", language)) and file.endswith(f".{taken}")]
    assert ours == [f"{voice.path(sound, language)}.{taken}" for sound in said]
    begins, ends = heard.spoken()
    assert ends - begins == pytest.approx(sum(_seconds(f"{language}/{sound}", taken) for sound in said), abs=0.25)
    assert LEVEL_DB - CODEC_DB < heard.level_db < LEVEL_DB + CODEC_DB


async def test_what_is_built_on_the_pbx_is_played_at_both_rates(
    asterisk: Speaker, kits: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_voice(kits, tmp_path, monkeypatch)
    (prompt,) = (each for each in wanted("pt") if each.key == "pt/returning-call")
    for extension, content in render(prompt, PromptSettings()).items():
        (tmp_path / f"built.{extension}").write_bytes(content)
    ways = (("slin", "wav"), ("slin16", "wav16"))
    calls = [asterisk.played([str(tmp_path / "built")], tmp_path / f"heard.{taken}", codec) for codec, taken in ways]
    for (heard, files), (codec, taken) in zip(await asyncio.gather(*calls), ways, strict=True):
        assert f"{tmp_path}/built.{codec}" in files
        built, (begins, ends) = read(tmp_path / f"built.{taken}").spoken(), heard.spoken()
        assert ends - begins == pytest.approx(built[1] - built[0], abs=0.05)


async def test_the_shipped_ones_can_be_made_again_to_the_byte(
    kits: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_voice(kits, tmp_path, monkeypatch)
    prompts = [prompt for language in voice.LANGUAGES for prompt in wanted(language)[::20]]
    again = SoundFolder(tmp_path / "again")
    async with Converter(kits, tmp_path / "pbx") as asterisk:
        with again.writing():
            await make(again, prompts, asterisk, tmp_path)
    for prompt in prompts:
        assert again.contents(prompt.key) == SHIPPED.contents(prompt.key), prompt.key


def _with_voice(kits: Kit, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(programs(kits.roots["voice"], folder / "bin")), prepend=":")


def _seconds(key: str, extension: str) -> float:
    size = next(path for path in SHIPPED.files(key) if path.suffix == f".{extension}").stat().st_size
    return size / {"gsm": 1650, "g722": 8000}[extension]
