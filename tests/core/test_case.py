from __future__ import annotations

from ringback.call import Direction, Verdict
from ringback.callback import Callback
from ringback.command import ClearTimer, Record, Withdraw
from ringback.consent import Act
from ringback.fact import CallEnded, Delivery, NotDialled, PersonActed, Said, Timer, TimerFired
from ringback.journal import Event
from ringback.line import CallbackPlan
from ringback.record import Outcome, State
from tests.core.worlds import NOON, World, call, contacted, line


def ours(world: World, verdict: Verdict, **changes: object) -> CallEnded:
    attempt = world.dials[-1].attempt
    return CallEnded(call=call(verdict, at=world.now, linkedid=attempt, direction=Direction.OURS, **changes))


def ringing(**changes: object) -> World:
    world = contacted(**changes)
    world.taps("now")
    world.accept()
    world.fire(Timer.DUE)
    return world


def test_a_missed_caller_is_written_to_once_he_has_been_quiet() -> None:
    world = World()
    world.missed()
    assert (world.case.state, world.messages) == (State.WAITING, [])
    assert world.timer(Timer.QUIET) == NOON + 20
    world.fire(Timer.QUIET)
    assert world.case.state is State.CONTACTED
    (message,) = world.messages
    assert message.to == "+51987654321"
    assert message.body.kind == "template"
    assert message.body.params == ("Tienda Sol", "12:00")


def test_without_a_quiet_time_he_is_written_to_at_once() -> None:
    world = World(line=line(quiet_s=0))
    world.missed()
    assert len(world.messages) == 1


def test_a_second_miss_joins_the_case_and_starts_the_quiet_time_again() -> None:
    world = World()
    world.missed()
    first = world.timer(Timer.QUIET)
    world.now += 15
    world.missed()
    assert (world.case.misses, world.timer(Timer.QUIET)) == (2, NOON + 35)
    world.now = first
    world.tell(TimerFired(case=world.case.id, timer=Timer.QUIET, due=first))
    assert world.messages == []
    world.fire(Timer.QUIET)
    world.missed()
    assert (world.case.misses, len(world.messages)) == (3, 1)


def test_he_is_not_written_to_while_he_is_on_a_call() -> None:
    world = World(on_call=True)
    world.missed()
    world.fire(Timer.QUIET)
    assert world.messages == []
    world.on_call = False
    world.fire(Timer.QUIET)
    assert len(world.messages) == 1


def test_nothing_stale_goes_out() -> None:
    world = World()
    world.missed()
    world.now += 3 * 3600
    world.fire(Timer.QUIET)
    assert (world.messages, world.case.outcome) == ([], Outcome.EXPIRED)


def test_whoever_calls_again_and_talks_to_an_agent_is_left_in_peace() -> None:
    world = World()
    world.missed()
    world.fire(Timer.QUIET)
    world.now += 60
    commands = world.tell(CallEnded(call=call(Verdict.ANSWERED, at=world.now, agent="101", talk=30.0)))
    assert (world.case.state, world.case.outcome) == (State.CLOSED, Outcome.RETURNED)
    assert Withdraw(world.messages[0].id) in commands
    assert {c.timer for c in commands if isinstance(c, ClearTimer)} == set(Timer)


def test_a_conversation_before_the_miss_does_not_close_the_case() -> None:
    world = World()
    world.missed()
    world.tell(CallEnded(call=call(Verdict.ANSWERED, at=NOON - 100)))
    assert world.case.active


def test_call_me_now_rings_him_at_once_and_recovers_the_case() -> None:
    world = ringing()
    assert world.case.state is State.RINGING
    (dial,) = world.dials
    assert (dial.number, dial.attempt) == ("987654321", f"rb-{world.case.id}-1")
    world.now += 40
    world.tell(ours(world, Verdict.ANSWERED, agent="101", talk=35.0, customer_up=True))
    assert world.case.outcome is Outcome.CALLBACK
    assert world.messages[-1].body.kind == "menu"
    world.taps("rate_5")
    assert world.case.rating == 5
    assert world.events().count(Event.RATED) == 1


