"""What customers do when they are offered WhatsApp or a call back, and what they must hear, sound by sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HANG_UP = "!"
OWN_NUMBER = "=own"
"""The digits of the number that he calls from, which is another one in each conversation."""
WELCOME = ("welcome", "brand-ventas", "default-brand")
OFFER = (*WELCOME, "offer-whatsapp", "offer-callback", "offer-stay")
OWN = ("your-number", OWN_NUMBER, "confirm-number")
TIMES = ("choose-time", "press-1", "as-soon-as-possible", "press-2", "for", "press-3", "for", "press-4", "for")
STAYS = "back-to-queue"
PROMISED = {"987650101": 4 * 3600.0, "987650102": 4 * 3600.0, "987650103": 4 * 3600.0, "987650104": -60.0}
"""Who is promised a call, in how many seconds."""
SEES_TO = ("move-promise", "cancel-promise", "offer-stay")
HAS = (*WELCOME, "already-promised", "promised-for", *SEES_TO)


@dataclass(frozen=True)
class Talk:
    """`does`: at the beginning of a sound, what is pressed (or HANG_UP). `hears`: every sound in order; the digits of a
    number stand together behind "=", the words of a time are left out. `choice` is None where no fact is left."""

    name: str
    does: Sequence[tuple[str, str]]
    hears: Sequence[str]
    choice: str | None
    did: str = "5552001"
    number: str = ""
    """What he calls from, if it matters."""
    tones: str = "rfc4733"
    keeps: str = ""
    """The number that he left instead of his own."""
    slot: int = 0
    """Which of the slots he took, from 1 on."""
    main: bool = False
    """Also on Asterisk 16."""

    @property
    def language(self) -> str:
        """The language of the line that he called."""
        return {"5552002": "en", "5552003": "pt"}.get(self.did, "es")


ONE, TWO = ("offer-stay", "1"), ("offer-stay", "2")
YES, NO = ("confirm-number", "1"), ("confirm-number", "2")
TYPES = ("enter-number", "912345678#")
WA, SOON = "bye-whatsapp", "bye-callback-soon"
AT = ("bye-callback-at", "bye")
TYPED = ("enter-number", "number-heard", "=912345678", "confirm-number")

TALKS = (
    Talk("1 when all was said", [ONE, YES], [*OFFER, *OWN, WA], "whatsapp", main=True),
    Talk("1 at once", [("welcome", "1"), YES], ["welcome", *OWN, WA], "whatsapp", main=True),
    Talk("1 during the offer", [("offer-whatsapp", "1"), YES], [*OFFER[:4], *OWN, WA], "whatsapp"),
    Talk("1 and silence", [ONE], [*OFFER, *OWN, *(["not-heard", *OWN] * 2), WA], "whatsapp"),
    Talk("2, soon", [TWO, YES, ("as-soon-as-possible", "1")], [*OFFER, *OWN, *TIMES[:3], SOON], "callback", main=True),
    Talk("2, first slot", [TWO, YES, ("press-2", "2")], [*OFFER, *OWN, *TIMES[:4], *AT], "callback",
         slot=1, main=True),
    Talk("2, third slot", [TWO, YES, ("press-4", "4")], [*OFFER, *OWN, *TIMES[:8], *AT], "callback",
         slot=3),
    Talk("all keys ahead", [("welcome", "2"), ("your-number", "1"), ("choose-time", "1")],
         ["welcome", "your-number", "choose-time", SOON], "callback"),
    Talk("another number", [ONE, NO, TYPES, YES], [*OFFER, *OWN, *TYPED, WA], "whatsapp", keeps="912345678", main=True),
    Talk("another number, begun anew", [ONE, NO, ("enter-number", "999*912345678#"), YES], [*OFFER, *OWN, *TYPED, WA],
         "whatsapp", keeps="912345678"),
    Talk("another number, heard wrong", [ONE, NO, ("enter-number", "999888777#"), NO, TYPES, YES],
         [*OFFER, *OWN, "enter-number", "number-heard", "=999888777", "confirm-number", *TYPED, WA], "whatsapp",
         keeps="912345678"),
    Talk("a number that is none", [ONE, NO, ("enter-number", "123#"), TYPES, YES],
         [*OFFER, *OWN, "enter-number", "wrong-number", *TYPED, WA], "whatsapp", keeps="912345678"),
    Talk("a landline for WhatsApp", [ONE, NO, ("enter-number", "12345678#"), TYPES, YES],
         [*OFFER, *OWN, "enter-number", "mobile-needed", *TYPED, WA], "whatsapp", keeps="912345678"),
    Talk("# goes back", [("offer-callback", "#")], [*OFFER[:5], STAYS], "refused", main=True),
    Talk("silence", [], [*OFFER, STAYS], "ignored", main=True),
    Talk("three wrong keys", [("offer-stay", "7"), ("offer-stay", "8"), ("offer-stay", "9")],
         [*OFFER, "wrong-key", *OFFER[3:], "wrong-key", *OFFER[3:], "wrong-key", STAYS], "ignored", main=True),
    Talk("a wrong key, then 1", [("offer-stay", "5"), ONE, YES],
         [*OFFER, "wrong-key", *OFFER[3:], *OWN, WA], "whatsapp"),
    Talk("hangs up at the welcome", [("welcome", HANG_UP)], ["welcome"], None, main=True),
    Talk("hangs up at the offer", [("offer-callback", HANG_UP)], OFFER[:5], "ignored"),
    Talk("hangs up at his number", [ONE, ("your-number", HANG_UP)], [*OFFER, "your-number"], "whatsapp", main=True),
    Talk("hangs up at the question", [TWO, ("confirm-number", HANG_UP)], [*OFFER, *OWN], "callback"),
    Talk("hangs up while he types", [ONE, NO, ("enter-number", "912"), ("enter-number", HANG_UP)],
         [*OFFER, *OWN, "enter-number", "wrong-number", "enter-number"], "whatsapp"),
    Talk("hangs up at the times", [TWO, YES, ("choose-time", HANG_UP)], [*OFFER, *OWN, "choose-time"], "callback"),
    Talk("hangs up at goodbye", [ONE, YES, (WA, HANG_UP)], [*OFFER, *OWN, WA], "whatsapp"),
    Talk("asked not to be contacted", [ONE, TYPES, YES], [*OFFER, *TYPED, WA], "whatsapp", number="999888777",
         keeps="912345678"),
    Talk("anonymous", [TWO, TYPES, YES, ("as-soon-as-possible", "1")], [*OFFER, *TYPED, *TIMES[:3], SOON], "callback",
         number="anonymous", keeps="912345678", main=True),
    Talk("closed", [], [], None, did="5552004", main=True),
    Talk("WhatsApp closed", [TWO, YES, ("as-soon-as-possible", "1")],
         ["welcome", "brand-noche", "default-brand", *OFFER[4:], *OWN, *TIMES[:3], SOON], "callback", did="5552005"),
    Talk("nobody rings", [ONE, YES],
         ["welcome", "brand-chat", "default-brand", "offer-whatsapp", "offer-stay", *OWN, WA],
         "whatsapp", did="5552006"),
    Talk("English", [ONE, YES], [*OFFER, *OWN, WA], "whatsapp", did="5552002", main=True),
    Talk("English, a slot", [TWO, YES, ("press-2", "2")], [*OFFER, *OWN, *TIMES[:4], *AT], "callback",
         did="5552002", slot=1),
    Talk("English, silence", [], [*OFFER, STAYS], "ignored", did="5552002"),
    Talk("Portuguese", [ONE, YES], [*OFFER, *OWN, WA], "whatsapp", did="5552003", main=True),
    Talk("Portuguese, soon", [TWO, YES, ("as-soon-as-possible", "1")], [*OFFER, *OWN, *TIMES[:3], SOON], "callback",
         did="5552003"),
    Talk("Portuguese, #", [("offer-callback", "#")], [*OFFER[:5], STAYS], "refused", did="5552003"),
    Talk("tones: WhatsApp", [ONE, YES], [*OFFER, *OWN, WA], "whatsapp", tones="inband", main=True),
    Talk("tones: another number", [ONE, NO, TYPES, YES], [*OFFER, *OWN, *TYPED, WA], "whatsapp", tones="inband",
         keeps="912345678"),
    Talk("promised: silence", [], [*HAS, STAYS], "ignored", number="987650101", main=True),
    Talk("promised: another slot", [TWO, ("press-3", "3")], [*HAS, *TIMES[:6], *AT], "callback", number="987650102",
         slot=2),
    Talk("promised: called off", [("offer-stay", "3")], [*HAS, "bye-cancelled"], "cancelled", number="987650103",
         main=True),
    Talk("promised: soon, tones", [TWO, ("choose-time", "1")],
         [*WELCOME, "already-promised", *SEES_TO, "choose-time", SOON], "callback", number="987650104", tones="inband"),
)  # fmt: skip
