"""What a customer's answer does to his case."""

from __future__ import annotations

from collections.abc import Callable

from ringback import survey
from ringback.command import Reach
from ringback.consent import Act, Consent, Way, asks_to_return, asks_to_stop
from ringback.fact import Said
from ringback.flow import Choice
from ringback.journal import Event
from ringback.moves import promise
from ringback.payload import Tap
from ringback.record import CALLED, LINE_LENGTH, Outcome, State
from ringback.settled import says_settled
from ringback.slots import slot_at
from ringback.step import Does
from ringback.turn import Turn


def answered(turn: Turn, fact: Said) -> None:
    """He tapped a button of ours, whichever step it belongs to, or wrote."""
    signed = turn.context.read(fact.payload)
    tap = signed or Tap(turn.case.id, turn.case.step, "")
    _remember(turn, fact)
    choice = turn.context.flow.take(tap.step, tap.option, fact.text)
    if not choice.option and _about_consent(turn, fact):
        return
    if turn.case.active:
        turn.linger(turn.context.now)
    turn.note(
        Event.SAID, text=fact.text, option=tap.option, intent=choice.intent, urgency=choice.urgency, said_at=fact.at
    )
    if turn.case.state is State.CLOSED:
        _after_the_end(turn, choice, fact)
        return
    if fact.tapped and signed is None and not choice.option and turn.case.step:
        _again(turn)
        return
    if not choice.option and turn.case.state in CALLED and says_settled(fact.text):
        _call_off(turn)
        return
    turn.change(intent=choice.intent or turn.case.intent, urgency=choice.urgency or turn.case.urgency)
    _DOES[choice.does](turn, choice, fact)


def _again(turn: Turn) -> None:
    """He tapped a button that is none of ours: he is asked again, by now in a conversation that he began."""
    if turn.case.state in {State.WAITING, State.CONTACTED}:
        turn.change(state=State.TALKING)
    turn.say(turn.case.step, until=turn.context.now + turn.context.line.stale_h * 3600)


def _remember(turn: Turn, fact: Said) -> None:
    case = turn.case
    turn.change(
        asked=max(case.asked, fact.at),
        name=fact.name or case.name,
        wa_id=fact.wa_id or case.wa_id,
        user_id=fact.user_id or case.user_id,
    )
    turn.case = turn.case.heard(fact.at, "customer", fact.text)
    if turn.context.no_whatsapp:
        turn.commands.append(Reach(case.key, whatsapp=True))


def _about_consent(turn: Turn, fact: Said) -> bool:
    """Whether his words stop us or take a stop back; an option of ours that is called so is not meant."""
    if asks_to_stop(fact.text):
        _stop(turn, fact)
    elif turn.context.stopped and asks_to_return(fact.text):
        turn.record(_word(turn, Act.GIVEN, fact))
        if turn.case.state in {State.WAITING, State.CONTACTED}:
            turn.change(state=State.TALKING)
        turn.say(turn.context.flow.back)
    else:
        return False
    return True


def _stop(turn: Turn, fact: Said) -> None:
    """He is told once how to come back; a machine that goes on saying stop is not answered."""
    again = turn.context.stopped
    turn.record(_word(turn, Act.WITHDRAWN, fact))
    if turn.case.active:
        turn.close(Outcome.OPTED_OUT)
    if not again:
        turn.say(turn.context.flow.stopped)
        turn.change(step="")


def _word(turn: Turn, act: Act, fact: Said) -> Consent:
    case, brand = turn.case, turn.context.line.brand
    text = fact.text[:LINE_LENGTH]
    return Consent(
        at=fact.at, brand=brand, act=act, way=Way.MESSAGE, proof=fact.wamid[:256], text=text, customer=case.customer
    )


def _after_the_end(turn: Turn, choice: Choice, fact: Said) -> None:
    """An old button gets its answer once, however often it is tapped."""
    if choice.does in {Does.RATE, Does.STOP}:
        _DOES[choice.does](turn, choice, fact)
    elif choice.option not in turn.case.told_over:
        turn.change(told_over=(*turn.case.told_over, choice.option))
        turn.say(turn.context.flow.over)


