"""The append-only record of what happened; history and every figure are folds of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Event(StrEnum):
    """The kinds of entries. The comment says what `data` holds."""

    CALL_ENDED = "call_ended"  # verdict, direction, queue, wait, talk, agent, caller, did, source
    SUPPRESSED = "suppressed"  # why: a missed call that opened no case
    OPENED = "opened"  # verdict, missed_at, origin, source
    MISSED_AGAIN = "missed_again"  # misses, source
    OFFERED = "offered"  # linkedid, choice, key, slot, typed: a caller who waits was offered WhatsApp or a call back
    POSTPONED = "postponed"  # why, until: what was due waits; until 0: for somebody to be free
    QUEUED = "queued"  # message, step, body, survey: put into the outbox
    WITHDRAWN = "withdrawn"  # message: taken back before it was sent
    ACCEPTED = "accepted"  # message, wamid: the Cloud API took it
    DELIVERY = "delivery"  # message, status, code, why, category, billable, told_at; late: it changed nothing
    REFUSED = "refused"  # message, scope, code, why
    SAID = "said"  # text, option, intent, urgency
    NOTICED = "noticed"  # what, text: a reaction, a message taken back
    NUMBER_CHANGED = "number_changed"  # old, new
    ACCOUNT = "account"  # field, subject, event, detail: Meta's news about our account
    PROMISED = "promised"  # due, attempt number to come; slot (0: as soon as possible) unless it is one more try
    DIALLED = "dialled"  # attempt; waited: seconds since it was said to wait for somebody to be free
    ATTEMPT_ENDED = "attempt_ended"  # attempt, outcome, agent, talk, why
    HANDED_OVER = "handed_over"  # text, intent, urgency, misses
    PERSON_REPLIED = "person_replied"  # who
    PERSON_PLANNED = "person_planned"  # who, act: call or cancel, due; refused: why it was not done
    CLOSED = "closed"  # outcome, how, agent, talk
    RATED = "rated"  # rating 1-5
    OPTED_OUT = "opted_out"  # brand, way, proof, text: asked not to be contacted
    OPTED_IN = "opted_in"  # brand, way, proof, text: agreed to be contacted
    GUARD = "guard"  # act, why, who: calls back were stopped or let go on
    LINK_DOWN = "link_down"  # pbx, why
    LINK_UP = "link_up"  # pbx
    LOST = "lost"  # pbx, count: what the PBX told could be neither stored nor kept
    GAP = "gap"  # pbx, since, calls, source: the PBX was not heard until `at`; so many calls were made up for


Datum = str | int | float | bool


class Entry(BaseModel):
    """One thing that happened, at `at` (epoch seconds); `case`, `line`, `customer` are empty where there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: float
    event: Event
    case: str = ""
    line: str = ""
    customer: str = ""
    data: Mapping[str, Datum] = {}
