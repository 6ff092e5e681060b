"""What is kept of the gap in Redis: the same call of two PBXs, a call that is told again, one that is too old."""

from __future__ import annotations

from ringback.call import Call, Direction, Source, Verdict
from ringback.fact import CallEnded
from ringback.journal import Event
from ringback.kpi import report
from ringbackd.store import Store
from tests.core.worlds import NOON
from tests.redis.offices import Office


def missed(office: Office, pbx: str, caller: str, ended: float) -> CallEnded:
    return CallEnded(
        call=Call(
            pbx=pbx,
            linkedid="1795369539.26",
            direction=Direction.INBOUND,
            verdict=Verdict.ABANDONED_QUEUE,
            caller=caller,
            did="5550100",
            queue="ventas",
            started=ended - 30,
            ended=ended,
            source=Source.CDR,
        )
    )


async def test_two_pbxs_may_have_the_same_linkedid(store: Store) -> None:
    office = Office(store)
    for _ in range(2):  # a second fill changes nothing
        for pbx, caller in (("lima", "987654321"), ("cusco", "987654322")):
            await office.desk.process(missed(office, pbx, caller, office.now - 60))
    assert {case.customer for case in await store.active_cases()} == {"+51987654321", "+51987654322"}
    journal = await store.journal()
    assert sum(entry.event is Event.CALL_ENDED for entry in journal) == 2
    assert {entry.data["source"] for entry in journal if entry.event is Event.OPENED} == {"cdr"}
    assert report(journal, NOON - 3600, NOON + 3600).filled_calls == 2


async def test_a_filled_call_that_is_too_old_opens_no_case(store: Store) -> None:
    office = Office(store)
    await office.desk.process(missed(office, "lima", "987654321", office.now - 30 * 86_400))
    assert await store.active_cases() == []
    (why,) = (entry.data["why"] for entry in await store.journal() if entry.event is Event.SUPPRESSED)
    assert why == "too late to be useful"
