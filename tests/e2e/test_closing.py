"""Three attempts in vain on a real Asterisk, the closing message, a tap, and another time for the call."""

from __future__ import annotations

import pytest
from rich.console import Console

from ringback.callback import Ended
from ringback.fact import PersonActed
from ringback.record import State
from ringbackd.sandbox.customer import Customer
from ringbackd.sandbox.kit import Kit
from ringbackd.sandbox.phones import BUSY
from ringbackd.sandbox.scene import Scene
from ringbackd.sandbox.stage import Stage


@pytest.mark.pbx
async def test_who_was_rung_three_times_in_vain_is_asked_and_books_another_time(kit: Kit) -> None:
    async with Stage(Console(stderr=True), Scene(quiet_s=0.2, short_s=0.0, retry_min=0.002), kit=kit) as stage:
        customer = Customer(stage, "987000001")
        stage.people.customers.behaviours[customer.number] = BUSY
        await customer.abandon()
        await customer.message(1)
        case = await customer.case("written to", lambda case: case.state is State.CONTACTED)
        act = PersonActed(nonce="1", case=case.id, act="call", who="Ana", at=case.opened)
        await stage.store.commit((), [stage.store.fact(act)])
        closing = await customer.message(2, 40)
        assert "volvimos" in closing.text
        assert closing.kind == "template"
        assert [entry.data["outcome"] for entry in await customer.attempts()] == [Ended.BUSY] * 3
        await customer.tap(closing, "Más tarde")
        slots = await customer.message(3)
        await customer.tap(slots, slots.options[0].title)
        booked = await customer.case("another time is booked", lambda case: case.booked > 0)
        assert (booked.state, booked.dialled) == (State.PROMISED, 3)
