"""Real calls on a real Asterisk: what the other tests build on."""

import asyncio
import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.errors import KitError
from ringbackd.sandbox.kit import Kit, ensure
from ringbackd.sandbox.phones import BUSY, RINGS, AgentPhone, CustomerPhone, answers
from ringbackd.sandbox.process import until
from ringbackd.sandbox.sip import Caller, State

pytestmark = pytest.mark.pbx

COLUMNS = (
    *("eventtype", "eventtime", "uniqueid", "linkedid", "channame", "context", "exten", "cid_num", "cid_name"),
    *("appname", "appdata", "peer", "extra"),
)


async def ami(pbx: Pbx, user: str, *actions: str) -> str:
    """Log in, send the actions, log off; return all that Asterisk sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", pbx.ami_port)
    login = f"Action: Login\r\nUsername: {user}\r\nSecret: {pbx.ami_secret}"
    writer.write("".join(f"{action}\r\n\r\n" for action in (login, *actions, "Action: Logoff")).encode())
    received = (await asyncio.wait_for(reader.read(), 10)).decode()
    writer.close()
    await writer.wait_closed()
    return received


def cel(pbx: Pbx) -> list[dict[str, str]]:
    if not pbx.cel_path.exists():
        return []
    with pbx.cel_path.open(newline="") as lines:
        return [dict(zip(COLUMNS, row, strict=True)) for row in csv.reader(lines)]


async def whole_call(pbx: Pbx, number: str) -> list[str]:
    """Wait for the end of the call of `number`; return the kinds of its events in order."""
    rows: list[dict[str, str]] = []

    def over() -> bool:
        linked = {row["linkedid"] for row in cel(pbx) if row["cid_num"] == number}
        rows[:] = [row for row in cel(pbx) if row["linkedid"] in linked]
        return any(row["eventtype"] == "LINKEDID_END" for row in rows)

    await until(over, seconds=5, otherwise=lambda: f"no LINKEDID_END in {cel(pbx)}")
    return [row["eventtype"] for row in rows]


def complaints(pbx: Pbx) -> Iterator[str]:
    return (line for line in pbx.log_path.read_text().splitlines() if "WARNING[" in line or "ERROR[" in line)


async def test_asterisk_22_boots_and_reloads_without_a_warning(pbx: Pbx) -> None:
    assert (await pbx.cli("core show version")).startswith("Asterisk 22.")
    await pbx.cli("core reload")
    assert list(complaints(pbx)) == []


async def test_it_ends_without_a_trace_and_boots_again_on_its_ports(pbx: Pbx) -> None:
    await pbx.stop()
    with pytest.raises(KitError, match="does not answer 'core show version'"):
        await pbx.cli("core show version")
    await pbx.start()
    assert f"127.0.0.1:{pbx.sip_port}" in await pbx.cli("pjsip show transports")


async def test_a_caller_who_hangs_up_in_the_queue_has_abandoned_it(kit: Kit, pbx: Pbx, caller: Caller) -> None:
    async with AgentPhone(kit, pbx, "101", default=RINGS) as agent:
        call = await caller.dial("987654321", "5550100")
        leg = await agent.call(state=State.RINGING)
        assert "1. PJSIP/carrier-" in await pbx.cli("queue show ventas")
        await call.hang_up()
        await leg.ended()
    assert "BRIDGE_ENTER" not in await whole_call(pbx, "987654321")
    assert "|ABANDON|" in pbx.queue_log_path.read_text()


async def test_an_agent_who_answers_talks_with_the_caller(kit: Kit, pbx: Pbx, caller: Caller) -> None:
    async with AgentPhone(kit, pbx, "101", default=answers(50)) as agent:
        call = await caller.dial("987654321", "5550100")
        leg = await agent.call(state=State.UP)
        await until(
            lambda: [row["eventtype"] for row in cel(pbx)].count("BRIDGE_ENTER") == 2,
            seconds=5,
            otherwise=lambda: "the two were never connected",
        )
        await leg.hang_up()
        await call.ended()
    assert (await whole_call(pbx, "987654321")).count("BRIDGE_EXIT") == 2


async def test_a_phone_that_nobody_picks_up_is_cancelled(kit: Kit, pbx: Pbx, caller: Caller) -> None:
    async with AgentPhone(kit, pbx, "102", default=RINGS) as phone:
        call = await caller.dial("987654321", "5550101")
        leg = await phone.call()
        await call.reached(State.RINGING)
        await call.hang_up()
        await leg.ended()
        with pytest.raises(KitError, match="did not come to up"):
            await call.established()
    assert "ANSWER" not in await whole_call(pbx, "987654321")


async def test_a_caller_who_hangs_up_before_asterisk_took_his_call_is_gone_all_the_same(
    pbx: Pbx, caller: Caller
) -> None:
    calls = await caller.dial_many([f"98765{n:04}" for n in range(50)], "5550100", hang_up_after_ms=1, per_second=500)
    await asyncio.gather(*(call.ended(seconds=20) for call in calls))


async def test_a_busy_phone_and_one_that_declines_end_the_call(kit: Kit, pbx: Pbx, caller: Caller) -> None:
    async with AgentPhone(kit, pbx, "102", default=BUSY) as phone:
        await (await caller.dial("1", "5550101")).ended()
        phone.default = RINGS
        call = await caller.dial("2", "5550101")
        (await phone.call()).decline()
        await call.ended()


async def test_the_menu_takes_a_key_and_the_closed_line_hangs_up_by_itself(kit: Kit, pbx: Pbx, caller: Caller) -> None:
    async with AgentPhone(kit, pbx, "101", default=answers()) as agent:
        call = await caller.dial("987654321", "5550102")
        await call.press("1")
        await agent.call(state=State.UP)
        await call.hang_up()
    closed = await caller.dial("987654322", "5550104")
    await closed.established()
    await closed.ended()
    with pytest.raises(ValueError, match="no telephone key"):
        await call.press("1\r\nVia: x")


async def test_a_call_back_rings_the_customer_and_puts_him_into_the_queue(kit: Kit, pbx: Pbx) -> None:
    async with AgentPhone(kit, pbx, "101", default=answers()) as agent, CustomerPhone(kit, pbx) as customers:
        originate = "Action: Originate\r\nChannel: Local/+51987654321@ringback-outbound\r\nContext: ringback-callback"
        variables = "Variable: RINGBACK_CASE=7,RINGBACK_CUSTOMER=+51987654321"
        await ami(pbx, pbx.ami_user, f"{originate}\r\nExten: ventas\r\nPriority: 1\r\nAsync: true\r\n{variables}")
        customer = await customers.call("+51987654321", State.RINGING)
        assert agent.call_of() is None
        customer.answer()
        leg = await agent.call(state=State.UP)
        await leg.hang_up()
        await customer.ended()
    # Asterisk writes its logs a moment later.
    await until(lambda: bool(_queued(pbx)), seconds=10, otherwise=lambda: "nobody came into a queue")
    assert _queued(pbx) == [("ventas", "+51987654321")]


def _queued(pbx: Pbx) -> list[tuple[str, str]]:
    rows = [row for row in cel(pbx) if (row["eventtype"], row["appname"]) == ("APP_START", "Queue")]
    return [(row["exten"], row["cid_num"]) for row in rows]


@pytest.mark.parametrize("place", ["no-such-queue", 'ventas"x', "ventas|x", "ventas$[1]", "ventas)"])
async def test_a_call_back_to_anything_but_a_plain_known_name_is_hung_up(kit: Kit, pbx: Pbx, place: str) -> None:
    async with AgentPhone(kit, pbx, "101") as agent, CustomerPhone(kit, pbx, default=answers()) as customers:
        originate = f"Action: Originate\r\nChannel: PJSIP/511@carrier\r\nContext: ringback-callback\r\nExten: {place}"
        answer = await ami(pbx, pbx.ami_user, f"{originate}\r\nPriority: 1\r\nAsync: true")
        assert "Originate successfully queued" in answer
        await (await customers.call("511", State.UP)).ended()
        assert agent.calls == {}
    assert list(complaints(pbx)) == []


async def test_the_two_ami_users_have_the_rights_that_they_need_and_no_more(pbx: Pbx) -> None:
    for user in (pbx.ami_user, pbx.ami_user_without_dialplan):
        received = await ami(
            pbx, user, "Action: CoreShowChannels", "Action: QueueStatus", "Action: Command\r\nCommand: x"
        )
        assert "Event: FullyBooted" in received
        assert "Event: CoreShowChannelsComplete" in received
        assert "Event: QueueStatusComplete" in received
        assert received.count("Permission denied") == 1
    assert "dialplan" in await pbx.cli(f"manager show user {pbx.ami_user}")
    assert "dialplan" not in await pbx.cli(f"manager show user {pbx.ami_user_without_dialplan}")


async def test_every_customer_behaves_in_his_own_way(kit: Kit, pbx: Pbx) -> None:
    seen: list[tuple[str, State]] = []
    async with CustomerPhone(kit, pbx, on_change=lambda call: seen.append((call.number, call.state))) as customers:
        customers.behaviours = {"511": BUSY, "512": answers()}
        for number in ("511", "512", "513"):
            await pbx.cli(f"channel originate PJSIP/{number}@carrier application Wait 5")
        await customers.call("511", State.ENDED)
        await customers.call("512", State.UP)
        await customers.call("513", State.RINGING)
        assert ("511", State.RINGING) not in seen


@pytest.mark.parametrize(
    "text", ['Jo"ão\\; [field1] ]]> & <sip:x@y>', "a\r\nVia: SIP/2.0/UDP evil", "[call_id]", ";,%00"]
)
async def test_hostile_names_and_numbers_arrive_as_text(pbx: Pbx, caller: Caller, text: str) -> None:
    by_name = await caller.dial("987654321", "5550100", name=text)
    await by_name.established()
    await by_name.hang_up()
    by_number = await caller.dial(text, "5550100")
    await by_number.established()
    await by_number.hang_up()
    await whole_call(pbx, "987654321")
    assert all(row["exten"] != "evil" for row in cel(pbx))


async def test_many_callers_at_once_come_in_and_go(kit: Kit, pbx: Pbx, caller: Caller) -> None:
    async with AgentPhone(kit, pbx, "101", default=RINGS):
        numbers = [f"9{n:08}" for n in range(50)]
        calls = await caller.dial_many(numbers, "5550100", hang_up_after_ms=300, per_second=50)
        await asyncio.gather(*(call.ended(seconds=20) for call in calls))
        assert [call.number for call in calls] == numbers
    # Asterisk writes its logs a moment later.
    await until(lambda: _abandoned(pbx) == 50, seconds=10, otherwise=lambda: f"{_abandoned(pbx)} of 50 were abandoned")


def _abandoned(pbx: Pbx) -> int:
    return pbx.queue_log_path.read_text().count("|ABANDON|")


async def test_asterisk_16_does_the_same(tmp_path: Path) -> None:
    kit = await ensure(("16",), console=Console(stderr=True))
    async with (
        Pbx(kit, tmp_path, release="16") as pbx,
        AgentPhone(kit, pbx, "101", default=RINGS) as agent,
        Caller(kit, pbx) as caller,
    ):
        assert (await pbx.cli("core show version")).startswith("Asterisk 16.28")
        call = await caller.dial("987654321", "5550100")
        await agent.call()
        await call.hang_up()
        assert "BRIDGE_ENTER" not in await whole_call(pbx, "987654321")
        assert list(complaints(pbx)) == []
