"""The daemon's side of the offer on a real Redis: facts are picked up once, and the menu is fresh."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from agi.menu import FILE, hashed, load, read_number
from agi.spool import Datum, Spool
from ringback.callback import Callback
from ringback.consent import Act, Consent, Way
from ringback.fact import FACT as FACT_OF
from ringback.hours import Hours
from ringback.line import Line
from ringback.offered import Choice, Offered
from ringback.record import Case, State
from ringback.slots import Taken
from ringbackd import menus
from ringbackd.offerdoor import OfferDoor
from ringbackd.opening import open_store
from ringbackd.patience import Patience
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.process import until
from ringbackd.sandbox.redisserver import RedisServer
from ringbackd.settings import OfferSettings, RedisSettings
from ringbackd.store import Store
from ringbackd.writes import case_writes
from tests.agi.peer import HANG_UP, Caller, serve
from tests.core.worlds import NOON
from tests.core.worlds import line as a_line

LINE = a_line()

FACT: dict[str, Datum] = {
    "kind": "offered",
    "pbx": "pbx",
    "linkedid": "1",
    "line": "ventas",
    "caller": "987654321",
    "choice": "whatsapp",
    "key": "1",
    "at": NOON,
}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@asynccontextmanager
async def running(store: Store, folder: Path, lines: tuple[Line, ...] = (LINE,)) -> AsyncIterator[int]:
    """The door, until the block ends; its port."""
    stop, port = asyncio.Event(), free_port()
    patience = Patience(store.redis, "redis")
    door = OfferDoor(OfferSettings(port=port, folder=folder), folder, "pbx", lines, store, patience)
    task = asyncio.create_task(door.run(stop))
    try:
        yield port
    finally:
        stop.set()
        await task
        patience.close()


async def when(true: Callable[[], object]) -> None:
    async def asked() -> bool:
        return bool(true())

    await until(asked, seconds=20, otherwise=lambda: "it did not come to that")


def left(folder: Path, suffix: str = ".fact") -> list[Path]:
    return list(folder.glob(f"*{suffix}"))


async def facts(store: Store) -> list[tuple[bytes, dict[bytes, bytes]]]:
    rows: Any = await store.redis.xrange(store.keys.facts)
    return list(rows)


async def told(store: Store) -> int:
    return int(await store.redis.xlen(store.keys.facts))


async def test_what_was_left_while_nobody_was_there_is_picked_up_once(store: Store, tmp_path: Path) -> None:
    Spool(tmp_path).leave(FACT)
    for _ in range(2):
        async with running(store, tmp_path):
            await when(lambda: not left(tmp_path))
    assert await told(store) == 1


async def test_a_fact_is_picked_up_when_it_comes(store: Store, tmp_path: Path) -> None:
    async with running(store, tmp_path):
        Spool(tmp_path).leave(FACT)
        await when(lambda: not left(tmp_path))
        assert await told(store) == 1


async def test_what_he_pressed_is_known_while_he_is_asked_for_his_number(store: Store, tmp_path: Path) -> None:
    """He may hang up with the key still down: the end of his call may be told before the fact, then."""
    known = threading.Event()

    class Listening(Caller):
        def answer(self, command: str) -> str:
            if "your-number" in command:
                known.wait(30)
            return super().answer(command)

    async def marked() -> bool:
        return bool(await store.redis.get(store.keys.of("offered", "pbx", "1763860000.7")) == b"whatsapp")

    async with running(store, tmp_path) as port:
        await when(lambda: left(tmp_path, FILE))
        line = await asyncio.to_thread(socket.create_connection, ("127.0.0.1", port), 30)
        caller = Listening([("welcome", "1"), ("your-number", HANG_UP)])
        serving = asyncio.create_task(asyncio.to_thread(serve, line, caller))
        await until(marked, seconds=20, otherwise=lambda: "nobody knows what he pressed")
        known.set()
        await serving
        await when(lambda: not left(tmp_path))


async def test_a_file_that_is_no_offer_is_put_aside(store: Store, tmp_path: Path) -> None:
    wrong = {"at": float("nan")}, {"at": 1e300}, {"slot": 1e300}, {"slot": -1.0}, {"number": "9" * 60_000}
    texts = ["{", '{"kind":"person"}', "", *(json.dumps({**FACT, **one}) for one in wrong)]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.fact").write_text(text)
    async with running(store, tmp_path):
        Spool(tmp_path).leave(FACT)
        await when(lambda: not left(tmp_path))
    assert await told(store) == 1
    assert len(left(tmp_path, ".bad")) == len(texts)


async def test_a_folder_that_fails_stops_nothing_and_is_said_once(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, away = tmp_path / "spool", tmp_path / "away"
    folder.mkdir()
    async with running(store, folder):
        await when(lambda: (folder / FILE).exists())
        folder.rename(away)
        await when(lambda: "is not picked up" in caplog.text)
        Spool(away).leave(FACT)
        away.rename(folder)
        await when(lambda: not left(folder))
        assert await told(store) == 1
    assert caplog.text.count("is not picked up") == 1


@pytest.mark.parametrize("name", [f".{FILE}.{os.getpid()}"])
async def test_no_link_that_lies_in_the_folder_is_written_through(store: Store, tmp_path: Path, name: str) -> None:
    folder, other = tmp_path / "spool", tmp_path / "other"
    folder.mkdir()
    other.write_text("mine")
    (folder / name).symlink_to(other)
    async with running(store, folder):
        await when(lambda: (folder / FILE).exists())
    assert (other.read_text(), (folder / FILE).is_symlink()) == ("mine", False)


async def test_redis_is_away_and_comes_back(kit: Kit, tmp_path: Path) -> None:
    """Nothing is lost meanwhile, and calls are answered by the menu that was known."""
    server, folder = RedisServer(kit.redis_server, tmp_path / "redis"), tmp_path / "spool"
    async with open_store(RedisSettings(url=server.url)) as store, running(store, folder) as port:
        await when(lambda: (folder / FILE).exists())
        Spool(folder).leave(FACT)
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        assert load(folder).lines[0].name == "ventas"
        assert len(left(folder)) == 1
        async with server:
            await when(lambda: not left(folder))
            assert await told(store) == 1


async def test_a_caller_who_is_promised_a_call_can_call_it_off(store: Store, tmp_path: Path) -> None:
    """Over the port, as Asterisk asks; the promise is the one in Redis."""
    now = time.time()
    case = Case(
        id="c1", line="ventas", customer="+51987654321", key="51987654321", dial="987654321", state=State.PROMISED,
        opened=now, last_miss=now, callback=Callback(due=now + 7200),
    )  # fmt: skip
    await store.commit((), case_writes(store.keys, case))
    caller = Caller([("cancel-promise", "3")], told={"RINGBACK_LINE": "ventas"})
    async with running(store, tmp_path) as port:

        def calls() -> bool:
            with suppress(ConnectionRefusedError):  # it is not open yet
                serve(socket.create_connection(("127.0.0.1", port), timeout=30), caller)
            return bool(caller.variables)

        async def called() -> bool:
            return await asyncio.to_thread(calls)

        await until(called, seconds=20, otherwise=lambda: "nobody answered")
        await when(lambda: not left(tmp_path))
    (fact,) = [FACT_OF.validate_json(fields[b"json"]) for _, fields in await facts(store)]
    assert caller.variables == {"RINGBACK_OFFER": "cancelled"}
    assert isinstance(fact, Offered)
    assert (fact.choice, fact.line, fact.caller) == (Choice.CANCELLED, "ventas", "987654321")


async def test_a_port_that_is_taken_is_said(store: Store, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = OfferSettings(port=taken.getsockname()[1], folder=tmp_path)
        door = OfferDoor(settings, tmp_path, "pbx", (LINE,), store, Patience(store.redis, ""))
        with pytest.raises(OSError, match=r"offer\.port: .*127\.0\.0\.1"):
            await door.run(asyncio.Event())


async def test_a_folder_that_cannot_be_one_is_said(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.write_text("")
    door = OfferDoor(OfferSettings(folder=folder), folder, "pbx", (LINE,), store, Patience(store.redis, ""))
    with pytest.raises(OSError, match=r"offer\.folder"):
        await door.run(asyncio.Event())


async def test_the_menu_knows_who_stopped_by_a_hash_only(store: Store, tmp_path: Path) -> None:
    word = Consent(at=1, brand=LINE.brand, act=Act.WITHDRAWN, way=Way.PERSON, customer="+51987654321")
    await store.commit((), store.ledger.append("51987654321", word))
    async with running(store, tmp_path):
        await when(lambda: (tmp_path / FILE).exists() and load(tmp_path).stopped.get("ventas"))
    menu = load(tmp_path)
    assert menu.has_stopped("ventas", "987654321")
    assert menu.has_stopped("ventas", "+51 987 654 321")
    assert not menu.has_stopped("ventas", "987654322")
    assert list(menu.stopped["ventas"]) == [hashed(menu.salt, "51987654321")]
    assert "87654321" not in (tmp_path / FILE).read_text()


def test_the_menu_says_when_a_line_writes_and_rings() -> None:
    line = LINE.model_copy(update={"messaging": Hours(**dict.fromkeys(("sat", "sun"), ""))})
    menu = menus.line_menu(line, Taken(), NOON)
    assert menu.rings(NOON)
    assert menu.writes(NOON) is (line.messaging.next_open(NOON, line.timezone) == NOON)
    assert menu.free(NOON, 3) == list(menu.slots[:3])
    assert len(menu.free(NOON + 9e6, 3)) == 0


@pytest.mark.parametrize("region", ["PE", "MX", "AR", "BR", "CL", "CO", "ES", "US", "EC", "UY", "BO", "PY"])
def test_the_script_reads_numbers_as_the_daemon_does(region: str) -> None:
    """Example numbers of each country, as they are dialled at home and from abroad."""
    import phonenumbers

    line = LINE.model_copy(update={"region": region})
    menu = menus.line_menu(line, Taken(), NOON)
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
        number = phonenumbers.example_number_for_type(region, kind)
        assert number is not None
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        for digits in (e164[1:], str(number.national_number)):
            exact, quick = menus.read(line, digits), read_number(menu, digits)
            assert (quick.why, quick.mobile) == (exact.why, exact.mobile), digits
    assert read_number(menu, "12").why == menus.read(line, "12").why == "wrong-number"
