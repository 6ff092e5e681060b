"""How the customer is asked what he thought of it, once, after his case ended well."""

from __future__ import annotations

from ringback.call import Call, Direction
from ringback.journal import Event
from ringback.line import line_of
from ringback.turn import Turn


def rated(turn: Turn, call: Call) -> bool:
    """Whether he answered the survey after the talk by a key: that is his rating, and he is not asked again."""
    if not call.score or not _concerns(turn, call):
        return False
    turn.change(rating=call.score)
    turn.note(Event.RATED, rating=call.score)
    return True


def ask(turn: Turn, call: Call | None = None) -> None:
    """Ask him for a rating: with free words within 24 hours of his last ones; after that by a template, where the line
    says so and he agreed to be contacted. A case asks once, and never who asked not to be contacted. `call` is the
    conversation, where it was no call back of this case."""
    plan, flow, case = turn.context.line.survey, turn.context.flow, turn.case
    if not plan.ask or case.survey or case.unwritable or turn.context.stopped:
        return
    if call and not _concerns(turn, call):
        return
    before = case.pending
    if turn.window_open:
        turn.say(flow.survey)
    elif plan.template and turn.context.agreed:
        turn.say(flow.survey_template, until=turn.context.now + turn.context.line.stale_h * 3600)
    turn.change(survey="".join(message for message in turn.case.pending if message not in before))


def _concerns(turn: Turn, call: Call) -> bool:
    """Whether a conversation was about this case: who has cases with two lines is asked by the line he called."""
    inbound = call.direction is Direction.INBOUND
    return not inbound or line_of((turn.context.line,), call.did, (*call.queues, call.queue)) is not None
