"""The programs of the kit's release `voice`, under their own names on a PATH."""

import shlex
from pathlib import Path

from .kit import Root

_SPEECH_DATA = "usr/lib/*-linux-gnu/espeak-ng-data"


def programs(root: Root, folder: Path) -> Path:
    """Write espeak-ng and sox into `folder` as scripts that run those of the kit; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    espeak = [*root.argv("usr/bin/espeak-ng"), f"--path={root.find(_SPEECH_DATA).parent}"]
    for name, argv in (("espeak-ng", espeak), ("sox", root.argv("usr/bin/sox"))):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join(argv)} "$@"\n')
        script.chmod(0o755)
    return folder
