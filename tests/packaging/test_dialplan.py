"""The dialplan that is shipped, read as text: what Asterisk would only notice during a call, or never."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from agi import voice
from tests.offer.office import recipes

TEXT = (files("dialplan") / "extensions_ringback.conf").read_text(encoding="utf-8")
STEP = re.compile(
    r"(?:exten => (?P<exten>[^,]+),(?P<first>1)|same => n(?:\((?P<label>\w+)\))?),(?P<app>\w+)\((?P<data>.*)\)"
)
OURS = re.compile(r"RINGBACK_\w+$")
FREEPBX = {"VQ_POSITION", "VQ_JOINMSG", "VQ_DEST", "QPOSITION", "QDEST"}
OTHERS = {"AGIEXITONHANGUP", "QUEUE_PRIO", "QUEUENAME"} | FREEPBX
"""Variables of Asterisk and of FreePBX that are set on purpose."""
DANGEROUS = re.compile(r"\b(EVAL|SHELL|System|TrySystem|Exec|TryExec|CURL|ODBC_\w+|MASTER_CHANNEL)\s*\(")
CALLERS = re.compile(r"\$\{(CALLERID|CONNECTEDLINE|SIP_HEADER|PJSIP_HEADER|CHANNEL\(pjsip)")


def context_lines() -> list[tuple[str, str]]:
    """Every line that is not a comment, with its context."""
    context, found = "", []
    for line in TEXT.splitlines():
        if line.startswith("["):
            context = line.strip("[]")
        elif line.strip() and not line.lstrip().startswith(";"):
            found.append((context, line.strip()))
    return found


LINES = context_lines()
STEPS = [(context, step) for context, line in LINES if (step := STEP.fullmatch(line))]


def labels(context: str) -> set[str]:
    return {step["label"] for its, step in STEPS if its == context and step["label"]}


@pytest.mark.parametrize(("context", "line"), LINES)
def test_every_line_is_a_step_or_an_include(context: str, line: str) -> None:
    assert context.startswith("ringback-")
    assert STEP.fullmatch(line) or line.startswith("include => ")


@pytest.mark.parametrize(("context", "line"), LINES)
def test_brackets_and_quotes_are_balanced(context: str, line: str) -> None:
    closing = {")": "(", "]": "[", "}": "{"}
    # a pattern's own [0-9] and the expressions' $[ ] balance alike
    opened: list[str] = []
    for letter in line:
        if letter in "([{":
            opened.append(letter)
        elif letter in closing:
            assert opened, line
            assert opened.pop() == closing[letter], line
    assert not opened
    assert line.count('"') % 2 == 0


@pytest.mark.parametrize(("context", "step"), STEPS)
def test_only_our_own_variables_are_set(context: str, step: re.Match[str]) -> None:
    for name in re.findall(r"(?:^|[(?:])Set\((?:_{0,2})(\w+)(\(?)", f"{step['app']}({step['data']})"):
        assert name[1] or OURS.match(name[0]) or name[0] in OTHERS


@pytest.mark.parametrize(("context", "line"), LINES)
def test_nothing_executes_what_a_caller_sent(context: str, line: str) -> None:
    assert not DANGEROUS.search(line)
    assert not CALLERS.search(line)


@pytest.mark.parametrize(("context", "step"), STEPS)
def test_every_label_that_is_gone_to_exists(context: str, step: re.Match[str]) -> None:
    if step["app"] == "GotoIf":
        targets = step["data"].rpartition("?")[2].split(":")
        assert {to for to in targets if re.fullmatch(r"[a-z]\w*", to)} <= labels(context)
    if step["app"] == "Goto" and "," in step["data"]:
        to = step["data"].rpartition(",")[2]
        assert to.isdigit() or to in labels(context) | {"gotodest"}, "FreePBX has a label of this name"


def test_every_extension_ends() -> None:
    last: dict[str, str] = {}
    for number, (context, step) in enumerate(STEPS):
        following = STEPS[number + 1] if number + 1 < len(STEPS) else None
        if following is None or following[1]["first"] or following[0] != context:
            last[f"{context} {step.start()} {number}"] = step["app"]
    assert set(last.values()) <= {"Return", "Hangup", "Goto", "ExecIf"}


SUBROUTINES = ("ringback-offer", "ringback-queue", "ringback-fastlane", "ringback-survey")


@pytest.mark.parametrize("exten", [step["exten"] for its, step in STEPS if its in SUBROUTINES and step["exten"]])
def test_no_pattern_catches_the_hang_up(exten: str) -> None:
    assert not exten.endswith("]!"), "h, the extension after a hang-up, would match"


@pytest.mark.parametrize("kind", ["asterisk", "queues"])
def test_the_recipes_are_the_same_in_both_languages(kind: str) -> None:
    english, spanish = (re.sub(" +;.*", "", recipes(kind, f"offer-recipes{end}.md")) for end in ("", ".es"))
    assert english == spanish != ""


def test_a_hangup_matches_no_pattern() -> None:
    """Asterisk looks for `h` after every call: without one of its own, `_[A-Za-z]!` would take it for a name."""
    patterns = {context for context, step in STEPS if step["exten"] and step["exten"].startswith("_")}
    assert patterns <= {context for context, step in STEPS if step["exten"] == "h"}


@pytest.mark.parametrize("language", voice.LANGUAGES)
def test_every_sound_that_it_plays_is_one_of_the_prompts(language: str) -> None:
    played = set(re.findall(r"\$\{RINGBACK_SOUNDS\}/([\w-]+)", TEXT)) - {"brand-", "digit-"}
    assert played
    assert played <= set(voice.texts(language))
