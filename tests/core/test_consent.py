from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.command import Record
from ringback.consent import EVERY_BRAND, UNSAID, Act, Consent, Ruling, Way, asks_to_return, asks_to_stop, ruling
from ringback.fact import Delivery, Refused, Timer
from ringback.journal import Event
from ringback.phone import NoNumber
from ringback.policy import Memory, why_not
from ringback.record import Outcome, State
from tests.core.test_landline import LANDLINE
from tests.core.worlds import CUSTOMER, NOON, World, call, contacted, line

GIVEN, WITHDRAWN = Act.GIVEN, Act.WITHDRAWN


def word(act: Act, brand: str = "A", at: float = 1.0) -> Consent:
    return Consent(at=at, brand=brand, act=act, way=Way.MESSAGE)


@pytest.mark.parametrize(
    ("ledger", "a", "b"),
    [
        ([], None, None),
        ([word(GIVEN)], GIVEN, None),
        ([word(WITHDRAWN)], WITHDRAWN, WITHDRAWN),
        ([word(WITHDRAWN), word(GIVEN, at=2)], GIVEN, None),
        ([word(GIVEN, at=2), word(WITHDRAWN)], GIVEN, None),
        ([word(GIVEN), word(WITHDRAWN)], WITHDRAWN, WITHDRAWN),
        ([word(GIVEN, "B"), word(WITHDRAWN, at=2)], WITHDRAWN, GIVEN),
        ([word(WITHDRAWN), word(GIVEN, "B", at=2)], WITHDRAWN, GIVEN),
        ([word(GIVEN, "B"), word(WITHDRAWN, EVERY_BRAND, 2)], WITHDRAWN, WITHDRAWN),
        ([word(WITHDRAWN, EVERY_BRAND), word(GIVEN, "B", 2)], WITHDRAWN, GIVEN),
        ([word(WITHDRAWN), word(GIVEN, EVERY_BRAND, 2)], GIVEN, GIVEN),
    ],
)
def test_the_last_word_about_a_brand_counts_and_a_stop_reaches_brands_without_a_word(
    ledger: list[Consent], a: Act | None, b: Act | None
) -> None:
    assert (ruling(ledger, "A").act, ruling(ledger, "B").act) == (a, b)


words = st.builds(word, st.sampled_from(Act), st.sampled_from(["A", "B", EVERY_BRAND]), st.integers(0, 5).map(float))


@given(st.lists(words, max_size=8), st.sampled_from(["A", "B", "C"]))
def test_a_stop_of_now_stops_its_brand_whatever_was_said_before(ledger: list[Consent], brand: str) -> None:
    assert ruling([*ledger, word(WITHDRAWN, brand, 9)], brand) == Ruling(WITHDRAWN, 9)
    assert ruling([*ledger, word(WITHDRAWN, EVERY_BRAND, 9)], brand).stopped


@pytest.mark.parametrize(
    "text",
    [
        *("STOP", "stop.", " Stop ", "¡BAJA!", "Baja por favor", "baja, gracias", "PARAR", "Sair", "sair 🙏"),
        *("Cancelar", "CANCELAR SUSCRIPCIÓN", "cancelar inscrição", "No me escriban más", "ｓｔｏｐ", "st\u200bop"),
        *("NÃO ME ESCREVAM", "unsubscribe", "Dar de  baja", "please stop"),
    ],
)
def test_a_whole_message_that_asks_to_stop_is_understood(text: str) -> None:
    assert asks_to_stop(text)
    assert not asks_to_return(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "no paren de llamar al 101", "quiero cancelar mi cita", "la baja médica llegó", "stop by tomorrow"),
        *("puedo parar el auto ahí?", "¿a qué hora puedo salir?", "bajar", "gracias", "por favor", "x" * 5000),
    ],
)
def test_the_same_words_inside_a_sentence_are_not(text: str) -> None:
    assert not asks_to_stop(text)


@pytest.mark.parametrize("text", ["START", "Alta", "alta por favor", "voltar", "Volver."])
def test_a_stop_can_be_taken_back(text: str) -> None:
    assert asks_to_return(text)


def records(world: World) -> list[Consent]:
    return [command.consent for command in world.commands if isinstance(command, Record)]


def said(world: World) -> str:
    return str(world.messages[-1].body.model_dump()["text"])


