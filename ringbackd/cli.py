"""The command line. Exit codes: 0 done, 1 the thing asked for failed, 2 wrong usage or settings."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from redis.exceptions import RedisError
from rich.console import Console

from ringbackd import callbacks, commands, consenting, letters, messages, prompting, templating
from ringbackd.compose import ROLES
from ringbackd.consentlist import COLUMNS
from ringbackd.guardshow import guard
from ringbackd.numbers import number
from ringbackd.recording import record
from ringbackd.replaying import replay
from ringbackd.settings import SETTINGS, SettingsError

LONGEST_RECORDING = 7 * 24 * 60
out, err = Console(), Console(stderr=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; never shows a traceback for a mistake a user can make."""
    arguments = _parser().parse_args(argv)
    try:
        return int(asyncio.run(arguments.run(arguments, out)))
    except SettingsError as error:
        err.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 2
    except RedisError as error:
        text = f"Redis does not serve: {error}; look at redis.url in the settings"
        err.print(text, style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    except commands.FailedError as error:
        err.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ringback", description="No missed call goes without an answer.")
    parser.add_argument("--version", action="version", version=f"ringback {version('ringback')}")
    parts = parser.add_subparsers(required=True, metavar="COMMAND")
    _running(parts)
    _looking(parts)
    _recorded(parts)
    _people(parts)
    _callbacks(parts)
    _consent(parts)
    _templates(parts)
    _prompts(parts)
    return parser


if TYPE_CHECKING:
    Parts: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]


def _add(parts: Parts, name: str, run: commands.Command, text: str) -> argparse.ArgumentParser:
    part = parts.add_parser(name, help=text, description=text)
    part.set_defaults(run=run)
    return part


def _with_settings(part: argparse.ArgumentParser) -> argparse.ArgumentParser:
    part.add_argument("-c", "--config", type=Path, default=Path(SETTINGS), help=f"settings file ({SETTINGS})")
    return part


def _running(parts: Parts) -> None:
    run = _with_settings(_add(parts, "run", commands.run, "watch the PBX, write to missed callers, ring them back"))
    run.add_argument("--only", type=_roles, default=ROLES, metavar="ROLE,...", help=f"of {', '.join(ROLES)}")
    sandbox = _add(parts, "sandbox", commands.sandbox, "a real PBX and a simulated WhatsApp on this machine, to try it")
    sandbox.add_argument("--auto", action="store_true", help="play the whole story and exit")
    sandbox.add_argument("--port", type=int, default=8080, help="port of the page (8080; 0 takes a free one)")


def _roles(text: str) -> tuple[str, ...]:
    roles = tuple(text.split(","))
    wrong = [role for role in roles if role not in ROLES]
    if wrong:
        raise argparse.ArgumentTypeError(f"{wrong[0]!r} is not one of {', '.join(ROLES)}")
    return roles


def _looking(parts: Parts) -> None:
    report = _with_settings(
        _add(parts, "report", commands.report, "the figures of a period, and how the messages fared")
    )
    report.add_argument("--since", default="24h", help="how far back (30m, 24h, 7d) or a date (2026-11-01)")
    report.add_argument("--until", default="", help="the same; now if not given")
    report.add_argument("--json", action="store_true", help="as one JSON object")
    _with_settings(_add(parts, "doctor", commands.doctor, "try Redis, the PBX and WhatsApp with these settings"))
    reading = _with_settings(_add(parts, "number", number, "how a caller id is read, and what follows from it"))
    reading.add_argument("text", help="a caller id as the PBX shows it")
    reading.add_argument("--line", default="", metavar="L", help="as a call on this line (the first one)")
    reading.add_argument("--json", action="store_true", help="as one JSON object")
    _guard(parts)
    config = parts.add_parser("config", help="check the settings, or print an example").add_subparsers(required=True)
    _with_settings(_add(config, "check", commands.check, "check the settings and the flows"))
    _add(config, "example", commands.example, "print an example to begin with")
    text = "print the lines of manager.conf that hold back what decides nothing"
    events = _with_settings(_add(config, "filter", commands.event_filter, text))
    events.add_argument("--old", action="store_true", help="for Asterisk before 18.26, 20.11, 21.6 and 22.1")