def _nothing(turn: Turn, choice: Choice, fact: Said) -> None:
    """Only the next step. A list of hours without an hour in it would be none: a person sees to it then."""
    flow = turn.context.flow
    if choice.goto and flow.steps[choice.goto].say == "slots" and not turn.slots(1):
        _handover(turn, choice.model_copy(update={"goto": flow.anything}), fact)
        return
    if turn.case.state in {State.WAITING, State.CONTACTED}:
        turn.change(state=State.TALKING)
    turn.say(choice.goto)


def _without_number(turn: Turn, choice: Choice, fact: Said) -> None:
    """He hides his number, so nobody can ring him: a person asks for it."""
    _handover(turn, choice.model_copy(update={"goto": turn.context.flow.anything}), fact)


def _call_now(turn: Turn, choice: Choice, fact: Said) -> None:
    """A second tap while it is due or ringing changes nothing."""
    callback = turn.case.callback
    if turn.case.state is State.RINGING:
        return
    if not turn.case.dial:
        _without_number(turn, choice, fact)
        return
    if turn.case.state is State.PROMISED and callback and callback.due <= turn.context.now:
        return
    promise(turn, turn.context.now)
    turn.say(choice.goto)


def _call_at(turn: Turn, choice: Choice, fact: Said) -> None:
    """The slot he chose, if it is still to come and has room; else he is asked again."""
    if turn.case.state is State.RINGING:
        return
    if not turn.case.dial:
        _without_number(turn, choice, fact)
        return
    line = turn.context.line
    slot = slot_at(line, turn.taken, choice.slot)
    if slot is None or slot.begins <= turn.context.now or not slot.left:
        _nothing(turn, choice.model_copy(update={"goto": turn.context.flow.full or turn.case.step}), fact)
        return
    promise(turn, choice.slot)
    turn.say(choice.goto)


def _call_off(turn: Turn) -> None:
    """He says in his own words that he needs no call any more."""
    turn.close(Outcome.DECLINED)
    turn.say(turn.context.flow.called_off)
    turn.change(step="")


def _decline(turn: Turn, choice: Choice, _: Said) -> None:
    turn.close(Outcome.DECLINED)
    turn.say(choice.goto)
    turn.change(step="")


def _handover(turn: Turn, choice: Choice, fact: Said) -> None:
    """To a person. What was promised stays promised; what a person has already needs no second notice."""
    case = turn.case
    if case.state is State.WITH_PERSON:
        return
    turn.note(Event.HANDED_OVER, text=fact.text, intent=case.intent, urgency=case.urgency, misses=case.misses)
    turn.change(handed_over=True)
    if case.state not in CALLED:
        turn.change(state=State.WITH_PERSON)
    turn.say(choice.goto)


def _solve(turn: Turn, choice: Choice, _: Said) -> None:
    turn.close(Outcome.SOLVED, how="whatsapp")
    if choice.goto and choice.goto != turn.context.flow.survey:
        turn.say(choice.goto)
    else:
        survey.ask(turn)


def _rate(turn: Turn, choice: Choice, _: Said) -> None:
    """The last digit of the option is the rating; another tap corrects it, the same again changes nothing."""
    rating = int(choice.option[-1]) if choice.option[-1:].isdigit() else 0
    if 1 <= rating <= 5 and rating != turn.case.rating:  # the scale of the survey
        turn.change(rating=rating)
        turn.note(Event.RATED, rating=rating)
        turn.say(choice.goto)


def _stop_tapped(turn: Turn, _: Choice, fact: Said) -> None:
    _stop(turn, fact)


_DOES: dict[Does, Callable[[Turn, Choice, Said], None]] = {
    Does.NOTHING: _nothing,
    Does.CALL_NOW: _call_now,
    Does.CALL_AT: _call_at,
    Does.CALL_OFF: _decline,
    Does.DECLINE: _decline,
    Does.HANDOVER: _handover,
    Does.SOLVE: _solve,
    Does.RATE: _rate,
    Does.STOP: _stop_tapped,
}
