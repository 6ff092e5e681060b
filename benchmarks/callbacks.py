"""Call backs under load. Planning: more customers than places, several processes that book at the same time.

Real Redis, the desk's own code: every booking is a fact, decided and committed like any other. Each customer asks for a
slot by chance, and for the first one that is free if all from there on are taken. One process is killed on its way and
does everything again. In the end every place is taken, none twice, and every case says what is booked for it.
Then 10,000 of an hour are dialled (benchmarks/lateness.py). `python -m benchmarks.callbacks [PLACES]`. Exit code 1: a
slot was oversold, a place was left over, or what is dialled late or lost misses its target.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import lateness
from ringback.fact import PersonActed
from ringback.flow import Flow
from ringback.line import Line
from ringback.record import Case, State
from ringback.slots import NOTHING_TAKEN, Slot, next_slots
from ringbackd.desk import Desk
from ringbackd.opening import open_store
from ringbackd.sandbox.kit import ensure
from ringbackd.sandbox.process import Process
from ringbackd.sandbox.redisserver import RedisServer
from ringbackd.settings import RedisSettings
from ringbackd.store import Store
from ringbackd.writes import case_writes

ROOT = Path(__file__).parents[1]
PLACES, TOO_MANY = 100_000, 0.05
"""How many calls fit, and how many more customers ask, as a share of them."""
PROCESSES, AT_ONCE = 4, 32
NOW = 1_795_453_201.0
"""The clock of the desks stands still: Monday 2026-11-23, 12:00:01 in Lima."""
BATCH, PATIENCE_S = 500, 600
SCATTER = 7919
"""A prime: spreads the customers' wishes over the slots, the same after a restart."""
SLOT_MIN, TALK_MIN = 30, 5.0


def shop(places: int) -> Line:
    """A line that is open all the time, with (nearly) so many places in the slots of two days."""
    one_person = sum(slot.capacity for slot in slots(_line(1)))
    return _line(max(1, round(places / one_person)))


def _line(people: int) -> Line:
    plan = {"exten": "ventas", "slot_min": SLOT_MIN, "talk_min": TALK_MIN, "people": people}
    plan |= {"notice_min": 0, "horizon_days": 2, "remind_min": 0}
    values = {"name": "ventas", "brand": "Tienda Sol", "region": "PE", "timezone": "America/Lima", "dids": ("1",)}
    return Line.model_validate(values | {"callback": plan})


def slots(line: Line) -> list[Slot]:
    """All that can be promised."""
    return next_slots(line, NOTHING_TAKEN, NOW, PLACES)


def case_of(number: int) -> Case:
    """A customer whom a person is looking after."""
    phone = f"51{900_000_000 + number}"
    who = {"id": f"{number:014}", "line": "ventas", "customer": f"+{phone}", "key": phone, "dial": phone}
    return Case.model_validate(who | {"state": State.WITH_PERSON, "opened": NOW, "last_miss": NOW})


async def open_cases(store: Store, customers: int) -> None:
    """Let every customer have a case."""
    for first in range(0, customers, BATCH):
        cases = [case_of(number) for number in range(first, min(first + BATCH, customers))]
        await store.commit((), [write for case in cases for write in case_writes(store.keys, case)])


async def book(url: str, line: Line, numbers: range) -> None:
    """One process: every customer of its share asks for a slot, and if all from there on are taken, for any."""
    flow = Flow.model_validate(tomllib.loads((ROOT / "flows/general.toml").read_text(encoding="utf-8")))
    begins = [slot.begins for slot in slots(line)]
    waiting = iter(numbers)
    async with open_store(RedisSettings(url=url)) as store:
        desk = Desk(store, (line,), {"general": flow}, b"bench", lambda: NOW)

        async def serve() -> None:
            for number in waiting:
                for turn, wanted in enumerate((begins[number * SCATTER % len(begins)], begins[0])):
                    case = case_of(number).id
                    await desk.process(PersonActed(nonce=f"{case}.{turn}", case=case, act="call", due=wanted, at=NOW))
                    if (found := await store.case(case)) and found.booked:
                        break

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(serve())


async def plan(redis: RedisServer, folder: Path, line: Line, places: int) -> float:
    """Let all customers book, with one process killed on its way; the seconds that it took."""
    customers = int(places * (1 + TOO_MANY))
    async with open_store(RedisSettings(url=redis.url)) as store:
        await open_cases(store, customers)
        started = time.monotonic()
        argv = [sys.executable, "-m", "benchmarks.callbacks", "book", redis.url, str(places)]
        shares = [[*argv, str(place)] for place in range(PROCESSES)]
        bookers = [await Process.start(share, log=folder / f"{share[-1]}.log", cwd=ROOT) for share in shares]
        promises = store.keys.of("promised", line.name)
        for _ in range(PATIENCE_S * 10):
            if await store.redis.zcard(promises) > places // 3:
                break
            await asyncio.sleep(0.1)
        os.kill(bookers[0].pid, signal.SIGKILL)
        bookers.append(await Process.start(shares[0], log=folder / "again.log", cwd=ROOT))
        await asyncio.gather(*(booker.ended() for booker in bookers))
        return time.monotonic() - started


async def judge(redis: RedisServer, line: Line) -> dict[str, int]:
    """What is wrong in the end: how many of each kind."""
    async with open_store(RedisSettings(url=redis.url)) as store:
        kept = await store.scores(store.keys.of("promised", line.name))
        meant = {case.id: case.booked for case in await store.active_cases() if case.booked}
    taken = Counter(kept.values())
    places = slots(line)
    return {
        "slots oversold": sum(taken[slot.begins] > slot.capacity for slot in places),
        "places left over": sum(max(0, slot.capacity - taken[slot.begins]) for slot in places),
        "promises outside the slots": len(kept) - sum(taken[slot.begins] for slot in places),
        "cases that say another time": len(kept.items() ^ meant.items()),
    }


async def main(places: int) -> int:
    """All of it; 1 if anything is wrong."""
    console, line = Console(), shop(places)
    places = sum(slot.capacity for slot in slots(line))
    kit = await ensure(("22",), console=Console(stderr=True))
    with tempfile.TemporaryDirectory(prefix="ringback-bench-") as name:
        redis = RedisServer(kit.redis_server, Path(name) / "redis")
        await redis.start()
        try:
            seconds = await plan(redis, Path(name), line, places)
            wrong = await judge(redis, line)
        finally:
            await redis.stop()
    table = Table(
        "planning", "value", title=f"{places} places in {len(slots(line))} slots, {PROCESSES} processes, one killed"
    )
    table.add_row("customers who asked", str(int(places * (1 + TOO_MANY))))
    table.add_row("seconds", f"{seconds:.1f}")
    table.add_row("promised per second", f"{places / seconds:.0f}")
    for what, count in wrong.items():
        table.add_row(what, f"[red]{count}[/]" if count else "[green]0[/]")
    console.print(table)
    return 1 if any(wrong.values()) else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["book"]:
        url, places, place = sys.argv[2:]
        customers = int(int(places) * (1 + TOO_MANY))
        asyncio.run(book(url, shop(int(places)), range(int(place), customers, PROCESSES)))
    else:
        planned = asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else PLACES))
        sys.exit(planned | asyncio.run(lateness.main()))