def test_a_double_tap_is_one_promise_and_one_call() -> None:
    world = contacted()
    first = world.messages[0]
    world.taps("now", first)
    said = len(world.messages)
    world.taps("now", first)
    world.fire(Timer.DUE)
    world.taps("now", first)
    assert (len(world.dials), len(world.messages)) == (1, said)


def test_later_promises_the_chosen_hour() -> None:
    world = contacted()
    world.taps("later")
    slots = world.messages[-1].body
    assert slots.kind == "menu"
    assert [row.title for row in slots.rows][:2] == ["Hoy 12:30", "Hoy 13:00"]
    world.taps(slots.rows[1].id.split("|")[3])
    assert world.case.callback == Callback(due=NOON + 3600, slot=NOON + 3600)
    assert "hoy a las 13:00" in world.messages[-1].body.model_dump()["text"]
    world.tell(TimerFired(case=world.case.id, timer=Timer.DUE, due=NOON))
    assert world.dials == []
    world.fire(Timer.DUE)
    assert len(world.dials) == 1


def test_an_hour_that_has_passed_is_asked_for_again() -> None:
    world = contacted()
    world.taps("later")
    slots = world.messages[-1]
    world.now += 5 * 3600
    world.taps("at." + str(int(NOON + 3600)), slots)
    assert world.case.callback is None
    assert world.messages[-1].body.kind == "menu"


def test_outside_the_hours_now_means_when_the_line_opens() -> None:
    world = contacted(hours={"mon": "14:00-18:00"})
    world.taps("now")
    assert world.timer(Timer.DUE) == NOON + 2 * 3600
    assert "hoy a las 14:00" in world.messages[-1].body.model_dump()["text"]


def test_he_is_not_rung_while_he_is_on_a_call() -> None:
    world = contacted()
    world.taps("now")
    world.on_call = True
    world.fire(Timer.DUE)
    assert (world.dials, world.case.state) == ([], State.PROMISED)
    world.on_call = False
    world.now += 40
    world.tell(TimerFired(case=world.case.id, timer=Timer.DUE, due=world.now))
    assert len(world.dials) == 1


def test_attempts_are_spaced_by_how_they_ended_and_then_he_is_told() -> None:
    world = ringing()
    world.tell(ours(world, Verdict.BUSY))
    assert world.timer(Timer.DUE) - world.now == 5 * 60
    world.fire(Timer.DUE)
    world.tell(ours(world, Verdict.NO_ANSWER))
    assert world.timer(Timer.DUE) - world.now == 30 * 60
    world.fire(Timer.DUE)
    world.tell(ours(world, Verdict.NO_ANSWER))
    assert [dial.attempt[-2:] for dial in world.dials] == ["-1", "-2", "-3"]
    assert (world.case.state, world.case.step) == (State.TALKING, "lost")
    world.fire(Timer.EXPIRY)
    assert world.case.outcome is Outcome.LOST


def test_a_customer_who_hung_up_waiting_for_the_agent_is_rung_again_soon() -> None:
    world = ringing()
    world.tell(ours(world, Verdict.ABANDONED_QUEUE, customer_up=True))
    assert world.timer(Timer.DUE) - world.now == 60


def test_an_attempt_nobody_heard_of_counts_as_tried_and_is_not_repeated() -> None:
    world = ringing()
    world.ringing = True
    world.fire(Timer.DOUBT)
    assert world.case.state is State.RINGING
    world.ringing = False
    world.fire(Timer.DOUBT)
    assert (world.case.state, len(world.dials)) == (State.PROMISED, 1)
    assert world.case.callback
    assert world.case.callback.tried == 1
    world.tell(ours(world, Verdict.ANSWERED, agent="101", talk=20.0, customer_up=True))
    assert world.case.outcome is Outcome.CALLBACK


