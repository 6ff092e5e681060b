"""`ringback replay`: what became of the calls of a recorded AMI stream, and why."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from rich.console import Console

from ami_listener.explain import Explanation
from ami_listener.recording import STDIN, Recording
from ami_listener.replay import Replay
from ami_listener.tracker import CallStarted, Outcome
from ringback.call import Call
from ringbackd.commands import FailedError
from ringbackd.flowfiles import read_flows
from ringbackd.recording import anonymise
from ringbackd.replayrows import Row, Source, ended, unfinished
from ringbackd.replayshow import plain, print_explanation, print_tables
from ringbackd.settings import SETTINGS, PbxPart, SettingsError, load, load_pbx
from ringbackd.shadow import Shadow

NO_TIMES = "events carry no times (timestampevents = yes in manager.conf adds them)"
AMI = re.compile(rb"(^|\n)(Asterisk Call Manager/|Event: |Response: )")
err = Console(stderr=True)


async def replay(arguments: argparse.Namespace, console: Console) -> int:
    """`ringback replay FILE...`: 0 even when parts could not be read; what they were is said on stderr."""
    for name in arguments.files:
        _readable(name)
    try:
        return _do(arguments, console)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever reads us has seen enough
    except OSError as error:
        raise FailedError(f"{error.filename or 'a recording'}: {error.strerror or error}") from error
    return 0


def _do(arguments: argparse.Namespace, console: Console) -> int:
    if arguments.start is not None and not arguments.cases:
        raise SettingsError("--start is for --cases: without it the times of a recording decide nothing")
    if arguments.anonymise_to:
        if len(arguments.files) > 1:
            raise SettingsError("--anonymise-to takes one recording at a time")
        return anonymise(arguments.files[0], arguments.anonymise_to, console)
    if arguments.explain:
        return _explain(arguments, console)
    _show(arguments, console, _shadow_rows(arguments) if arguments.cases else _rows(arguments))
    return 0


def _readable(name: str) -> None:
    """Refuse at once what cannot be opened or is no AMI, before anything of the others is shown."""
    if name == STDIN:
        return
    recording = Recording(name)
    try:
        first = next(iter(recording), b"")
    except FileNotFoundError as error:
        raise SettingsError(f"{name}: there is no such file") from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"{name}: {error.strerror if isinstance(error, OSError) else error}") from error
    if not AMI.search(first):
        why = recording.trouble or ("it holds no event" if first else "it is empty")
        raise SettingsError(f"{name}: is no recorded AMI stream: {why}; record one with `ringback record`")


def _house(config: Path | None) -> PbxPart:
    """The PBX and lines of the settings; without them the defaults, which know FreePBX and plain Asterisk."""
    return load_pbx(config) if config else PbxPart.model_validate({"pbx": {"secret": "unused"}})


def _show(arguments: argparse.Namespace, console: Console, rows: Iterator[Row]) -> None:
    if arguments.json:
        for row in rows:
            console.file.write(row.as_json() + "\n")
        console.file.flush()
    else:
        print_tables(console, rows)


def _rows(arguments: argparse.Namespace) -> Iterator[Row]:
    house = _house(arguments.config)
    numbers = count(1)
    for replayed in (Replay(Recording(name), house.pbx) for name in arguments.files):
        for call in (outcome for outcome in replayed if isinstance(outcome, Call)):
            yield ended(next(numbers), _source(replayed, house), call)
        for live in replayed.unfinished():
            yield unfinished(next(numbers), _source(replayed, house), live)
        _complain(replayed)


def _shadow_rows(arguments: argparse.Namespace) -> Iterator[Row]:
    settings = load(arguments.config or Path(SETTINGS))
    house = PbxPart(pbx=settings.pbx, line=settings.line)
    shadow, start = Shadow(settings.line, read_flows(settings)), arguments.start
    numbers = count(1)
    for name in arguments.files:
        replayed = Replay(Recording(name), settings.pbx, start or 0.0)
        shadow.resumed()
        for outcome in replayed:
            _tell(shadow, replayed, outcome, supposed=start is not None)
            yield from _decided(shadow, numbers, house)
        for live in replayed.unfinished():
            yield unfinished(next(numbers), _source(replayed, house), live)
        _complain(replayed)
        start = start and replayed.stream.now
    shadow.finish()
    yield from _decided(shadow, numbers, house)


def _tell(shadow: Shadow, replayed: Replay, outcome: Outcome, *, supposed: bool) -> None:
    """Let the desk's rules see it, if the recording has times or its beginning is supposed."""
    name = replayed.stream.recording.name
    if not (replayed.stream.timed or supposed):
        raise FailedError(f"{name}: {NO_TIMES}; --cases needs them, or --start TIME, when it began")
    if isinstance(outcome, CallStarted):
        shadow.started(outcome)
    else:
        shadow.ended(outcome, name, timed=replayed.stream.timed)


def _decided(shadow: Shadow, numbers: Iterator[int], house: PbxPart) -> Iterator[Row]:
    for decision in shadow.decided():
        source = Source(decision.file, house.pbx.name, decision.timed, house.line)
        yield ended(next(numbers), source, decision.call, decision)


def _explain(arguments: argparse.Namespace, console: Console) -> int:
    """Tell the story of one call, from the first recording that has it."""
    settings = _house(arguments.config).pbx
    for name in arguments.files:
        replayed = Replay(Recording(name), settings)
        explanation = Explanation(replayed, arguments.explain)
        print_explanation(console, explanation, replayed)
        _complain(replayed)
        if explanation.found:
            return 0
    raise FailedError(f"there is no call {arguments.explain!r}; `ringback replay` shows each with its linkedid")


def _source(replayed: Replay, house: PbxPart) -> Source:
    return Source(replayed.stream.recording.name, house.pbx.name, replayed.stream.timed, house.line)


def _complain(replayed: Replay) -> None:
    """Say on stderr what could not be read, and what that means."""
    stream = replayed.stream
    troubles = (
        (bool(stream.recording.trouble), f"{stream.recording.trouble}; read as far as it is whole"),
        (bool(stream.unread), f"{stream.unread} messages are no AMI and were skipped"),
        (
            bool(replayed.tracker.unread),
            f"{replayed.tracker.unread} events do not say of which channel and were skipped",
        ),
        (bool(stream.lost), f"{stream.lost} bytes are no whole message and were skipped"),
        (not stream.events, "no event of a call in it; record one with `ringback record`"),
        (bool(stream.events) and not stream.timed, f"{NO_TIMES}: durations are unknown, no call counts as short"),
    )
    for true, trouble in troubles:
        if true:
            err.print(plain(f"{stream.recording.name}: {trouble}", "yellow"), soft_wrap=True)
