"""What can be done on the page, as JSON in and a move of a real part out."""

from __future__ import annotations

import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from ringback.fact import PersonActed
from ringback.record import Case

from .pagedata import LINES
from .phones import ReceivedCall
from .scene import CUSTOMERS, e164
from .sip import Call, PlacedCall, State
from .stage import Stage

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class GoneError(Exception):
    """What was to be done is not possible any more: the call is over, the case closed, the button not there."""


class Act(BaseModel):
    """One act. `customer` is a caller id of the sandbox; the other fields belong to single acts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    customer: str
    line: Literal["queue", "phone", "menu", "closed"] = "queue"
    key: Annotated[str, StringConstraints(pattern=r"^[0-9*#]$")] = "1"
    available: bool = False
    message: Annotated[str, StringConstraints(max_length=512)] = ""
    option: Annotated[int, Field(ge=0, le=9)] = 0
    text: Words | None = None

    @field_validator("customer")
    @classmethod
    def _known(cls, number: str) -> str:
        if number not in CUSTOMERS:
            raise ValueError(f"one of {', '.join(CUSTOMERS)}")
        return number


class Acts:
    """The acts by name. Each raises GoneError, KitError or ValueError when it cannot be done now."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.dialled: dict[str, str] = {}
        """The line each customer called last."""
        self.named: dict[str, Callable[[Act], Awaitable[None]]] = {
            "dial": self._dial,
            "hang_up": self._hang_up,
            "press": self._press,
            "answer": self._answer,
            "decline": self._decline,
            "agent": self._agent,
            "agent_answer": self._agent_answer,
            "agent_hang_up": self._agent_hang_up,
            "say": self._say,
            "tap": self._tap,
            "reply": self._reply,
            "solve": self._solve,
        }

    async def _dial(self, act: Act) -> None:
        self.dialled[act.customer] = act.line
        await self.stage.people.dial(act.customer, LINES[act.line], name=CUSTOMERS[act.customer])

    async def _hang_up(self, act: Act) -> None:
        await self._call(act).hang_up()

    async def _press(self, act: Act) -> None:
        call = self._call(act)
        if not isinstance(call, PlacedCall) or call.state is not State.UP:
            raise GoneError("there is no call to press a key in")
        await call.press(act.key)

    async def _answer(self, act: Act) -> None:
        self._received(act).answer()

    async def _decline(self, act: Act) -> None:
        self._received(act).decline()

    async def _agent(self, act: Act) -> None:
        self.stage.people.agent_available = act.available

    async def _agent_answer(self, _: Act) -> None:
        _there(self.stage.people.agent.call_of(None, State.RINGING)).answer()

    async def _agent_hang_up(self, _: Act) -> None:
        await _there(self.stage.people.agent.call_of(None, State.UP)).hang_up()

    async def _say(self, act: Act) -> None:
        await self.stage.cloud.say(e164(act.customer), _words(act))

    async def _tap(self, act: Act) -> None:
        await self.stage.cloud.tap(e164(act.customer), act.message, act.option)

    async def _reply(self, act: Act) -> None:
        await self._person(act, "reply", _words(act))

    async def _solve(self, act: Act) -> None:
        await self._person(act, "solve", "")

    async def _person(self, act: Act, what: Literal["reply", "solve"], text: str) -> None:
        case = await self._case(act)
        fact = PersonActed(nonce=uuid.uuid4().hex, case=case.id, act=what, text=text, who="sandbox", at=time.time())
        await self.stage.store.add_facts([fact])

    async def _case(self, act: Act) -> Case:
        case = await self.stage.case(act.customer)
        if case is None or not case.active:
            raise GoneError("there is no open case")
        return case

    def _call(self, act: Act) -> Call:
        call = self.stage.people.call_of(act.customer)
        if call is None:
            raise GoneError("there is no call")
        return call

    def _received(self, act: Act) -> ReceivedCall:
        return _there(self.stage.people.customers.call_of(act.customer, State.RINGING))


def _words(act: Act) -> str:
    if act.text is None:
        raise ValueError("text is missing")
    return act.text


def _there(call: ReceivedCall | None) -> ReceivedCall:
    if call is None:
        raise GoneError("there is no such call")
    return call
