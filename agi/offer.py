"""The dialogue: WhatsApp or a call back is offered to a caller who waits. The same in the daemon and in the script.

Every prompt can be interrupted, and a key pressed early answers the question that it is for. A key that was pressed
counts from that moment on, also when the caller hangs up before the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from agi import say, voice
from agi.caller import Caller, caller_of
from agi.choice import TAKEN, Choice
from agi.menu import Entered, LineMenu, Menu, read_number
from agi.session import CALL_S, Gone, Session
from agi.spool import Datum, Spool

TRIES = 3
WAIT_S = 5.0
"""How long an answer is waited for after a question."""
DIGIT_S = 4.0
"""How long the next digit of a number is waited for."""
MOST_DIGITS = 15
LIMIT_S = int(CALL_S) + 30
"""When Asterisk itself ends a dialogue that stands still, and goes on in the dialplan."""
SLOTS = 3
STAY = "#"
"""The key with which he goes on waiting at once."""
MOVE, CANCEL = "2", "3"
"""The keys of who is promised a call already."""


def _nothing(_line: LineMenu, _number: str) -> None:
    """Nobody knows of a promise: the daemon is away."""


@dataclass(frozen=True)
class House:
    """What the dialogue needs of its surroundings. `read` reads a number; `promised` says for when (epoch seconds) the
    caller with a number is promised a call on a line, None for never; `clock` gives epoch seconds."""

    menu: Menu
    spool: Spool
    read: Callable[[LineMenu, str], Entered] = read_number
    clock: Callable[[], float] = time.time
    promised: Callable[[LineMenu, str], float | None] = _nothing


def run(session: Session, house: House) -> Choice:
    """Offer what is open now, keep what the caller chose, tell the dialplan. Raises OSError when it cannot be kept."""
    try:
        choice = _offer(session, house)
        session.set_variable("RINGBACK_OFFER", choice.value)
    except Gone:
        return Choice.NONE
    return choice


def _offer(session: Session, house: House) -> Choice:
    caller = caller_of(session)
    line = house.menu.line(caller.line, caller.dids, caller.queue)
    if line is None or not caller.linkedid:
        session.verbose("Ringback: no line of the settings is called; set RINGBACK_LINE to the name of one")
        return Choice.NONE
    return Dialogue(session, house, caller, line).run()


class Dialogue:
    """One conversation with one caller of a line."""

    def __init__(self, session: Session, house: House, caller: Caller, line: LineMenu) -> None:
        self.session, self.house, self.caller, self.line = session, house, caller, line
        self.now = house.clock()
        self.choice, self.key, self.number, self.slot = Choice.IGNORED, "", "", 0.0

    @cached_property
    def own(self) -> Entered | None:
        """The number that he calls from, None where he cannot be reached under it. Read while he hears the greeting."""
        number = self.caller.number
        entered = self.house.read(self.line, number) if number else Entered("", why="wrong-number")
        return None if entered.why or self.house.menu.has_stopped(self.line.name, number) else entered

    def run(self) -> Choice:
        """The whole conversation; what came of it is kept when it ends, however it ends."""
        offered = {"1": Choice.WHATSAPP} if self.line.writes(self.now) else {}
        offered |= {"2": Choice.CALLBACK} if self.line.rings(self.now) else {}
        if not offered or not self._greet():
            return Choice.NONE
        try:
            self._converse(offered)
        except Gone:
            self._keep()
            raise
        except OSError:
            self._play("sorry")  # it cannot be kept: nothing is promised, he goes on waiting
            raise
        return self.choice

    def _greet(self) -> bool:
        """Pick up, and begin to speak; False where there are no sounds."""
        # the dialplan gave a few seconds to begin, so that a daemon which stands still does not keep the caller
        self.session.appexec("MSet", f"RINGBACK_OFFER={Choice.IGNORED.value},TIMEOUT(absolute)={LIMIT_S}")
        if not self.caller.up:
            self.session.answer()
        self.early, there = self.session.play_one(self._file("welcome"))
        if not there:
            self.session.verbose("Ringback: there are no sounds; run: ringback prompts install")
        return there

    def _converse(self, offered: dict[str, Choice]) -> None:
        due = self.house.promised(self.line, self.caller.number) if self.caller.number else None
        if due is None:
            self._make_offer(offered)
        else:
            self._see_to_promise(due)

    def _see_to_promise(self, due: float) -> None:
        """He is promised a call already, and may have another time or call it off. Silence changes nothing."""
        when = ["promised-for", *self._moment(due)] if due > self.now else []
        key = self.early or self._brand() or self._play("already-promised", *when)
        options = {MOVE: "move-promise"} if self.line.rings(self.now) else {}
        options |= {CANCEL: "cancel-promise"}
        self.key = self._ask([*options.values(), "offer-stay"], "".join((*options, STAY)), key, silent_tries=1)
        slot = self._choose_time() if self.key == MOVE else None
        if slot is not None:
            self.slot, self.choice = slot, Choice.CALLBACK
        elif self.key == CANCEL:
            self.choice = Choice.CANCELLED
        else:
            self._stay()
            return
        self._press()
        self._keep()
        self._say_goodbye()

    def _stay(self) -> None:
        self.choice = Choice.REFUSED if self.key == STAY else Choice.IGNORED
        self._keep()
        self._play("back-to-queue")

    def _make_offer(self, offered: dict[str, Choice]) -> None:
        self.key = self._choose(offered)
        if self.key not in offered:
            self._stay()
            return
        self.choice = offered[self.key]
        self._press()
        if not (self._own_number() or self._other_number() or self.own):
            self.choice = Choice.REFUSED
            self._keep()
            self._play("sorry")
            return
        if self.choice is Choice.CALLBACK:
            self.slot = self._choose_time() or 0.0
        self._keep()
        self._say_goodbye()

    def _choose(self, offered: dict[str, Choice]) -> str:
        brand, wait = self._brand(), self.caller.wait
        greeting = [*(["wait", *say.minutes(wait / 60, self.line.language)] if wait else [])]
        questions = [f"offer-{choice.value}" for choice in offered.values()]
        key = self.early or brand or self._play(*greeting)
        return self._ask([*questions, "offer-stay"], "".join((*offered, STAY)), key, silent_tries=1)

    def _brand(self) -> str:
        key, there = self.session.play_one(self._file(voice.brand(self.line.name))) if not self.early else ("", True)
        return key if there else self._play(voice.DEFAULT_BRAND)

    def _press(self) -> None:
        """He chose: from here on it counts."""
        if self.own:
            self.house.spool.hold(self._fact())
        self.session.appexec("UserEvent", f"RingbackOffer,Choice: {self.choice.value},Key: {self.key}")

    def _own_number(self) -> bool:
        """Whether he is to be reached under the number that he calls from; True also when he says nothing to it."""
        if self.own is None:
            return False
        if why := self._why_not(self.own):
            self._play(why)
            return False
        read_back = ["your-number", *say.digits(self.own.digits, self.line.region), "confirm-number"]
        return self._ask(read_back, "12#") != "2"

    def _other_number(self) -> bool:
        """Take a number by keypad, and let him confirm it; False when three tries gave none."""
        key = ""
        for _ in range(TRIES):
            digits, key = self._dial(key), ""
            entered = self.house.read(self.line, digits) if digits else Entered("", why="not-heard")
            if why := self._why_not(entered):
                key = self._play(why)
                continue
            heard = ["number-heard", *say.digits(digits, self.line.region), "confirm-number"]
            if self._ask(heard, "12#") != "2":
                self.number = digits
                return True
        return False

    def _why_not(self, entered: Entered) -> str:
        """The prompt that says why a number does not do for what he chose, "" when it does."""
        if not entered.why and self.choice is Choice.CALLBACK and not entered.rings:
            return "not-allowed"
        if not entered.why and self.choice is Choice.WHATSAPP and entered.mobile is False:
            return "mobile-needed"
        return entered.why

    def _dial(self, key: str) -> str:
        """The digits up to "#" or a pause; "*" begins anew."""
        digits = ""
        key = key or self._play("enter-number") or self.session.listen(WAIT_S)
        while key and key != "#":
            digits = "" if key == "*" else digits + key
            if len(digits) == MOST_DIGITS:
                break
            key = self.session.listen(DIGIT_S)
        return digits

    def _choose_time(self) -> float | None:
        """The slot that he chooses, 0 for as soon as possible; None when he says nothing."""
        slots = self.line.free(self.house.clock(), SLOTS)
        if not slots:
            return 0.0
        options = ["choose-time", "press-1", "as-soon-as-possible"]
        for number, begins in enumerate(slots, 2):
            options += [f"press-{number}", "for", *self._moment(begins)]
        keys = "".join(str(number) for number in range(1, len(slots) + 2))
        chosen = self._ask(options, keys)
        return dict(zip(keys, (0.0, *slots), strict=True)).get(chosen)

    def _say_goodbye(self) -> None:
        if self.choice is Choice.WHATSAPP:
            self._play("bye-whatsapp", keys="")
        elif self.choice is Choice.CANCELLED:
            self._play("bye-cancelled", keys="")
        elif self.slot:
            self._play("bye-callback-at", *self._moment(self.slot), "bye", keys="")
        else:
            self._play("bye-callback-soon", keys="")

    def _ask(self, question: Sequence[str], keys: str, key: str = "", silent_tries: int = TRIES) -> str:
        """Ask until one of the keys is pressed; "" after three tries, or after so many silent ones."""
        for tried in range(1, TRIES + 1):
            key = key or self._play(*question) or self.session.listen(WAIT_S)
            if (key and key in keys) or (not key and tried >= silent_tries):
                return key
            key = self._play("wrong-key" if key else "not-heard")
        return key if key and key in keys else ""

    def _moment(self, at: float) -> list[str]:
        from zoneinfo import ZoneInfo  # only who chooses a slot pays for it: the script starts once per call

        zone = ZoneInfo(self.line.timezone)
        when, now = (datetime.fromtimestamp(moment, UTC).astimezone(zone) for moment in (at, self.house.clock()))
        return say.moment(when, now, self.line.language)

    def _play(self, *names: str, keys: str = "0123456789*#") -> str:
        return self.session.play([self._file(name) for name in names], keys)

    def _file(self, name: str) -> str:
        return voice.path(name, self.line.language)

    def _keep(self) -> None:
        # the disk need not hurry for those who stay
        self.house.spool.leave(self._fact(), sync=self.choice not in {Choice.REFUSED, Choice.IGNORED})

    def _fact(self) -> dict[str, Datum]:
        reached = self.choice not in TAKEN or self.own or self.number
        return {
            "kind": "offered",
            "pbx": self.house.menu.pbx,
            "linkedid": self.caller.linkedid,
            "line": self.line.name,
            "choice": (self.choice if reached else Choice.REFUSED).value,
            "key": self.key,
            "caller": self.caller.number,
            "number": self.number,
            "slot": self.slot,
            "at": self.now,
            "text": self.line.texts.get(self.choice.value, ""),
        }