def test_an_attempt_that_was_not_wanted_does_not_count() -> None:
    world = ringing()
    attempt = world.dials[-1].attempt
    world.tell(NotDialled(case=world.case.id, attempt=attempt, outcome="unwanted", why="on a call", at=world.now))
    assert world.case.callback == Callback(due=world.now + 30, tried=0)


def test_writing_leads_to_information_and_a_solved_case() -> None:
    world = contacted()
    world.taps("write")
    world.taps("info")
    assert "Av. Uno 123" in world.messages[-1].body.model_dump()["text"]
    world.taps("solved")
    assert world.case.outcome is Outcome.SOLVED
    assert world.messages[-1].body.kind == "menu"


def test_free_words_go_to_a_person_with_everything_known() -> None:
    world = contacted()
    world.taps("write")
    world.taps("person")
    world.says("¿Tienen la talla 42?")
    assert (world.case.state, world.case.intent) == (State.WITH_PERSON, "question")
    handover = next(entry for entry in world.journal if entry.event is Event.HANDED_OVER)
    assert handover.data["text"] == "¿Tienen la talla 42?"
    assert [line.who for line in world.case.transcript][-2:] == ["customer", "us"]
    messages = len(world.messages)
    world.says("y en negro")
    assert len(world.messages) == messages
    world.tell(PersonActed(nonce="1", case=world.case.id, act="reply", text="Sí, hay", at=world.now))
    assert world.messages[-1].body.model_dump()["text"] == "Sí, hay"
    world.tell(PersonActed(nonce="2", case=world.case.id, act="solve", who="Ana", at=world.now))
    assert world.case.outcome is Outcome.SOLVED


def test_no_thanks_closes_and_nothing_more_is_asked() -> None:
    world = contacted()
    world.taps("no")
    assert (world.case.outcome, world.case.step) == (Outcome.DECLINED, "")


def test_who_asks_to_stop_is_never_contacted_again() -> None:
    for word in ("BAJA", "stop", "Parar.", "sair"):
        world = contacted()
        commands = world.says(word)
        (record,) = [command for command in commands if isinstance(command, Record)]
        assert (record.key, record.consent.act, record.consent.brand) == ("51987654321", Act.WITHDRAWN, "Tienda Sol")
        assert (record.consent.text, record.consent.proof) == (word, "in1")
        assert world.case.outcome is Outcome.OPTED_OUT


def test_a_tap_on_a_closed_case_is_answered_politely_and_rings_nobody() -> None:
    world = contacted()
    first = world.messages[0]
    world.taps("no")
    world.taps("now", first)
    assert (world.case.state, world.dials) == (State.CLOSED, [])
    assert "cerrada" in world.messages[-1].body.model_dump()["text"]


def test_a_button_of_another_program_is_answered_with_our_question() -> None:
    world = contacted()
    asked = world.messages[0].body
    world.now += 23 * 3600
    world.tell(Said(wamid="in", wa_id="51987654321", text="Ver más", payload="promo_7", tapped=True, at=world.now))
    assert (world.case.state, world.messages[-1].body.kind) == (State.TALKING, asked.kind)
    assert world.messages[-1].not_after > world.now


def test_a_forged_payload_is_only_words() -> None:
    world = contacted()
    world.says("", f"rb1|{world.case.id}|first_contact|now|0000000000000000")
    assert (world.case.callback, world.case.state) == (None, State.WITH_PERSON)


def test_a_message_that_fails_for_another_reason_ends_the_case() -> None:
    world = contacted()
    message = world.messages[0].id
    world.tell(Delivery(wamid="w", message=message, status="failed", code=131049, why="not now", at=world.now))
    assert world.case.outcome is Outcome.UNREACHABLE


def test_one_attempt_is_enough_where_the_plan_says_so() -> None:
    world = ringing(callback=CallbackPlan(exten="ventas", attempts=1))
    world.tell(ours(world, Verdict.NO_ANSWER))
    assert world.case.state is State.TALKING
