"""The command line on a real Redis: what people type, and what callers put into it."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
import redis

from ringback.fact import Accepted, AccountNews, Delivery, Said
from ringback.journal import Event
from ringbackd.cli import main
from ringbackd.commands import example
from ringbackd.opening import open_store
from ringbackd.settings import RedisSettings
from tests.core.worlds import NOON
from tests.redis.offices import Office

EXAMPLE = (Path(example.__code__.co_filename).parent / "example.toml").read_text(encoding="utf-8")


@pytest.fixture
def settings(tmp_path: Path, redis_url: str) -> Path:
    path = tmp_path / "ringback.toml"
    path.write_text(EXAMPLE.replace("redis://127.0.0.1:6379/0", redis_url), encoding="utf-8")
    return path


async def opened(url: str, text: str) -> str:
    """A case in which a customer said something."""
    async with open_store(RedisSettings(url=url)) as store:
        office = Office(store)
        await office.missed()
        (case,) = await store.active_cases()
        if text:
            await office.desk.process(Said(wamid="in", wa_id="51987654321", name=text, text=text, at=NOON))
        return case.id


def run(settings: Path, *words: str) -> int:
    return main([*words, "-c", str(settings)])


def test_what_a_customer_writes_cannot_command_the_terminal(
    settings: Path, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    case = asyncio.run(opened(redis_url, "\x1b]0;owned\x07[bold]hola[/bold]\x1b[2J"))
    assert run(settings, "cases", "show", case) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "[bold]hola[/bold]" in shown


def test_a_reply_that_whatsapp_would_refuse_is_refused_at_once(
    settings: Path, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    case = asyncio.run(opened(redis_url, "hola"))
    assert run(settings, "cases", "reply", case, "x" * 4097) == 2
    assert "4096" in capsys.readouterr().err


def test_why_a_silent_customer_cannot_be_written_to_is_told_as_it_is(
    settings: Path, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    case = asyncio.run(opened(redis_url, ""))
    assert run(settings, "cases", "reply", case, "hola") == 1
    assert "has not written" in capsys.readouterr().err


def test_settings_that_are_not_utf8_are_one_clear_line(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.write_bytes(EXAMPLE.replace("Nombre", "Peluquería").encode("latin-1", "replace"))
    assert run(settings, "config", "check") == 2
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert "UTF-8" in shown


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('region = "PE"', 'region = "UK"', "line.1.region: 'UK' is no country code; write it like 'PE', not 'UK'"),
        ('url = "redis://127.0.0.1:6379/0"', 'url = "redis://:pa/ss@here/0"', "redis.url: cannot be read"),
        ('dids = ["5550100"]\nqueues = ["ventas"]', "dids = []", "line.1: dids and queues are both empty"),
        ('brand = "Nombre del negocio"', "brand = 5", "line.1.brand: Input should be a valid string, not 5"),
    ],
)
def test_settings_that_would_lose_every_call_are_refused_in_one_line(
    settings: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    settings.write_text(EXAMPLE.replace(old, new), encoding="utf-8")
    assert run(settings, "config", "check") == 2
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert says in shown
    assert "ss@here" not in shown


def test_a_redis_that_forbids_what_is_needed_is_one_clear_line(
    settings: Path, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.acl_setuser("weak", enabled=True, passwords=["+x"], categories=["+@read"], keys=["*"])
    url = redis_url.replace("redis://", "redis://weak:x@")
    settings.write_text(EXAMPLE.replace("redis://127.0.0.1:6379/0", url), encoding="utf-8")
    assert run(settings, "run", "--only", "desk") == 1
    shown = capsys.readouterr().err
    assert "Traceback" not in shown
    assert "redis.url" in shown


async def test_a_missed_call_that_is_not_followed_up_says_whose_it_was(redis_url: str) -> None:
    async with open_store(RedisSettings(url=redis_url)) as store:
        await Office(store).missed(verdict="short")
        (entry,) = [entry for entry in await store.journal() if entry.event is Event.SUPPRESSED]
        assert entry.customer == "+51987654321"


async def told(url: str) -> str:
    """A message that was read, and later said to have failed."""
    case = await opened(url, "")
    async with open_store(RedisSettings(url=url)) as store:
        office = Office(store)
        (name,) = await office.queued()
        await office.desk.process(Accepted(case=case, message=name, wamid="wamid.X", at=NOON))
        for status in ("read", "failed"):
            fact = {"wamid": "wamid.X", "status": status, "code": 131026, "why": "[red]no[/]", "at": NOON}
            await office.desk.process(Delivery.model_validate(fact))
    return case


def test_the_life_of_a_message_is_found_by_each_of_its_ids(
    settings: Path, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    case = asyncio.run(told(redis_url))
    for name in (case, f"{case}-m1", "wamid.X"):
        assert run(settings, "message", name) == 0
        shown = capsys.readouterr().out
        assert all(words in shown for words in (f"message {case}-m1", "accepted", "read", "late", "[red]no[/]"))
    assert run(settings, "message", case, "--json") == 0
    letter = json.loads(capsys.readouterr().out)
    assert (letter["status"], letter["wamid"], [m["what"] for m in letter["moments"]]) == (
        "read",
        "wamid.X",
        ["queued", "accepted", "read", "failed"],
    )


def test_a_message_that_is_not_known_is_one_line_and_exit_1(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(settings, "message", "wamid.Y") == 1
    assert "'wamid.Y'" in capsys.readouterr().err


async def reported(url: str) -> None:
    async with open_store(RedisSettings(url=url)) as store:
        await store.redis.hincrby(store.keys.of("unknown", "counts"), "messages hologram", 3)
        for field, event in (("account_update", "ACCOUNT_RESTRICTION"), ("phone_number_quality_update", "UNFLAGGED")):
            await Office(store).desk.process(AccountNews(field=field, event=event, at=time.time()))


def test_the_doctor_tells_what_meta_said_and_what_nobody_could_read(
    settings: Path, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(reported(redis_url))
    assert run(settings, "doctor") == 1
    lines = capsys.readouterr().out.splitlines()
    (restricted,) = [line for line in lines if "ACCOUNT_RESTRICTION" in line]
    (calm,) = [line for line in lines if "UNFLAGGED" in line]
    (unknown,) = [line for line in lines if "messages hologram 3" in line]
    assert (restricted[0], calm[0], unknown[0]) == ("✘", "✔", "✔")


def test_the_doctor_warns_of_webhooks_that_nothing_proves(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = settings.read_text(encoding="utf-8").replace("# verify_signature = false", "verify_signature = false")
    settings.write_text(text, encoding="utf-8")
    run(settings, "doctor")
    assert "✘ webhook.path: webhooks are not signed" in capsys.readouterr().out
    settings.write_text(text.replace('path = "/whatsapp"', 'path = "/whatsapp/Zx81kD93mQpL07aWv5Tn"'), encoding="utf-8")
    run(settings, "doctor")
    assert "webhook.path" not in capsys.readouterr().out
