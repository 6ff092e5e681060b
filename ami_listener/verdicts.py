"""From everything that was seen of a call to its verdict. Pure."""

from __future__ import annotations

from ami_listener.calls import LiveCall, Place, Stay
from ami_listener.settings import PbxSettings
from ringback.call import DECLINED, NOBODYS, Call, Direction, Verdict

QUEUE_STATUS = {
    "TIMEOUT": Verdict.QUEUE_TIMEOUT,
    "FULL": Verdict.QUEUE_FULL,
    "JOINEMPTY": Verdict.QUEUE_EMPTY,
    "LEAVEEMPTY": Verdict.QUEUE_EMPTY,
    "JOINUNAVAIL": Verdict.QUEUE_EMPTY,
    "LEAVEUNAVAIL": Verdict.QUEUE_EMPTY,
}
"""What Asterisk's Queue() leaves in QUEUESTATUS when it lets a caller go without an agent."""

RINGING_ENDED = frozenset({"NOANSWER", "CANCEL", "ABORT", "FORWARD", "ANSWER", DECLINED})
"""DialEnd results of a phone that rang and through which nobody was talked to, though one was picked up."""

ABANDONED = frozenset({Verdict.ABANDONED_QUEUE, Verdict.ABANDONED_IVR, Verdict.NO_ANSWER})
"""Verdicts that become "short" when the caller himself gave up within seconds."""

HANGUP_HANDLERS_S = 3.0
"""A CEL writes HANGUP only after the hang-up handlers ran; FreePBX's take up to a second or two."""

PLACES = {
    Place.IVR: Verdict.ABANDONED_IVR,
    Place.VOICEMAIL: Verdict.VOICEMAIL,
    Place.CLOSED: Verdict.CLOSED,
}

MESSAGE = {True: "message left", False: "no message", None: ""}


def judge(call: LiveCall, settings: PbxSettings, ended: float) -> Call:
    """The finished call; `ended` is when its last channel hung up, in seconds since the epoch."""
    call.end_wait(ended)
    verdict, reason = _verdict(call, settings, ended)
    queues = tuple(dict.fromkeys(stay.queue for stay in call.stays))
    return Call(
        pbx=settings.name,
        linkedid=call.linkedid,
        direction=call.direction,
        verdict=verdict,
        caller=call.caller,
        caller_name=call.caller_name,
        did=call.did,
        dialled=call.dialled,
        queue=queues[-1] if queues else "",
        agent=call.agent if call.talk.reached(settings.answered_after_s) else "",
        started=call.started,
        ended=ended,
        wait=round(call.waited, 3),
        talk=round(call.talk.total, 3),
        queues=queues,
        phones=tuple(call.phones),
        reason=reason,
        customer_up=call.customer_up,
        said=call.said,
        score=call.score,
    )


def _verdict(call: LiveCall, settings: PbxSettings, ended: float) -> tuple[Verdict, str]:
    """The verdict and the detail behind it."""
    if call.talk.reached(settings.answered_after_s):
        lost = call.handed_over is not None and not call.handed_over.reached(settings.answered_after_s)
        return (Verdict.LOST_IN_TRANSFER, call.place.name.lower()) if lost else (Verdict.ANSWERED, "")
    if call.taken:
        return Verdict.DEFLECTED, call.taken
    if not call.complete:
        return Verdict.UNKNOWN, "its beginning or its end was not seen"
    if call.direction is Direction.OURS:
        return _ours(call)
    verdict, reason = _unanswered(call)
    gave_up = call.direction is Direction.INBOUND and call.hung_up is not None
    if verdict in ABANDONED and gave_up and ended - call.started < settings.short_s:
        return Verdict.SHORT, verdict.value
    return verdict, reason


def _unanswered(call: LiveCall) -> tuple[Verdict, str]:
    if call.place is Place.QUEUE and call.stays:
        return _queue(call, call.stays[-1])
    if call.place is Place.VOICEMAIL:
        return Verdict.VOICEMAIL, MESSAGE[call.message_left]
    if call.place in PLACES:
        return PLACES[call.place], call.menu
    return _phones(call), " ".join(sorted(call.dial_results))


def _queue(call: LiveCall, stay: Stay) -> tuple[Verdict, str]:
    """Why a caller left his last queue. CEL tells no QUEUESTATUS: there the hang-up's source and time decide."""
    if stay.status in QUEUE_STATUS:
        return QUEUE_STATUS[stay.status], stay.status
    if call.talk.heard and call.hung_up is None:
        return Verdict.NO_ANSWER, f"{call.agent} hung up at once"
    waited_on = stay.left is not None and call.hung_up is not None and call.hung_up - stay.left > HANGUP_HANDLERS_S
    if call.hung_up is None or waited_on:
        return Verdict.QUEUE_TIMEOUT, stay.status
    return Verdict.ABANDONED_QUEUE, stay.queue


def _phones(call: LiveCall) -> Verdict:
    if NOBODYS in call.dial_results:
        return Verdict.FAILED
    if call.dial_results & RINGING_ENDED or not call.dial_results:
        return Verdict.NO_ANSWER
    if "BUSY" in call.dial_results:
        return Verdict.BUSY
    unreachable = call.direction is Direction.INBOUND and "CONGESTION" not in call.dial_results
    return Verdict.NO_ANSWER if unreachable else Verdict.FAILED


def _ours(call: LiveCall) -> tuple[Verdict, str]:
    """A call back that joined nobody: the customer's phone did not answer, or he left before an agent did."""
    if call.customer_up:
        known = call.stays and call.stays[-1].status in QUEUE_STATUS
        return _queue(call, call.stays[-1]) if known else (Verdict.ABANDONED_QUEUE, "")
    reason = " ".join(sorted(call.dial_results))
    if not call.legs and not call.dial_results:
        return Verdict.FAILED, "no channel to the customer"
    return _phones(call), reason
