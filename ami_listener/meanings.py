"""What decides about a call, and what it means in words for people when that changes. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ami_listener.calls import LiveCall, Place
from ringback.call import Direction, SaidThere, Verdict


@dataclass(frozen=True, slots=True)
class Known:
    """What decides about a call, at one moment. `stay` is the number of queues entered so far, the last is `queue`."""

    beginning: str = ""
    place: Place = Place.NOWHERE
    schedule: bool = False
    stay: int = 0
    queue: str = ""
    queue_left: str = ""
    phones: tuple[str, ...] = ()
    dial_results: frozenset[str] = frozenset()
    talking_to: str = ""
    handed_over: float | None = None
    hung_up: bool = False
    customer_up: bool = False
    said: SaidThere = SaidThere.NOTHING
    message_left: bool | None = None
    taken: str = ""
    score: int = 0
    absorbed: frozenset[str] = frozenset()


def known(call: LiveCall) -> Known:
    """The deciding facts of a call as they stand."""
    stay = call.stays[-1] if call.stays else None
    return Known(
        beginning=_beginning(call),
        place=call.place,
        schedule=call.schedule,
        stay=len(call.stays),
        queue=stay.queue if stay else "",
        queue_left=(stay.status or "left") if stay and stay.left is not None else "",
        phones=tuple(call.phones),
        dial_results=frozenset(call.dial_results),
        talking_to=call.agent if call.talk.since is not None else "",
        handed_over=call.handed_over_at,
        hung_up=call.hung_up is not None,
        customer_up=call.customer_up,
        said=call.said,
        message_left=call.message_left,
        taken=call.taken,
        score=call.score,
        absorbed=frozenset(one.linkedid for one in call.absorbed),
    )


def _beginning(call: LiveCall) -> str:
    if not call.complete and call.direction is not Direction.OURS:
        return "first seen after its beginning: only what is witnessed from here on will be said of it"
    ours = call.direction is Direction.OURS
    to = call.did or call.dialled
    people = "" if ours else f" from {call.caller or 'a withheld number'}"
    return ("call back of ours" if ours else f"{call.direction} call") + people + (f" to {to}" if to else "")


PLACES = {
    Place.NOWHERE: "",
    Place.PHONES: "phones ring for the caller",
    Place.QUEUE: "the caller is in a queue",
    Place.IVR: "the caller hears a menu",
    Place.VOICEMAIL: "the caller is sent to voicemail",
    Place.CLOSED: "the caller hears an announcement, or that it is closed",
}


def _heard(old: Known, new: Known) -> str:
    if new.talking_to:
        return f"the caller and {new.talking_to} hear each other"
    return f"the caller and {old.talking_to} do not hear each other any more"


def _left_queue(old: Known, new: Known) -> str:
    if new.queue_left == "left":
        return f"out of queue {new.queue}"
    return f"queue {new.queue} let the caller go: {new.queue_left}" if new.queue_left else ""


SAID = {
    SaidThere.NOTHING: "",
    SaidThere.KEY: "the customer pressed 1: he wants to talk",
    SaidThere.NO_KEY: "nobody pressed a key: a machine, or a wrong person",
    SaidThere.MACHINE: "an answering machine",
    SaidThere.NEVER: "the customer pressed 9: he does not want to be called again",
    SaidThere.AGENT: "an agent picked up first",
    SaidThere.AGENT_NO_KEY: "the agent did not press 1",
    SaidThere.RUNG: "the agent pressed 1: the customer is rung",
}

MEANINGS: dict[str, Callable[[Known, Known], str]] = {
    "beginning": lambda old, new: new.beginning,
    "place": lambda old, new: PLACES[new.place],
    "schedule": lambda old, new: "opening hours are looked up" if new.schedule else "",
    "stay": lambda old, new: f"waits in queue {new.queue}",
    "queue_left": _left_queue,
    "phones": lambda old, new: f"rings {', '.join(phone for phone in new.phones if phone not in old.phones)}",
    "dial_results": lambda old, new: f"ringing ended: {', '.join(sorted(new.dial_results - old.dial_results))}",
    "talking_to": _heard,
    "handed_over": lambda old, new: "transferred or parked: from here on the caller has to reach a person again",
    "hung_up": lambda old, new: "the caller hung up",
    "customer_up": lambda old, new: "the customer picked up",
    "said": lambda old, new: SAID[new.said],
    "message_left": lambda old, new: "a message was left" if new.message_left else "no message was left",
    "taken": lambda old, new: f"the caller took the offer: {new.taken}",
    "score": lambda old, new: f"the caller rated the talk: {new.score} of 5",
    "absorbed": lambda old, new: f"call {', '.join(sorted(new.absorbed - old.absorbed))} became part of this one",
}
"""By the field that changed, what it means; "" where it is nothing worth saying."""


def changes(old: Known, new: Known) -> tuple[str, ...]:
    """What changed between two moments, in words."""
    words = (mean(old, new) for name, mean in MEANINGS.items() if getattr(old, name) != getattr(new, name))
    return tuple(one for one in words if one)


VERDICTS = {
    Verdict.ANSWERED: "the caller and a person heard each other",
    Verdict.ABANDONED_QUEUE: "the caller hung up while waiting in a queue, and was heard by nobody",
    Verdict.ABANDONED_IVR: "the caller's last place was a menu, and no person heard him",
    Verdict.NO_ANSWER: "phones were tried, and none was answered",
    Verdict.BUSY: "the phones were busy",
    Verdict.FAILED: "no phone could be reached",
    Verdict.VOICEMAIL: "the call ended in voicemail",
    Verdict.CLOSED: "the call ended in an announcement, and no person heard the caller",
    Verdict.QUEUE_FULL: "the queue was full",
    Verdict.QUEUE_EMPTY: "nobody was in the queue to answer",
    Verdict.QUEUE_TIMEOUT: "the queue let the caller go before anybody answered",
    Verdict.LOST_IN_TRANSFER: "a person heard the caller, but nobody did after the transfer",
    Verdict.SHORT: "the caller gave up within pbx.short_s seconds",
    Verdict.DEFLECTED: "the caller took the offer of WhatsApp or a call back, and no person heard him",
    Verdict.UNKNOWN: "not enough of the call was seen to say what became of it",
}
"""The rule behind each verdict."""
