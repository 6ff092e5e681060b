"""`ringback record`, and anonymising what was recorded before."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from getpass import getpass
from io import BufferedIOBase
from pathlib import Path
from typing import IO

from pydantic import ValidationError
from rich.console import Console

from ami_listener.anonymise import anonymised
from ami_listener.answers import NotConnectedError
from ami_listener.link import LoginRefusedError
from ami_listener.newfile import new_file
from ami_listener.recorder import Recorder
from ami_listener.recording import BLOCK, STDIN, Recording
from ami_listener.settings import PbxSettings
from ringbackd.commands import FailedError
from ringbackd.settings import SECRETS, SettingsError, explain, load_pbx

KEY_BYTES = 32
TEND_S = 0.5
"""How often the progress is shown and the file flushed."""

err = Console(stderr=True)


async def record(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback record FILE`: until Ctrl-C, SIGTERM or the end of the minutes. 1 when the connection broke before."""
    settings, path = _pbx(arguments), Path(arguments.file)
    with _explained(path, _where(settings)), new_file(path) as file:
        if arguments.anonymise:
            # A file without a name: nobody else ever sees the real numbers in it, not even after a crash.
            with tempfile.TemporaryFile(dir=path.parent) as raw:
                recorder, whole = await _record(settings, raw, arguments.minutes)
                file.writelines(anonymised(lambda: _blocks(raw), secrets.token_bytes(KEY_BYTES)))
        else:
            recorder, whole = await _record(settings, file, arguments.minutes)
    console.print(f"{path}: {_progress(recorder)}", markup=False, highlight=False, soft_wrap=True)
    if recorder.events and not recorder.timed:
        err.print("events carry no times: set timestampevents = yes in manager.conf", style="yellow")
    if not whole:
        raise FailedError(f"{_where(settings)}: Asterisk closed the connection; what came before it is in {path}")
    return 0


def _pbx(arguments: argparse.Namespace) -> PbxSettings:
    """The PBX of the command line, else that of the settings. Without either the secret is asked for, where one can."""
    given = {
        name: getattr(arguments, name) for name in ("host", "port", "user") if getattr(arguments, name) is not None
    }
    if not given:
        return load_pbx(arguments.config).pbx
    variable = SECRETS["pbx", "secret"]
    secret = os.environ.get(variable, "")
    if not secret and not sys.stdin.isatty():
        raise SettingsError(f"the secret of the AMI user is missing: set {variable}")
    try:
        return PbxSettings.model_validate({**given, "secret": secret or getpass("secret of the AMI user: ")})
    except ValidationError as error:
        raise SettingsError("\n".join(f"--{line}" for line in explain(error))) from None


def anonymise(name: str, target: Path, console: Console) -> int:
    """Write a recording anew with other numbers and names. Raises SettingsError when that cannot be."""
    if name == STDIN:
        raise SettingsError("--anonymise-to reads its recording twice: give a file, not standard input")
    recording = Recording(name)
    with _explained(target), new_file(target) as file:
        file.writelines(anonymised(recording.raw, secrets.token_bytes(KEY_BYTES)))
    if recording.trouble:
        err.print(f"{name}: {recording.trouble}; anonymised as far as it is whole", style="yellow", markup=False)
    console.print(f"{target}: {name} with other numbers and names", markup=False, highlight=False, soft_wrap=True)
    return 0


async def _record(
    settings: PbxSettings, file: IO[bytes] | BufferedIOBase, minutes: float | None
) -> tuple[Recorder, bool]:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if minutes is not None:
        loop.call_later(60 * minutes, stop.set)
    recorder = Recorder(settings, file.write)
    tending = asyncio.create_task(_tend(recorder, file))
    try:
        return recorder, await recorder.run(stop)
    finally:
        tending.cancel()
        await asyncio.wait({tending})


async def _tend(recorder: Recorder, file: IO[bytes] | BufferedIOBase) -> None:
    """Say how far it is, where somebody looks, and leave nothing for long where a kill would lose it."""
    with err.status("") if err.is_terminal else nullcontext() as status:
        while True:
            if status:
                status.update(f"recording: {_progress(recorder)}; Ctrl-C ends it")
            file.flush()
            await asyncio.sleep(TEND_S)


def _progress(recorder: Recorder) -> str:
    return f"{recorder.bytes:,} bytes, {recorder.events:,} events of calls, {recorder.calls:,} calls ended"


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while block := file.read(BLOCK):
        yield block


@contextmanager
def _explained(path: Path, where: str = "") -> Iterator[None]:
    """What can go wrong with a new file or with Asterisk (at `where`), in one line."""
    try:
        yield
    except FileExistsError as error:
        raise SettingsError(
            f"{error.filename}: is there already and is not overwritten; choose another name"
        ) from error
    except LoginRefusedError as error:
        raise FailedError(
            f"{where}: login refused ({error}): look at pbx.user and pbx.secret in the settings"
        ) from error
    except NotConnectedError as error:
        raise FailedError(f"{where}: {error}; look at pbx.host and pbx.port in the settings") from error
    except OSError as error:
        raise FailedError(f"{error.filename or path}: {error.strerror or error}") from error


def _where(settings: PbxSettings) -> str:
    return f"Asterisk at {settings.host}:{settings.port}"
