"""What the pages say is there: links, files, commands, options, settings; English and Spanish pages go in step."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from ringbackd.cli import main
from ringbackd.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for part in (".", "docs", "docs/adr", "dialplan")
    for path in (ROOT / part).glob("*.md")
)
TWINS = [page for page in PAGES if (ROOT / page.replace(".md", ".es.md")).exists()]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
TOPS = (
    "agi",
    "ami_listener",
    "benchmarks",
    "deploy",
    "dialplan",
    "docs",
    "flows",
    "ringback",
    "ringbackd",
    "tests",
    "whatsapp",
)
FILE = re.compile(rf"(?:{'|'.join(TOPS)})/[\w./-]+")
NOT_OURS = {"globals."}
"""A section of extensions.conf."""
COMMAND = re.compile(r"^[^#]*?(?:^|[\s/])ringback ([a-z][^|#]*)[^#]*(#.*)?")
"""A command in a block, and the remark behind it, which may name options of it."""


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def prose(page: str) -> str:
    return FENCE.sub("", text(page))


def blocks(page: str) -> list[tuple[str, str]]:
    return FENCE.findall(text(page))


def anchors(page: Path) -> set[str]:
    """What the headings of a page are called in links, as GitHub names them."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for link in LINK.findall(prose(page)):
        if not link.startswith(("http://", "https://")):
            path, _, anchor = link.partition("#")
            target = (ROOT / page).parent / path if path else ROOT / page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_is_named_is_there(page: str) -> None:
    named = {
        name.rstrip("./") for span in SPAN.findall(prose(page)) for name in FILE.findall(span) if FILE.fullmatch(span)
    }
    assert {name for name in named if not (ROOT / name).exists() and not list(ROOT.glob(f"{name}*"))} == set()


def commands(page: str) -> Iterator[str]:
    """What follows the name of the program, in the text and in the blocks; a pipe in a block begins another program."""
    for span in SPAN.findall(prose(page)):
        if span.startswith("ringback "):
            yield span.replace("\\|", "|").removeprefix("ringback ")
    for kind, block in blocks(page):
        if kind in {"", "sh"}:
            for found in filter(None, map(COMMAND.match, block.splitlines())):
                yield found[1] + (found[2] or "").replace("|", "")


@cache
def told(words: tuple[str, ...]) -> str:
    """What the program says about a command; "" where there is none."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()):
        try:
            main([*words, "--help"])
        except SystemExit as ended:
            return out.getvalue() if ended.code == 0 else ""
    return ""


@pytest.mark.parametrize("page", [page for page in PAGES if page != "CHANGELOG.md"])
def test_every_command_and_option_that_is_named_exists(page: str) -> None:
    for command in commands(page):
        name, *rest = command.split(maxsplit=1)
        ways = re.split(r"\s*\|\s*", rest[0]) if rest else [""]
        for way in ways:
            word = re.match(r"[a-z]+\b(?!\.)", way)
            says = told((name, word[0]) if word else (name,))
            assert says, f"ringback {command}"
            assert set(re.findall(r"--[a-z-]+", way)) <= set(re.findall(r"--[a-z-]+", says)), f"ringback {command}"


@pytest.mark.parametrize("page", PAGES)
def test_every_target_of_make_exists(page: str) -> None:
    named = re.findall(r"(?:^|`)make ([a-z]+)", text(page), re.MULTILINE)
    assert [name for name in named if not re.search(rf"^{name}:", text("Makefile"), re.MULTILINE)] == []


def model(of: object) -> type[BaseModel] | None:
    """The part of the settings that a field holds, also as a list or where it may be absent."""
    if isinstance(of, type) and issubclass(of, BaseModel):
        return of
    return next((found for part in get_args(of) if (found := model(part))), None)


def known(words: list[str]) -> bool:
    """Whether the settings have this: line, line.callback, line.callback.never."""
    part: type[BaseModel] | None = Settings
    for word in words:
        if part is None or word not in part.model_fields:
            return part is None  # a table of the admin's own words
        part = model(part.model_fields[word].annotation)
    return True


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_that_is_named_exists(page: str) -> None:
    spans = SPAN.findall(prose(page))
    named = [
        f"{found[1]}.{found[2] or ''}" for span in spans if (found := re.fullmatch(r"\[([a-z_.]+)\](?: (\w+))?", span))
    ]
    named += [span for span in spans if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", span) and known([span.split(".")[0]])]
    ours = (name for name in named if name not in NOT_OURS)
    assert [name for name in ours if not known([word for word in name.split(".") if word])] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_piece_of_settings_can_be_read(page: str) -> None:
    for kind, block in blocks(page):
        if kind == "toml":
            tables = tomllib.loads(block)
            assert [name for name in tables if not known([name])] == []


def shape(page: str) -> dict[str, list[str]]:
    """What is the same in each language: the kinds of headings and blocks, what is typed, where links lead, rows."""
    links = [link.replace(".es.md", ".md").partition("#")[0] for link in LINK.findall(prose(page))]
    return {
        "headings": re.findall(r"^#+(?= )", prose(page), re.MULTILINE),
        "blocks": [kind for kind, _ in blocks(page)],
        "typed": [
            re.sub(r'\s+[#;].*|"[^"]*"', "", line)
            for kind, b in blocks(page)
            if kind in {"", "toml"}
            for line in b.splitlines()
        ],
        "links": [link for link in links if link != page and not link.endswith("README.md")],
        "rows": [str(line.count("|")) for line in prose(page).replace("\\|", "").splitlines() if line.startswith("|")],
    }


@pytest.mark.parametrize("page", TWINS)
def test_both_languages_go_in_step(page: str) -> None:
    assert shape(page) == shape(page.replace(".md", ".es.md"))