def test_he_is_told_once_how_to_come_back() -> None:
    world = contacted()
    world.says("BAJA")
    assert "ALTA" in said(world)
    told = len(world.messages)
    world.stopped = True
    world.says("STOP")
    assert len(world.messages) == told, "two machines would go on for ever"
    assert [record.act for record in records(world)] == [WITHDRAWN, WITHDRAWN]


def test_a_stop_takes_back_what_waits_and_ends_the_case() -> None:
    world = contacted()
    world.taps("later")
    pending = world.case.pending
    world.says("Sair")
    assert (world.case.state, world.case.outcome) == (State.CLOSED, Outcome.OPTED_OUT)
    assert pending
    assert {message.id for message in world.messages[:-1]} >= set(pending)


def test_a_button_stops_too_also_after_the_case_is_closed() -> None:
    world = contacted()
    world.taps("no")
    world.taps("stop")
    (record,) = records(world)
    assert (record.act, record.way, record.customer) == (WITHDRAWN, Way.MESSAGE, "+51987654321")
    assert world.case.outcome is Outcome.DECLINED
    assert "ALTA" in said(world)


def test_who_stopped_us_comes_back_with_a_word_of_his_own() -> None:
    world = contacted()
    world.stopped = True
    world.says("Alta")
    assert [record.act for record in records(world)] == [GIVEN]
    assert Event.OPTED_IN in world.events()
    assert (world.case.state, "puede volver a escribirle" in said(world)) == (State.TALKING, True)


def test_for_who_never_stopped_us_alta_is_only_a_word() -> None:
    world = contacted()
    world.says("alta")
    assert records(world) == []
    assert world.case.state is State.WITH_PERSON


def test_a_button_that_is_called_like_a_stop_word_is_a_button() -> None:
    world = contacted()
    flow = world.context.flow
    step = flow.steps["first_contact"]
    off = step.options[3].model_copy(update={"title": step.options[3].title.model_copy(update={"es": "Cancelar"})})
    changed = step.model_copy(update={"options": (*step.options[:3], off)})
    world.flow = flow.model_copy(update={"steps": flow.steps | {"first_contact": changed}})
    world.says("Cancelar")
    assert records(world) == []
    assert world.case.outcome is Outcome.DECLINED


@pytest.mark.parametrize("told", ["status", "answer"])
def test_who_stops_us_in_whatsapp_itself_has_stopped_every_brand(told: str) -> None:
    world = contacted()
    message, case = world.messages[0].id, world.case.id
    why = "User has stopped receiving marketing messages"
    if told == "status":
        world.tell(Delivery(wamid="w", message=message, status="failed", code=131050, why=why, at=NOON))
    else:
        world.tell(Refused(case=case, message=message, scope="recipient", code=131050, why=why, at=NOON))
    (record,) = records(world)
    assert (record.brand, record.act, record.way, record.proof) == (EVERY_BRAND, WITHDRAWN, Way.WHATSAPP, "131050")
    assert world.case.outcome is Outcome.OPTED_OUT


def test_a_line_may_require_consent() -> None:
    strict = line(require_consent=True)
    agreed, stopped = Memory(Ruling(GIVEN)), Memory(Ruling(WITHDRAWN))
    assert why_not(call(), strict, CUSTOMER, Memory(UNSAID), NOON) == "has not agreed to be written to"
    assert why_not(call(), strict, LANDLINE, Memory(UNSAID), NOON) == "", "nobody writes to him"
    assert why_not(call(), strict, CUSTOMER, agreed, NOON) == ""
    assert why_not(call(), line(), CUSTOMER, Memory(UNSAID), NOON) == "", "a legitimate follow-up"
    for each in (strict, line()):
        assert why_not(call(), each, CUSTOMER, stopped, NOON) == "asked not to be contacted"
        assert why_not(call(), each, LANDLINE, stopped, NOON) == "asked not to be contacted"
    assert why_not(call(), strict, NoNumber.ANONYMOUS, Memory(), NOON) == "no number to write to: anonymous"


def test_a_call_back_he_asked_for_after_his_stop_is_made() -> None:
    stop = Ruling(WITHDRAWN, since=100.0)
    assert stop.forbids(asked=0)
    assert stop.forbids(asked=100.0), "his stop itself is the last he said"
    assert not stop.forbids(asked=101.0)
    assert not UNSAID.forbids(asked=0)


def test_a_quiet_time_survives_consent() -> None:
    world = World()
    world.missed()
    world.fire(Timer.QUIET)
    assert world.messages[0].brand == "Tienda Sol"
