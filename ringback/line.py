"""What the customer called: a number, queue or menu with its brand, language, hours, flow and callback target."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

import phonenumbers
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from ringback.daysoff import DaysOff
from ringback.dialling import PLAIN_TRUNK, Trunk
from ringback.hours import DAYS, Hours, Span, Weekday, ZoneName
from ringback.message import Words, upto
from ringback.phone import NoNumber, Number, normalise

Language = Literal["es", "en", "pt"]
TEMPLATE_LANGUAGE: dict[Language, str] = {"es": "es", "en": "en", "pt": "pt_BR"}
"""The code under which Meta files a template, unless the line names another one."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,32}$")]
Exten = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_*#+-]{1,64}$")]

CHANNEL = r"^[A-Za-z0-9]+/([A-Za-z0-9_.:-]+/)*[A-Za-z0-9+*#_.:-]*\{number\}(@[A-Za-z0-9_.:-]+(/n)?)?$"
"""Technology, perhaps a trunk, the number, perhaps a peer or context: SIP/trunk/{number}, Local/{number}@context/n."""


def _region(code: str) -> str:
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"{code!r} is no country code; write it like 'PE'")
    return code


Region = Annotated[str, AfterValidator(_region)]
Prefix = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{0,14}$")]
"""How numbers in E.164 begin."""


