"""`ringback consent` on a real Redis: what comes in, what goes out, and that nothing stays of who was erased."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import redis

from ringback.consent import Act, Consent, Way
from ringback.fact import Accepted, CallEnded, ConsentChanged, Delivery, NumberChanged, Said
from ringback.journal import Event
from ringback.kpi import report
from ringbackd.cli import main
from ringbackd.consentlist import FORMULA
from ringbackd.erasing import erase
from ringbackd.intake import Intake
from ringbackd.opening import open_store
from ringbackd.settings import RedisSettings
from ringbackd.store import Store
from tests.core.worlds import NOON, call, line, payloads
from tests.redis.offices import Office
from tests.settings.test_settings import EXAMPLE

KEY, OTHER = "51987654321", "51911111111"
BRAND = "Nombre del negocio"
LIST = """number,brand,act,way,when,proof,text
987654321,Nombre del negocio,given,list,2026-01-02,form 7,"Sí, pueden escribirme"
+51911111111,*,withdrawn,person,2026-01-03T10:00,,
"""


@pytest.fixture
def settings(tmp_path: Path, redis_url: str) -> Path:
    path = tmp_path / "ringback.toml"
    path.write_text(EXAMPLE.replace("redis://127.0.0.1:6379/0", redis_url), encoding="utf-8")
    return path


def run(settings: Path, *words: str) -> int:
    return main(["consent", *words, "-c", str(settings)])


def listed(tmp_path: Path, text: str) -> str:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


async def work(url: str) -> None:
    """The desk takes in every fact that waits."""
    async with open_store(RedisSettings(url=url)) as store:
        await Office(store).settle()


def test_a_list_comes_in_once_and_goes_out_as_it_came(
    settings: Path, tmp_path: Path, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert run(settings, "import", listed(tmp_path, LIST)) == 0
        asyncio.run(work(redis_url))
    capsys.readouterr()
    assert run(settings, "export") == 0
    exported = capsys.readouterr().out
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert [(row["number"], row["brand"], row["act"], row["proof"]) for row in rows] == [
        ("+51911111111", "*", "withdrawn", "list.csv:3"),
        ("+51987654321", BRAND, "given", "form 7"),
    ]
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    assert run(settings, "import", listed(tmp_path, exported)) == 0
    asyncio.run(work(redis_url))
    capsys.readouterr()
    assert run(settings, "export") == 0
    assert capsys.readouterr().out == exported
    assert run(settings, "list", "--json") == 0
    shown = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert {row["customer"]: row["brands"][BRAND] for row in shown} == {
        "+51911111111": "withdrawn",
        "+51987654321": "given",
    }
    assert run(settings, "show", "0987654321", "--json") == 0
    assert json.loads(capsys.readouterr().out)["ledger"][0]["text"] == "Sí, pueden escribirme"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("number;when\n987654321;2026-13-01\n", ":2: when: '2026-13-01' is no date"),
        ("number,when\n987654321,2036-01-01\n", ":2: when: '2036-01-01' is not in the past"),
        ("number,when\n12,2026-01-01\n", ":2: number: '12' cannot be written to (internal)"),
        ("number,when,brand\n987654321,2026-01-01,Otra\n", ":2: brand: 'Otra' is not one of"),
        ("number,when,act\n987654321,2026-01-01,maybe\n", ":2: act: 'maybe' is not one of given, withdrawn"),
        ("number,when,way\n987654321,2026-01-01,fax\n", ":2: way: 'fax' is not one of ivr, list"),
        (f"number,when,text\n987654321,2026-01-01,{'x' * 1001}\n", ":2: text: String should have at most 1000"),
        ("number,when,colour\n", ":1: 'colour' is no column"),
        ("number,when,when\n", ":1: there are two columns 'when'"),
        ("number,when\n987654321,2026-01-01,Sí, pueden\n", ":2: 'Sí pueden' stands behind the last column"),
        ("number\n", ":1: the column 'when' is missing"),
        ('number,when\n"987654321,2026-01-01\n', "list.csv"),
        ("", ":1: the column 'number' is missing"),
    ],
)
def test_a_list_with_a_mistake_changes_nothing(
    settings: Path, tmp_path: Path, redis_url: str, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    good = "987654321,2026-01-01\n" if text.startswith("number,when\n") else ""
    assert run(settings, "import", listed(tmp_path, text + good)) == 2
    assert says in capsys.readouterr().err
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys("*") == []


def test_a_list_in_another_character_set_is_told_how_to_be_saved(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "list.csv"
    for encoding in ("cp1252", "utf-16"):
        path.write_bytes("number;when;text\n987654321;2026-01-01;Sí\n".encode(encoding))
        assert run(settings, "import", str(path)) == 2
        assert "save it as 'CSV UTF-8'" in capsys.readouterr().err


def test_what_excel_saves_as_utf_8_is_read(
    settings: Path, tmp_path: Path, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("\ufeffnumber;when;text\r\n987654321;2026-01-01;Sí, claro\r\n".encode())
    assert run(settings, "import", str(path)) == 0
    asyncio.run(work(redis_url))
    capsys.readouterr()
    assert run(settings, "show", "987654321", "--json") == 0
    assert json.loads(capsys.readouterr().out)["ledger"][0]["text"] == "Sí, claro"


FORMULAS = ('=HYPERLINK("x")', "+1", "-1", "@SUM(1)", "\uff1d1", "'=1", "''+1", "\tx")


def test_formulas_stay_words(
    settings: Path, tmp_path: Path, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = io.StringIO()
    writer = csv.writer(rows)
    writer.writerow(("number", "when", "text"))
    writer.writerows((f"9876543{number}", "2026-01-01", f"'{text}") for number, text in enumerate(FORMULAS, 10))
    assert run(settings, "import", listed(tmp_path, rows.getvalue())) == 0
    asyncio.run(work(redis_url))
    capsys.readouterr()
    assert run(settings, "export", "--json") == 0
    assert [json.loads(word)["text"] for word in capsys.readouterr().out.splitlines()] == list(FORMULAS)
    assert run(settings, "export") == 0
    exported = capsys.readouterr().out
    texts = [row["text"] for row in csv.DictReader(io.StringIO(exported))]
    assert len(texts) == len(FORMULAS)
    assert not [text for text in texts if text.startswith(FORMULA)]
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    assert run(settings, "import", listed(tmp_path, exported)) == 0
    asyncio.run(work(redis_url))
    capsys.readouterr()
    assert run(settings, "export") == 0
    assert capsys.readouterr().out == exported, "what goes out and comes in again is the same words"


async def busy(store: Store) -> Office:
    """Two customers with cases, messages, words and a closed past."""
    office = Office(store)
    for caller, number in (("987654321", "51987654321"), ("911111111", "51911111111")):
        await office.missed(caller=caller, caller_name="Ana Paz", linkedid=f"{caller[1]}.1")
        case = next(case for case in await store.active_cases() if case.key == number)
        _, message = await office.message(case.pending[0])
        wamid = f"wamid.{number}"
        await office.desk.process(
            Accepted(case=case.id, message=message.id, wamid=wamid, wa_id=number, user_id=f"PE.u{number}", at=NOON)
        )
        await office.desk.process(Delivery(wamid=wamid, status="read", at=NOON + 1))
        await office.desk.process(Said(wamid=f"in{number}", wa_id=number, payload=payloads(message)[0], at=NOON + 2))
        words = Said(wamid=f"in2{number}", wa_id=number, name="Ana", text=f"soy Ana, {number}", at=NOON + 3)
        await office.desk.process(words)
    await office.missed(caller="0987654321", linkedid="older", verdict="short")
    return office


async def everything(store: Store) -> str:
    """Every key with all that is in it."""
    redis: Any = store.redis
    readers = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"stream": redis.xrange,
    }
    return "\n".join([f"{key} {await readers[await redis.type(key)](key)}" for key in sorted(await redis.keys("*"))])


async def test_nothing_stays_of_who_was_erased_and_everything_of_the_others(store: Store) -> None:
    office = await busy(store)
    before, others = report(await store.journal(), NOON - 60, NOON + 60), (await everything(store)).count(OTHER)
    his = next(case.id for case in await store.active_cases() if case.key == KEY)
    erased = await erase(store, (line(),), KEY)
    assert (erased.cases, erased.unread) == (1, 0)
    left = await everything(store)
    keys = [row for row in left.splitlines() if not row.startswith(f"{store.keys.journal.encode()!r} ")]
    assert not [row for row in keys if his in row], "the journal alone knows the case, nobody's any more"
    for trace in (KEY, "987654321", "PE.u51987654321"):
        assert trace not in left
    assert left.count(OTHER) == others
    assert left.count("soy Ana") == 3, "in the other one's case, its journal and nowhere else"
    assert report(await store.journal(), NOON - 60, NOON + 60) == before
    again = await erase(store, (line(),), KEY)
    assert (again.cases, again.removed, again.journal) == (0, 0, 0)
    await office.missed(linkedid="new")
    assert len(await store.active_cases()) == 2, "he had not stopped us"


async def test_who_had_stopped_us_is_still_not_written_to_after_he_was_erased(store: Store) -> None:
    office = await busy(store)
    await office.desk.process(Said(wamid="stop", wa_id=KEY, text="BAJA", at=NOON + 9))
    await erase(store, (line(),), KEY)
    assert KEY not in await everything(store)
    office.now += 60
    await office.missed(linkedid="new")
    assert [case.key for case in await store.active_cases()] == [OTHER]
    assert (await office.events())[-1] is Event.SUPPRESSED


async def test_what_waits_to_be_read_is_counted_and_not_lost(store: Store) -> None:
    office = Office(store)
    await store.add_facts([CallEnded(call=call())])
    assert (await erase(store, (line(),), KEY)).unread == 1
    await office.settle()
    assert (await erase(store, (line(),), KEY)).unread == 0
    assert "987654321" not in await everything(store)


async def test_a_webhook_that_waits_is_counted_and_one_that_nobody_could_read_is_forgotten(store: Store) -> None:
    message = {"from": KEY, "id": "wamid.1", "timestamp": "1", "type": "hologram"}
    value = {"metadata": {"phone_number_id": "1"}, "messages": [message]}
    raw = json.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).encode()
    intake = Intake(store, "1")
    await intake.persist(raw)
    assert (await erase(store, (line(),), KEY)).unread == 1
    rows: Any = await store.redis.xrange(store.keys.webhooks)
    await intake.handle(raw, f"{store.keys.webhooks} {rows[0][0].decode()}")
    await Office(store).settle()
    await erase(store, (line(),), KEY)
    assert KEY not in await everything(store)


async def test_another_customers_record_that_mentions_him_stays_whole(store: Store) -> None:
    office = await busy(store)
    await office.desk.process(Said(wamid="x", wa_id=OTHER, text="mi esposo es el 987654321", at=NOON + 5))
    await erase(store, (line(),), KEY)
    (case,) = await store.active_cases()
    assert case.key == OTHER
    said = [entry for entry in await store.journal() if entry.event is Event.SAID and entry.customer == f"+{OTHER}"]
    assert [entry.data["text"] for entry in said][-1] == ""


def test_erase_from_the_command_line(settings: Path, redis_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    async def prepare() -> None:
        async with open_store(RedisSettings(url=redis_url)) as store:
            word = Consent(at=1.0, brand=BRAND, act=Act.GIVEN, way=Way.IVR, customer="+51987654321")
            await Office(store).desk.process(ConsentChanged(nonce="1", consent=word))

    asyncio.run(prepare())
    assert run(settings, "erase", "+51987654321", "--stop") == 0
    assert "1 journal entries are anonymous" in capsys.readouterr().out
    assert run(settings, "show", "987654321", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["brands"] == {BRAND: "withdrawn"}
    assert [word["customer"] for word in shown["ledger"]] == [""]
    assert run(settings, "erase", "anonymous") == 2
    assert "is no customer's number" in capsys.readouterr().err


async def test_the_journal_forgets_both_numbers_of_who_moved(store: Store) -> None:
    office = await busy(store)
    await office.desk.process(NumberChanged(wamid="moved", old_wa_id=KEY, wa_id="51922222222", at=NOON + 9))
    await erase(store, (line(),), "51922222222")
    (moved,) = [entry for entry in await store.journal() if entry.event is Event.NUMBER_CHANGED]
    assert (moved.data["old"], moved.data["new"]) == ("", "")