def _guard(parts: Parts) -> None:
    text = "whether a number may be rung back, what was rung lately, and the switch that stops it"
    part = _with_settings(_add(parts, "guard", guard, text))
    part.add_argument("number", nargs="?", default="", metavar="NUMBER", help="as the PBX shows it")
    part.add_argument("--line", default="", metavar="L", help="as a call back on this line (the first one)")
    switch = part.add_mutually_exclusive_group()
    switch.add_argument("--stop", metavar="WHY", help="ring nobody any more until --go")
    switch.add_argument("--go", action="store_true", help="go on ringing, after a stop or a burst from abroad")
    part.add_argument("--who", default="", help="your name, for the journal")
    part.add_argument("--json", action="store_true", help="as one JSON object")


def _recorded(parts: Parts) -> None:
    again = _add(parts, "replay", replay, "what became of the calls of a recorded AMI stream")
    again.add_argument("files", nargs="+", metavar="FILE", help="raw AMI bytes, also gzipped; - is standard input")
    again.add_argument("-c", "--config", type=Path, help="settings file, for a PBX with contexts of its own")
    again.add_argument("--json", action="store_true", help="one JSON object per call and line")
    again.add_argument(
        "--start", type=_moment, metavar="TIME", help="with --cases: when a recording without times began"
    )
    mode = again.add_mutually_exclusive_group()
    mode.add_argument("--explain", metavar="LINKEDID", help="the events that decided about one call, and why")
    mode.add_argument("--cases", action="store_true", help="also what would have been sent, and if not, why not")
    mode.add_argument("--anonymise-to", type=Path, metavar="OUT", help="write it with other numbers and names instead")
    keep = _with_settings(_add(parts, "record", record, "keep what a PBX says about its calls, for replay"))
    keep.add_argument("file", type=Path, metavar="FILE", help="a new file; compressed if its name ends in .gz")
    keep.add_argument(
        "--host", help="a PBX without a settings file; its secret comes from RINGBACK_AMI_SECRET, or is asked for"
    )
    keep.add_argument("--port", type=int, help="its AMI port (5038)")
    keep.add_argument("--user", help="its AMI user (ringback)")
    keep.add_argument("--minutes", type=_minutes, metavar="N", help="end by itself after so long; else with Ctrl-C")
    keep.add_argument("--anonymise", action="store_true", help="write other numbers and names than the real ones")


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write it like 2026-11-22T10:00") from None


def _minutes(text: str) -> float:
    with suppress(ValueError):
        if 0 < (minutes := float(text)) <= LONGEST_RECORDING:
            return minutes
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes from 0 to {LONGEST_RECORDING} (a week)")


def _people(parts: Parts) -> None:
    cases = parts.add_parser("cases", help="the open cases, and what a person does with them").add_subparsers(
        required=True
    )
    listing = _with_settings(_add(cases, "list", commands.cases_list, "the active cases"))
    listing.add_argument("--json", action="store_true", help="one JSON object per line")
    show = _with_settings(_add(cases, "show", commands.cases_show, "one case with its conversation"))
    reply = _with_settings(_add(cases, "reply", commands.cases_reply, "write to the customer of a case"))
    solve = _with_settings(_add(cases, "solve", commands.cases_solve, "close a case as solved"))
    for part in (show, reply, solve):
        part.add_argument("case", help="its id")
    reply.add_argument("text", help="what to write")
    for part in (reply, solve):
        part.add_argument("--who", default="", help="your name, for the journal")
    message = _with_settings(_add(parts, "message", messages.message, "the life of a message, or of all of a case"))
    message.add_argument("id", metavar="ID", help="our id of it, WhatsApp's (wamid...), or the id of a case")
    message.add_argument("--json", action="store_true", help="one JSON object per message and line")
    _letters(parts)


