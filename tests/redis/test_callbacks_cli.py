"""`ringback callbacks` beside a desk that runs, on a real Redis."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ringback.fact import Said
from ringback.journal import Event
from ringback.record import Case, State
from ringback.slots import Slot
from ringbackd import booking, callbacks, compose
from ringbackd.cli import main
from ringbackd.settings import load
from ringbackd.store import Store
from tests.core.worlds import line
from tests.redis.offices import Office
from tests.redis.test_cli import EXAMPLE

ZONE = ZoneInfo("America/Lima")


@pytest.fixture
def config(tmp_path: Path, redis_url: str) -> Path:
    """The example's line, open all the time, with one call in half an hour."""
    text = EXAMPLE.replace("redis://127.0.0.1:6379/0", redis_url).replace("national = true", "national = false")
    text = text.replace('sat = "09:00-13:00"\nsun = ""\n', "") + "\npeople = 1\ntalk_min = 30\n"
    path = tmp_path / "ringback.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
async def desk(config: Path) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(compose.run(load(config), ("desk",), stop))
    yield
    stop.set()
    await running


async def says(config: Path, *words: str) -> int:
    return await asyncio.to_thread(main, ["callbacks", *words, "-c", str(config)])


def closes_on_friday(config: Path) -> None:
    text = config.read_text(encoding="utf-8").replace("[line.hours]", '[line.hours]\nfri = "09:00-10:00"')
    config.write_text(text, encoding="utf-8")


async def customer(store: Store, number: str, text: str = "hola") -> Case:
    """Somebody whose case waits for a person, and who may be written to."""
    office = Office(store)
    office.now = time.time()
    await office.missed(caller=number, linkedid=number)
    await office.desk.process(Said(wamid=number, wa_id=f"51{number}", name=text, text=text, at=office.now))
    (case,) = await store.cases_of(f"51{number}")
    return case


async def case_of(store: Store, case: Case) -> Case:
    found = await store.case(case.id)
    assert found
    return found


async def slots(store: Store, config: Path) -> list[Slot]:
    return await booking.offered(store, load(config).line[0], time.time(), 6)


def typed(at: float) -> str:
    return f"{datetime.fromtimestamp(at, ZONE):%Y-%m-%d %H:%M}"


@pytest.mark.usefixtures("desk")
async def test_a_person_plans_moves_and_calls_off_and_the_journal_knows_who(
    config: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    ana, rosa = await customer(store, "987654321"), await customer(store, "987654322")
    first, second, *_ = await slots(store, config)
    assert await says(config, "move", ana.id, typed(first.begins), "--who", "Eva") == 0
    assert typed(first.begins) in capsys.readouterr().out
    assert (await case_of(store, ana)).booked == first.begins
    assert await says(config, "move", rosa.id, typed(first.begins)) == 1
    assert f"the next one with room begins {typed(second.begins)}" in capsys.readouterr().err
    assert await says(config, "move", ana.id, typed(second.begins)) == 0
    assert await says(config, "move", rosa.id, typed(first.begins)) == 0
    assert await says(config, "cancel", ana.id, "--who", "Eva") == 0
    assert (await case_of(store, ana)).state is State.CLOSED
    assert await says(config, "now", rosa.id) == 0
    assert (await case_of(store, rosa)).booked == 0
    acts = [entry.data for entry in await store.journal() if entry.event is Event.PERSON_PLANNED]
    assert [(act["act"], act["who"], act["refused"]) for act in acts] == [
        ("call", "Eva", ""),
        ("call", "", ""),
        ("call", "", ""),
        ("cancel", "Eva", ""),
        ("call", "", ""),
    ]
    assert await says(config, "cancel", ana.id) == 1
    assert "is closed (declined)" in capsys.readouterr().err


@pytest.mark.usefixtures("desk")
async def test_the_list_and_a_call_whole(config: Path, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, *_ = await slots(store, config)
    ana, rosa = await customer(store, "987654321", "\x1b[2J[red]Ana[/]"), await customer(store, "987654322")
    await says(config, "move", ana.id, typed(second.begins))
    await says(config, "move", rosa.id, typed(first.begins))
    capsys.readouterr()
    assert await says(config, "list", "--json") == 0
    rows: list[dict[str, Any]] = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert [row["case"] for row in rows] == [rosa.id, ana.id]
    assert (rows[0]["slot"], rows[0]["when"], rows[0]["tried"]) == (first.begins, typed(first.begins), 0)
    assert await says(config, "list") == 0
    shown = capsys.readouterr().out
    assert "2 call backs" in shown
    assert "\x1b" not in shown
    assert await says(config, "show", ana.id) == 0
    assert "person_planned" in capsys.readouterr().out
    assert await says(config, "show", ana.id, "--json") == 0
    whole = json.loads(capsys.readouterr().out)
    assert typed(first.begins) not in whole["free"]
    assert {"promised", "person_planned"} <= {entry["event"] for entry in whole["journal"]}
    assert await says(config, "list", "--line", "soporte") == 2
    assert "no line 'soporte', only ventas" in capsys.readouterr().err


async def test_mistakes_are_one_clear_line(
    config: Path, store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await customer(store, "987654321")
    for words, code, told in (
        (("show", "nobody"), 1, "there is no case 'nobody'"),
        (("cancel", "nobody"), 1, "there is no case 'nobody'"),
        (("cancel", ana.id), 1, "no call back is promised"),
        (("move", ana.id, "25:99"), 2, "TIME: '25:99' is no time; write it like 16:30"),
        (("move", ana.id, "2020-01-01 10:00"), 2, "TIME: '2020-01-01 10:00' has passed"),
        (("move", ana.id, "2099-01-01 10:00"), 2, "TIME: there is no slot then within 14 days"),
    ):
        assert await says(config, *words) == code
        shown = capsys.readouterr().err
        assert told in shown
        assert shown.count("\n") == 1
    closes_on_friday(config)
    friday = time.time() + (4 - datetime.now(ZONE).weekday()) % 7 * 86400
    assert await says(config, "move", ana.id, f"{typed(friday + 7 * 86400)[:10]} 11:00") == 2
    assert "ventas is closed then; it opens" in capsys.readouterr().err
    monkeypatch.setattr(callbacks, "WAIT_S", 0.1)
    assert await says(config, "now", ana.id) == 0
    assert "done as soon as `ringback run` runs" in capsys.readouterr().out


async def test_a_call_that_rings_cannot_be_moved_and_it_says_why(
    config: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    ana = await customer(store, "987654321")
    rings = ana.model_copy(update={"state": State.RINGING})
    await store.redis.hset(store.keys.of("case", ana.id), "json", rings.model_dump_json())
    assert await says(config, "move", ana.id, typed((await slots(store, config))[0].begins)) == 1
    assert "he is being rung at this moment" in capsys.readouterr().err


def test_the_line_of_the_tests_is_the_line_of_the_example(config: Path) -> None:
    assert load(config).line[0].name == line().name
