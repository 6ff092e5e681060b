"""Makes `agi/sounds`: every prompt in every language, spoken by espeak-ng, small enough to be shipped.

`python -m ringbackd.sandbox.shipping` renders what has changed, as `ringback prompts build` does on a PBX, and lets a
real Asterisk convert it: GSM for 8 kHz and G.722 for 16 kHz, so that both together are under 8 MB.
"""

import asyncio
import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import track

from agi import voice
from ringbackd.prompts import Prompt, render, shipped, wanted
from ringbackd.soundfolder import LEDGER, SoundFolder
from ringbackd.speaking import AS_SHIPPED

from .asterisk import Pbx
from .errors import KitError
from .kit import ensure
from .voice import programs

CODECS = {"wav": "gsm", "wav16": "g722"}
"""What each rendering becomes."""
_AMI_USER = "\n[convert]\nsecret = {secret}\nread = command\nwrite = command\npermit = 127.0.0.1/255.255.255.255\n"


class Converter(Pbx):
    """An Asterisk that converts sound files, as its console's `file convert` does."""

    more_modules: Sequence[str] = ("codec_g722", "res_convert")

    def configuration(self) -> Mapping[str, str]:
        """The usual one, and an AMI user who may give commands."""
        usual = dict(super().configuration())
        usual["manager.conf"] += _AMI_USER.format(secret=self.ami_secret)
        return usual

    async def convert(self, pairs: Sequence[tuple[Path, Path]]) -> None:
        """Convert files, each into the format that the new name ends with. Raises KitError when one is not written."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ami_port)
        commands = [f"Action: Command\r\nCommand: file convert {old} {new}" for old, new in pairs]
        login = f"Action: Login\r\nUsername: convert\r\nSecret: {self.ami_secret}\r\nEvents: off"
        try:
            for action in (login, *commands, "Action: Logoff"):
                writer.write(f"{action}\r\n\r\n".encode())
                await writer.drain()
                await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
        finally:
            writer.close()
        for _, new in pairs:
            if not new.exists():
                raise KitError(f"Asterisk did not write {new}; see {self.log_path}")


async def make(target: SoundFolder, prompts: Sequence[Prompt], asterisk: Converter, scratch: Path) -> None:
    """Render prompts and put them into `target` as they are shipped."""
    pairs = []
    for prompt in track(prompts, "Speaking", console=Console(stderr=True)):
        for extension, content in render(prompt, AS_SHIPPED).items():
            rendered = scratch / f"{prompt.key.replace('/', '-')}.{extension}"
            rendered.write_bytes(content)
            pairs.append((rendered, rendered.with_suffix(f".{CODECS[extension]}")))
    await asterisk.convert(pairs)
    for prompt in prompts:
        stem = scratch / prompt.key.replace("/", "-")
        formats = {codec: stem.with_suffix(f".{codec}").read_bytes() for codec in CODECS.values()}
        target.put(prompt.key, AS_SHIPPED.made(prompt.text, prompt.language), formats)


def clear(target: SoundFolder, prompts: Sequence[Prompt]) -> None:
    """Take away what is no longer said."""
    for key in {*target.keys} - {prompt.key for prompt in prompts}:
        target.put(key, "", {})


def tidy(root: Path) -> None:
    """Leave in the ledger only what lies there: it is shipped, and would otherwise grow with every change."""
    sums = {
        f"{path.parent.name}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in root.glob("*/*.g*")
    }
    kept = {}
    for line in (root / LEDGER).read_text().splitlines():
        digest, _, name = line.split(" ")
        if sums.get(name) == digest:
            kept[name] = line
    (root / LEDGER).write_text("".join(f"{kept[name]}\n" for name in sorted(kept)))


async def main() -> int:
    """Make what is missing or was made of another text, take away what nothing says; returns the exit code."""
    kit, target = await ensure(("22", "voice"), console=Console(stderr=True)), shipped()
    everything = [prompt for language in voice.LANGUAGES for prompt in wanted(language)]
    todo = [each for each in everything if target.made(each.key) != AS_SHIPPED.made(each.text, each.language)]
    with TemporaryDirectory() as folder, target.writing():
        os.environ["PATH"] = f"{programs(kit.roots['voice'], Path(folder, 'bin'))}:{os.environ['PATH']}"
        async with Converter(kit, Path(folder, "pbx")) as asterisk:
            await make(target, todo, asterisk, Path(folder))
        clear(target, everything)
    tidy(target.root)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