def _callbacks(parts: Parts) -> None:
    calls = parts.add_parser("callbacks", help="who is to be rung back, and when").add_subparsers(required=True)
    listing = _with_settings(_add(calls, "list", callbacks.callbacks_list, "every promised call, the next first"))
    listing.add_argument("--line", default="", metavar="L", help="only of this line")
    show = _with_settings(_add(calls, "show", callbacks.callbacks_show, "one call, and which slots have room"))
    cancel = _with_settings(_add(calls, "cancel", callbacks.callbacks_cancel, "call it off"))
    now = _with_settings(_add(calls, "now", callbacks.callbacks_now, "ring him as soon as possible"))
    move = _with_settings(_add(calls, "move", callbacks.callbacks_move, "ring him at another time"))
    for part in (show, cancel, now, move):
        part.add_argument("case", metavar="ID", help="of the case")
    move.add_argument("time", metavar="TIME", help="on the clock of the line: 16:30, or '2026-11-24 16:30'")
    for part in (cancel, now, move):
        part.add_argument("--who", default="", help="your name, for the journal")
    for part in (listing, show):
        part.add_argument("--json", action="store_true", help="as JSON, one object per line")


def _letters(parts: Parts) -> None:
    outbox = parts.add_parser("outbox", help="messages that wait, and what could not be processed").add_subparsers(
        required=True
    )
    listing = _with_settings(_add(outbox, "list", letters.show_all, "what waits, why, and what is tried when"))
    show = _with_settings(_add(outbox, "show", letters.show_one, "one message or dead letter, whole"))
    retry = _with_settings(_add(outbox, "retry", letters.retry, "try what waits again now; a dead letter by its id"))
    drop = _with_settings(
        _add(outbox, "drop", letters.drop, "never send a message that waits, or forget a dead letter")
    )
    for part in (listing, show):
        part.add_argument("--json", action="store_true", help="one JSON object per line")
    for part in (show, drop):
        part.add_argument("id", help="of the message or the dead letter")
    retry.add_argument("id", nargs="?", default="", help="of a dead letter; without it every message that waits")


def _templates(parts: Parts) -> None:
    files = parts.add_parser("templates", help="the message templates here and at Meta").add_subparsers(required=True)
    _with_settings(_add(files, "check", templating.check, "check the files against Meta's rules and the flows"))
    push = _with_settings(_add(files, "push", templating.push, "hand in at Meta what it does not have"))
    push.add_argument("--all", action="store_true", help="in every language, not only in those of the lines")
    push.add_argument("--keep-category", action="store_true", help="rather be refused than moved to another category")
    status = _with_settings(_add(files, "status", templating.status, "what Meta has of them, and in what it differs"))
    status.add_argument("--json", action="store_true", help="as one JSON object")


def _prompts(parts: Parts) -> None:
    sounds = parts.add_parser("prompts", help="what callers hear").add_subparsers(required=True)
    _with_settings(_add(sounds, "install", prompting.install, "put the shipped sounds where Asterisk plays them from"))
    build = _with_settings(_add(sounds, "build", prompting.build, "speak the brands, and what another voice would say"))
    build.add_argument("--again", action="store_true", help="everything, also what is up to date")
    _with_settings(_add(sounds, "check", prompting.check, "what is missing, unplayable, or oddly long or short"))


def _consent(parts: Parts) -> None:
    words = parts.add_parser("consent", help="who agreed to be contacted and who asked not to be").add_subparsers(
        required=True
    )
    listing = _with_settings(_add(words, "list", consenting.consent_list, "the last word of every customer"))
    show = _with_settings(_add(words, "show", consenting.consent_show, "all that one customer said"))
    into = _with_settings(_add(words, "import", consenting.consent_import, "take a list of yours in, whole or not"))
    into.add_argument("file", type=Path, metavar="FILE.csv", help=f"columns {', '.join(COLUMNS)}")
    export = _with_settings(_add(words, "export", consenting.consent_export, "the ledger as CSV that import reads"))
    erase = _with_settings(_add(words, "erase", consenting.consent_erase, "erase a customer from everything"))
    erase.add_argument("--stop", action="store_true", help="and note that he is not to be contacted any more")
    for part in (show, erase):
        part.add_argument("number", help="his number, as the PBX shows it or as +51987654321")
    for part in (show, erase, into):
        part.add_argument("--line", default="", metavar="L", help="read numbers as on this line (the first one)")
    for part in (listing, show, export):
        part.add_argument("--json", action="store_true", help="as JSON")


if __name__ == "__main__":
    sys.exit(main())
