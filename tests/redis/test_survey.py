"""A survey by template, on a real Redis: asked where he agreed, and no first contact."""

from __future__ import annotations

from ringback.call import Verdict
from ringback.consent import Act, Consent, Way
from ringback.fact import Accepted, CallEnded, ConsentChanged, Said
from ringback.journal import Event
from ringback.line import SurveyPlan
from ringback.message import Template
from ringbackd.store import Store
from tests.core.worlds import NOON, call, payloads
from tests.redis.offices import Office


async def test_who_agreed_is_asked_rates_and_is_written_to_after_his_next_miss(store: Store) -> None:
    office = Office(store, quiet_s=20, contact_gap_h=24, survey=SurveyPlan(template=True))
    given = Consent(at=NOON, brand="Tienda Sol", act=Act.GIVEN, way=Way.LIST, customer="+51987654321")
    await office.desk.process(ConsentChanged(nonce="1", consent=given))
    await office.missed(linkedid="1")
    office.now += 10
    await office.desk.process(
        CallEnded(call=call(Verdict.ANSWERED, at=office.now, linkedid="2", agent="101", talk=9.0))
    )
    (name,) = await office.queued()
    _, message = await office.message(name)
    assert isinstance(message.body, Template)
    await office.desk.process(Accepted(case=message.case, message=name, wamid="w", wa_id="51987654321", at=office.now))
    tap = Said(wamid="in", wa_id="51987654321", payload=payloads(message)[0], tapped=True, context="w", at=office.now)
    await office.desk.process(tap)
    assert (await office.events()).count(Event.RATED) == 1
    office.now += 600
    await office.missed(linkedid="3")
    assert len(await store.active_cases()) == 1
