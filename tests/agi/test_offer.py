"""Conversations: what is played, what is pressed, what is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agi import voice
from agi.choice import Choice
from agi.menu import Entered, LineMenu, Menu, Numbers, hashed
from agi.offer import House, run
from agi.session import Session
from agi.spool import Spool
from tests.agi.peer import Caller, played_by

NOW = 1_763_985_600.0  # Monday 24 November 2025, 07:00 in Lima
SLOTS = (NOW + 3600, NOW + 5400, NOW + 7200, NOW + 9000)
LINE = LineMenu(
    name="ventas",
    language="es",
    timezone="America/Lima",
    region="PE",
    dids=("5550100",),
    queues=("ventas",),
    messaging=((NOW - 100, NOW + 100),),
    calling=((NOW + 3600, NOW + 36000),),
    slots=SLOTS,
    numbers=Numbers(prefixes=("", "0", "51"), mobile=r"9\d{8}", any=r"(?:9\d{8})|(?:1\d{7})"),
    texts={"whatsapp": "Marque uno.", "callback": "Marque dos."},
)
OWN = [*(f"digit-{one}" for one in "987"), "pause", *(f"digit-{one}" for one in "654"), "pause"]
OWN += [f"digit-{one}" for one in "321"]


def talk(
    folder: Path, caller: Caller, line: LineMenu = LINE, promised: float | None = None, **greeting: str
) -> tuple[Choice, list[dict[str, Any]]]:
    """One conversation; what came of it, and the facts that it left. `promised`: for when he is promised a call."""
    menu = Menu(pbx="pbx1", lines=(line,), salt="s", stopped={"ventas": (hashed("s", "+51999888777"),)})
    connection, thread = played_by(caller, greeting)
    with connection, connection.makefile("rw", encoding="utf-8", newline="\n") as stream:
        house = House(menu, Spool(folder), clock=lambda: NOW, promised=lambda *_: promised)
        choice = run(Session(stream, stream), house)
    thread.join(5)
    unknown = set(caller.played) - set(voice.texts(line.language)) - {"brand-ventas", "pause"}
    assert not unknown, "sounds that no prompt file names"
    assert not list(folder.glob("*.held")), "what is complete is not held any more"
    return choice, [json.loads(path.read_text()) for path in sorted(folder.glob("*.fact"))]


def test_whatsapp_with_his_own_number(tmp_path: Path) -> None:
    caller = Caller([("offer-whatsapp", "1"), ("confirm-number", "1")], told={"RINGBACK_WAIT": "120"})
    choice, facts = talk(tmp_path, caller)
    assert choice is Choice.WHATSAPP
    greeting = ["welcome", "brand-ventas", "wait", "number-2", "minutes", "offer-whatsapp"]
    assert caller.played == [*greeting, "your-number", *OWN, "confirm-number", "bye-whatsapp"]
    assert caller.variables == {"RINGBACK_OFFER": "whatsapp"}
    assert 'EXEC UserEvent "RingbackOffer,Choice: whatsapp,Key: 1"' in caller.commands
    assert facts == [
        {
            "kind": "offered",
            "pbx": "pbx1",
            "linkedid": "1763860000.7",
            "line": "ventas",
            "choice": "whatsapp",
            "key": "1",
            "caller": "987654321",
            "number": "",
            "slot": 0.0,
            "at": NOW,
            "text": "Marque uno.",
        }
    ]


def test_a_slot_is_chosen(tmp_path: Path) -> None:
    caller = Caller([("offer-stay", "2"), ("wait", "#"), ("wait", "3")])
    choice, facts = talk(tmp_path, caller)
    assert choice is Choice.CALLBACK
    assert facts[0]["slot"] == SLOTS[1]
    times = caller.played[caller.played.index("choose-time") :]
    assert times[:5] == ["choose-time", "press-1", "as-soon-as-possible", "press-2", "for"]
    assert times[5:9] == ["today", "hour-8", "in-the-morning", "press-3"]
    assert times[-5:] == ["bye-callback-at", "today", "hour-8", "minute-30", "in-the-morning"] or times[-1] == "bye"


@pytest.mark.parametrize("keys", ["1", "*", "1#"])
def test_early_digits_answer_the_question_they_are_for(tmp_path: Path, keys: str) -> None:
    caller = Caller([("welcome", f"2{keys}1")] if keys != "*" else [("welcome", "211")])
    choice, facts = talk(tmp_path, caller)
    assert choice is Choice.CALLBACK
    assert facts[0]["slot"] == 0.0
    assert "offer-whatsapp" not in caller.played


def test_silence_stays_on_the_line_at_once(tmp_path: Path) -> None:
    caller = Caller([])
    choice, facts = talk(tmp_path, caller)
    assert (choice, facts[0]["choice"], facts[0]["key"]) == (Choice.IGNORED, "ignored", "")
    assert caller.played[-2:] == ["offer-stay", "back-to-queue"]
    assert caller.variables == {"RINGBACK_OFFER": "ignored"}
    assert not any("UserEvent" in command for command in caller.commands)


def test_the_hash_key_stays_on_the_line(tmp_path: Path) -> None:
    choice, facts = talk(tmp_path, Caller([("offer-callback", "#")]))
    assert (choice, facts[0]["key"]) == (Choice.REFUSED, "#")


def test_three_wrong_keys_stay_on_the_line(tmp_path: Path) -> None:
    caller = Caller([("offer-stay", "7"), ("offer-stay", "8"), ("offer-stay", "9")])
    choice, _ = talk(tmp_path, caller)
    assert choice is Choice.IGNORED
    assert caller.played.count("wrong-key") == 3
    assert caller.played.count("welcome") == 1


def test_a_right_key_after_wrong_ones(tmp_path: Path) -> None:
    assert talk(tmp_path, Caller([("offer-stay", "7"), ("wrong-key", "1")]))[0] is Choice.WHATSAPP


def test_silence_at_his_number_confirms_it(tmp_path: Path) -> None:
    caller = Caller([("offer-whatsapp", "1")])
    choice, facts = talk(tmp_path, caller)
    assert (choice, facts[0]["number"]) == (Choice.WHATSAPP, "")
    assert caller.played.count("not-heard") == 2


def test_another_number_with_a_correction(tmp_path: Path) -> None:
    keys = [("offer-whatsapp", "1"), ("confirm-number", "2"), ("enter-number", "98*912345678#"), ("number-heard", "1")]
    choice, facts = talk(tmp_path, Caller(keys))
    assert (choice, facts[0]["number"]) == (Choice.WHATSAPP, "912345678")


def test_the_wrong_number_is_entered_anew(tmp_path: Path) -> None:
    keys = [("offer-whatsapp", "1"), ("confirm-number", "2"), ("enter-number", "12#"), ("wrong-number", "912345678#")]
    caller = Caller([*keys, ("number-heard", "2"), ("enter-number", "987000111#"), ("confirm-number", "#")])
    assert talk(tmp_path, caller)[1][0]["number"] == "987000111"


def test_a_landline_cannot_have_whatsapp(tmp_path: Path) -> None:
    keys = [("offer-whatsapp", "1"), ("enter-number", "912345678#"), ("number-heard", "1")]
    caller = Caller(keys)
    assert talk(tmp_path, caller, agi_callerid="014445566")[1][0]["number"] == "912345678"
    assert "mobile-needed" in caller.played


@pytest.mark.parametrize("number", ["unknown", "anonymous", "", "+51999888777", "'; DROP", "1" * 400])
def test_who_cannot_be_reached_may_enter_a_number(tmp_path: Path, number: str) -> None:
    caller = Caller([("offer-callback", "2"), ("enter-number", "912345678#"), ("number-heard", "1")])
    choice, facts = talk(tmp_path, caller, agi_callerid=number)
    assert (choice, facts[0]["number"]) == (Choice.CALLBACK, "912345678")
    assert "your-number" not in caller.played


def test_who_gives_no_number_stays_on_the_line(tmp_path: Path) -> None:
    caller = Caller([("offer-callback", "2")])
    choice, facts = talk(tmp_path, caller, agi_callerid="unknown")
    assert (choice, facts[0]["choice"], facts[0]["key"]) == (Choice.REFUSED, "refused", "2")
    assert caller.played[-1] == "sorry"


def test_only_what_is_open_is_offered(tmp_path: Path) -> None:
    night = replace(LINE, messaging=())
    caller = Caller([("offer-callback", "1"), ("wrong-key", "2")])
    assert talk(tmp_path, caller, night)[0] is Choice.CALLBACK
    assert "offer-whatsapp" not in caller.played


@pytest.mark.parametrize(
    ("line", "told", "missing"),
    [
        (replace(LINE, messaging=(), calling=()), {}, ()),
        (LINE, {"RINGBACK_LINE": "other"}, ()),
        (replace(LINE, dids=(), queues=()), {}, ()),
        (LINE, {}, ("welcome",)),
    ],
)
def test_nothing_is_said_where_nothing_can_be_offered(
    tmp_path: Path, line: LineMenu, told: dict[str, str], missing: tuple[str, ...]
) -> None:
    caller = Caller([], told=told, missing=frozenset(missing))
    assert talk(tmp_path, caller, line) == (Choice.NONE, [])
    assert caller.played == []
    assert caller.variables == {"RINGBACK_OFFER": "none"}


def test_a_brand_that_was_not_rendered(tmp_path: Path) -> None:
    caller = Caller([], missing=frozenset({"brand-ventas"}))
    talk(tmp_path, caller)
    assert caller.played[:2] == ["welcome", "default-brand"]


@pytest.mark.parametrize(
    "sound", ["offer-callback", "your-number", "confirm-number", "choose-time", "press-2", "bye-callback-soon"]
)
def test_hanging_up_after_the_key_counts(tmp_path: Path, sound: str) -> None:
    """The own number and "as soon as possible" stand until something else is chosen."""
    early = {"your-number": "2", "confirm-number": "2", "offer-callback": "2!"}.get(sound, "21")
    caller = Caller([("welcome", "21" if sound == "bye-callback-soon" else early), (sound, "!")])
    if sound == "bye-callback-soon":
        caller.does.insert(1, ("choose-time", "1"))
    if sound == "offer-callback":
        caller.does = [("offer-callback", "2!")]
    _, facts = talk(tmp_path, caller)
    assert [(fact["choice"], fact["number"], fact["slot"]) for fact in facts] == [("callback", "", 0.0)]


@pytest.mark.parametrize("sound", ["brand-ventas", "offer-whatsapp", "offer-stay", "wait"])
def test_hanging_up_before_any_key_is_no_choice(tmp_path: Path, sound: str) -> None:
    _, facts = talk(tmp_path, Caller([(sound, "!")]))
    assert [(fact["choice"], fact["key"]) for fact in facts] == [("ignored", "")]


def test_a_chosen_key_is_held_while_he_talks(tmp_path: Path) -> None:
    """The process may die before the end: what is held then is picked up."""
    seen: list[list[Path]] = []

    class Watching(Caller):
        def answer(self, command: str) -> str:
            seen.append(sorted(tmp_path.glob("*.held")))
            return super().answer(command)

    talk(tmp_path, Watching([("offer-whatsapp", "1"), ("confirm-number", "1")]))
    (held,) = {path for paths in seen for path in paths}
    assert held.suffix == ".held"


def test_the_number_is_read_by_whoever_the_house_says(tmp_path: Path) -> None:
    menu = Menu(pbx="pbx1", lines=(LINE,))
    caller = Caller([("welcome", "2"), ("not-allowed", "912345678#1")])
    connection, thread = played_by(caller)
    with connection, connection.makefile("rw", encoding="utf-8", newline="\n") as stream:
        house = House(menu, Spool(tmp_path), lambda line, text: Entered(text, rings=text != "987654321"), lambda: NOW)
        assert run(Session(stream, stream), house) is Choice.CALLBACK
    thread.join(5)
    assert "not-allowed" in caller.played


PROMISED = ["welcome", "brand-ventas", "already-promised"]
PROMISED_AT = [*PROMISED, "promised-for", "today", "hour-8", "in-the-morning", "move-promise", "cancel-promise"]


def test_who_is_promised_a_call_hears_when_and_silence_changes_nothing(tmp_path: Path) -> None:
    caller = Caller([])
    choice, (fact,) = talk(tmp_path, caller, promised=SLOTS[0])
    assert caller.played == [*PROMISED_AT, "offer-stay", "back-to-queue"]
    assert (choice, fact["choice"], fact["slot"]) == (Choice.IGNORED, "ignored", 0)


def test_one_who_waits_for_his_call_is_told_no_time(tmp_path: Path) -> None:
    caller = Caller([("offer-stay", "#")])
    choice, _ = talk(tmp_path, caller, promised=NOW - 60)
    assert caller.played == [*PROMISED, "move-promise", "cancel-promise", "offer-stay", "back-to-queue"]
    assert choice is Choice.REFUSED


@pytest.mark.parametrize(("key", "slot"), [("1", 0.0), ("2", SLOTS[0]), ("4", SLOTS[2])])
def test_he_takes_another_time_without_giving_his_number_again(tmp_path: Path, key: str, slot: float) -> None:
    caller = Caller([("move-promise", "2"), ("choose-time", key)])
    choice, (fact,) = talk(tmp_path, caller, promised=SLOTS[3])
    assert (choice, fact["choice"], fact["slot"], fact["number"]) == (Choice.CALLBACK, "callback", slot, "")
    assert "your-number" not in caller.played


@pytest.mark.parametrize("does", [[], [("choose-time", "!")], [("choose-time", "9")]])
def test_who_wants_another_time_and_names_none_keeps_the_one_he_has(
    tmp_path: Path, does: list[tuple[str, str]]
) -> None:
    _, (fact,) = talk(tmp_path, Caller([("move-promise", "2"), *does]), promised=SLOTS[0])
    assert fact["choice"] == "ignored"


def test_he_calls_it_off(tmp_path: Path) -> None:
    caller = Caller([("cancel-promise", "3")])
    choice, (fact,) = talk(tmp_path, caller, promised=SLOTS[0])
    assert caller.played == [*PROMISED_AT, "bye-cancelled"]
    assert (choice, fact["choice"], fact["key"]) == (Choice.CANCELLED, "cancelled", "3")
    assert 'EXEC UserEvent "RingbackOffer,Choice: cancelled,Key: 3"' in caller.commands


def test_a_key_of_the_offer_that_he_knows_by_heart_takes_nothing(tmp_path: Path) -> None:
    caller = Caller([("welcome", "1")])
    choice, (fact,) = talk(tmp_path, caller, promised=SLOTS[0])
    assert caller.played[:2] == ["welcome", "wrong-key"]
    assert (choice, fact["choice"]) == (Choice.IGNORED, "ignored")


def test_while_nobody_rings_he_can_only_call_it_off(tmp_path: Path) -> None:
    caller = Caller([])
    talk(tmp_path, caller, replace(LINE, calling=()), promised=SLOTS[0])
    assert "move-promise" not in caller.played
