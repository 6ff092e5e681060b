"""First messages in an outbox, as the desk puts them there, and the settings of a sender without limits."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ringback.command import Send
from ringback.message import Message, QuickReply, Template
from ringback.record import Case, State
from ringbackd.store import Op, Store
from ringbackd.writes import command_writes

AT_ONCE = 500
FAR = 4e9
SETTINGS = """
[pbx]
secret = "unused"
[redis]
url = "{redis}"
[whatsapp]
base_url = "{cloud}"
phone_number_id = "1"
token = "token"
app_secrets = ["unused"]
verify_token = "unused"
[sender]
width = {width}
[sender.pacing]
per_second = 100000
pair_s = 0
daily_recipients = 0
per_case = 1000000
per_customer_day = 1000000
[[line]]
name = "ventas"
brand = "Sol"
region = "PE"
timezone = "America/Lima"
dids = ["5550100"]
callback = {{exten = "ventas"}}
"""


def write_settings(folder: Path, redis: str, cloud: str, width: int) -> Path:
    """A settings file for this Redis and this Cloud API."""
    path = folder / "ringback.toml"
    path.write_text(SETTINGS.format(redis=redis, cloud=cloud, width=width), encoding="utf-8")
    return path


def _send(store: Store, number: int) -> list[Op]:
    case, to = f"c{number}", f"+5198{number:07d}"
    buttons = (QuickReply(payload=f"{case}.first_contact.now.0123456789abcdef"),)
    body = Template(name="ringback_missed_call", language="es", params=("Sol", "12:00"), buttons=buttons)
    message = Message(id=f"{case}-m1", case=case, line="ventas", to=to, body=body, not_after=FAR)
    customer = Case(
        id=case, line="ventas", customer=to, key=to[1:], dial=to, state=State.CONTACTED, opened=0.0, last_miss=0.0
    )
    return command_writes(store, customer, Send(message))


async def fill(store: Store, numbers: Iterable[int]) -> None:
    """Put a first message for each number into the outbox."""
    writes: list[Op] = []
    for number in numbers:
        writes += _send(store, number)
        if len(writes) >= AT_ONCE:
            await store.commit((), writes)
            writes = []
    await store.commit((), writes)


async def tidy(store: Store, below: int) -> None:
    """Forget what a desk and time would have cleared away: facts, and the older messages with all about them."""
    await store.redis.xtrim(store.keys.facts, maxlen=0)
    found = [key async for key in store.redis.scan_iter(match=store.keys.of("*"), count=5000)]
    old = [key for key in found if _number(key) < below]
    for start in range(0, len(old), AT_ONCE):
        await store.redis.unlink(*old[start : start + AT_ONCE])


def _number(key: bytes) -> float:
    """The number of the message that a key belongs to; below all of what nobody asks for again here."""
    match key.decode().partition(":")[2].split(":"):
        case ["message", name]:
            return int(name[1:].partition("-")[0])
        case ["wamid", _] | ["written", "case" | "customer", _]:
            return -1
        case _:
            return FAR