class _Setting(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Shift(_Setting):
    """Hours in which another number of people has time to call back."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = DAYS
    span: Annotated[Span, Field(min_length=1)]
    people: Annotated[int, Field(ge=0, le=10_000)]


class CallbackPlan(_Setting):
    """How a customer is rung back. Durations are in the unit their names end with."""

    channel: Annotated[str, StringConstraints(pattern=CHANNEL)] = "Local/{number}@from-internal"
    """Whom Asterisk rings; `{number}` is the caller id as it came. Local/...@context uses the PBX's own routes."""
    context: Exten = "ringback-callback"
    exten: Exten
    """Where the customer goes when he picks up: the queue or extension behind `context`."""
    caller_id: Annotated[str, StringConstraints(pattern=r"^[0-9+]{0,32}$")] = ""
    first: Literal["customer", "agent"] = "customer"
    """Who is rung first. Agent first: an agent of the queue hears what it is about and presses 1, then he is rung."""
    press_1: bool = True
    """Customer first: whether he has to press 1 before an agent is taken from the queue."""
    detect_machine: bool = False
    """Whether Asterisk's AMD() listens for answering machines first; it needs some seconds of silence or speech."""
    recovered_s: Annotated[float, Field(ge=0, le=600)] = 5
    """Who talked for less has not been called back yet."""
    at_once: Annotated[int, Field(ge=0, le=1000)] = 0
    """How many calls back may be under way at once; 0: as many as agents of the queue are free."""
    patience_s: Annotated[float, Field(ge=0, le=3600)] = 60
    """While somebody has waited longer than this in the queue, nobody is called back."""
    ring_s: Annotated[int, Field(ge=5, le=120)] = 25
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    busy_min: Annotated[float, Field(ge=0)] = 5
    no_answer_min: Annotated[float, Field(ge=0)] = 30
    rejected_min: Annotated[float, Field(ge=0)] = 120
    failed_min: Annotated[float, Field(ge=0)] = 120
    no_agent_min: Annotated[float, Field(ge=0)] = 1
    machine_min: Annotated[float, Field(ge=0)] = 30
    slot_min: Literal[5, 10, 15, 20, 30, 60, 120] = 30
    """How long a slot is. Whoever chose one is rung in its course, as soon as somebody is free."""
    people: Annotated[int, Field(ge=0, le=10_000)] = 2
    """How many people are expected to have time to call back, at any moment that no shift names."""
    shifts: tuple[Shift, ...] = ()
    """The first one that covers a moment counts."""
    talk_min: Annotated[float, Field(gt=0, le=120)] = 5
    """How long a call back takes on average, with what is to be done after it."""
    notice_min: Annotated[float, Field(ge=0, le=1440)] = 10
    """How far away a slot must be at least to be offered."""
    horizon_days: Annotated[int, Field(ge=1, le=60)] = 14
    """How many days ahead slots are offered; today is the first."""
    remind_min: Annotated[float, Field(ge=0, le=1440)] = 15
    """How long before his slot a customer is reminded by WhatsApp; 0 for never."""
    late_min: Annotated[float, Field(ge=0, le=1440)] = 10
    """Who still waits so long after the promised moment, because nobody is free, is told so once; 0 for never."""
    countries: tuple[Region, ...] = ()
    """Whose numbers may be rung; only those of the line's own country when empty."""
    never: tuple[Prefix, ...] = ()
    """How numbers begin that are never rung, as +519..."""
    remind_after_h: Annotated[float, Field(ge=0, le=720)] = 3
    """Only of a slot that was further away than this when it was promised."""

    def capacity(self, people: int) -> int:
        """How many calls so many people can make in the course of one slot."""
        return int(people * self.slot_min / self.talk_min)

    @model_validator(mode="after")
    def _a_call_fits(self) -> Self:
        for name, people in (("people", self.people), *(("shifts", shift.people) for shift in self.shifts)):
            if people and not self.capacity(people):
                raise ValueError(f"{name}: {people} cannot end a call of {self.talk_min:g} minutes within slot_min")
        return self


class WithoutWhatsApp(StrEnum):
    """What becomes of a missed caller whom WhatsApp does not reach."""

    PERSON = "person"
    """A person of the business gets the case, to call him by hand."""
    RING = "ring"
    """The PBX rings him back by itself, in the line's hours."""
    NOTHING = "nothing"


class SurveyPlan(_Setting):
    """Whether customers are asked for a rating after a conversation, or when their matter was solved in the chat."""

    ask: bool = True
    template: bool = False
    """Whether by a template, too, where the 24 hours are over and the customer agreed to be contacted."""


class FastLanePlan(_Setting):
    """How who calls again with an open case is let through (dialplan `ringback-fastlane`)."""

    priority: Annotated[int, Field(ge=0, le=1000)] = 5
    """His QUEUE_PRIO: others have 0, whom we called back ourselves 10. 0: he is treated as everybody."""
    show_name: bool = False
    """Whether the agent's phone shows urgency, intent and name of his case as the caller's name."""


class Line(_Setting):
    """One line of the business. A call belongs to the line that lists its DID, else to the one that lists its queue."""

    name: Name
    brand: Annotated[Words, upto(60)]
    language: Language = "es"
    region: Region
    timezone: ZoneName
    dids: tuple[Exten, ...] = ()
    queues: tuple[Exten, ...] = ()
    trunk: Trunk = PLAIN_TRUNK
    hours: Hours = Hours()
    """When he may be rung."""
    holidays: DaysOff = DaysOff()
    """The days on which nobody is rung."""
    messaging: Hours = Hours()
    """When somebody who did not write to us may be written to."""
    flow: Name = "general"
    template_language: Annotated[str, StringConstraints(pattern=r"^([a-z]{2,3}(_[A-Z]{2})?)?$")] = ""
    info: Annotated[str, StringConstraints(strip_whitespace=True), upto(600)] = ""
    """Address, hours and whatever most callers ask for; a flow may say it."""
    quiet_s: Annotated[float, Field(ge=0, le=3600)] = 20
    stale_h: Annotated[float, Field(gt=0, le=48)] = 2
    contact_gap_h: Annotated[float, Field(ge=0, le=720)] = 24
    expiry_h: Annotated[float, Field(gt=0, le=720)] = 24
    contact_short: bool = False
    require_consent: bool = False
    """Whether only who agreed to it is written to; else whoever called is, unless he asked not to be."""
    without_whatsapp: WithoutWhatsApp = WithoutWhatsApp.PERSON
    callback: CallbackPlan
    survey: SurveyPlan = SurveyPlan()
    fastlane: FastLanePlan = FastLanePlan()

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not (self.dids or self.queues):
            raise ValueError("dids and queues are both empty: no call would belong to this line")
        return self

    @model_validator(mode="after")
    def _known_holidays(self) -> Self:
        if trouble := self.holidays.trouble(self.region):
            raise ValueError(f"holidays: {trouble}")
        return self

    def closed_on(self, day: date) -> bool:
        """Whether nobody is rung on a day, whatever the hours say."""
        return self.holidays.off(day, self.region)

    def next_open(self, at: float) -> float | None:
        """The first moment from `at` (epoch seconds) on when customers may be rung; None if there is none for long."""
        return self.hours.next_open(at, self.timezone, self.closed_on)

    @property
    def template_code(self) -> str:
        """The language code of this line's templates."""
        return self.template_language or TEMPLATE_LANGUAGE[self.language]

    def number(self, caller_id: str) -> Number | NoNumber:
        """Read a caller id as this line's trunk shows it."""
        return normalise(caller_id, self.region, self.trunk)


def line_of(lines: tuple[Line, ...], did: str, queues: tuple[str, ...]) -> Line | None:
    """Find the line of a call: by its DID first, then by the last queue it was in."""
    for line in lines:
        if did and did in line.dids:
            return line
    for queue in reversed(queues):
        for line in lines:
            if queue in line.queues:
                return line
    return None
