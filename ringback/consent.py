"""Who agreed to be contacted and who asked not to be: one ledger per customer, of words about brands, never changed.

A word about a brand holds until the next word about it. A brand of which nothing was ever said follows the others: who
asked one brand to stop is not contacted by another one, unless the ledger holds a word of his for that other brand.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ringback.phone import USER_ID

EVERY_BRAND = ""
"""The brand of a word that holds for the WhatsApp number as a whole, such as a block of WhatsApp's own."""


class Act(StrEnum):
    """What was said."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class Way(StrEnum):
    """How it was said, and so what the proof is."""

    IVR = "ivr"
    """A key pressed in a call; proof: the call's id."""
    LIST = "list"
    """The business's own list of customers; proof: what the list says, or its file and line."""
    MESSAGE = "message"
    """Words or a tap in WhatsApp; proof: the message's id."""
    WHATSAPP = "whatsapp"
    """WhatsApp's own switch, told by a webhook or by error 131050; proof: the code or the webhook's time."""
    PERSON = "person"
    """A person of the business wrote it down; proof: who."""


class Consent(BaseModel):
    """One word of a customer's. `at` is epoch seconds, `customer` his number in E.164, or his user id
    where he hides it (empty once he was erased).

    `text` is what he was shown when he agreed, or what he said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: Annotated[float, Field(ge=0)]
    brand: Annotated[str, StringConstraints(max_length=60)]
    act: Act
    way: Way
    proof: Annotated[str, StringConstraints(max_length=256)] = ""
    text: Annotated[str, StringConstraints(max_length=1000)] = ""
    customer: Annotated[str, StringConstraints(pattern=rf"^(\+[0-9]{{5,20}}|{USER_ID})?$")] = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the ledger says about a customer and a brand: the last word, None if there is none, and since when."""

    act: Act | None = None
    since: float = 0.0

    @property
    def stopped(self) -> bool:
        """Whether he asked not to be contacted."""
        return self.act is Act.WITHDRAWN

    @property
    def agreed(self) -> bool:
        """Whether he agreed to be contacted."""
        return self.act is Act.GIVEN

    def forbids(self, asked: float) -> bool:
        """Whether a call back he asked for at `asked` (epoch seconds, 0 for never) must not be made."""
        return self.stopped and asked <= self.since


UNSAID = Ruling()


def ruling(ledger: Iterable[Consent], brand: str) -> Ruling:
    """The word that counts for `brand`. Two of the same moment: the later one in the ledger."""
    latest: dict[str, Consent] = {}
    for word in sorted(ledger, key=lambda word: word.at):
        latest[word.brand] = word
    own = [latest[name] for name in (EVERY_BRAND, brand) if name in latest]
    others = [word for word in latest.values() if word.act is Act.WITHDRAWN]
    counts = max(own or others, key=lambda word: word.at, default=None)
    return Ruling(counts.act, counts.at) if counts else UNSAID


_COURTESY = frozenset({"por favor", "porfavor", "please", "gracias", "obrigado", "obrigada", "thanks"})
_STOP = frozenset(
    {
        *("stop", "stopall", "end", "quit", "cancel", "unsubscribe", "opt out", "optout", "dont write to me"),
        *("baja", "dar de baja", "darme de baja", "denme de baja", "parar", "pare", "paren", "cancelar", "salir"),
        *("no me escriban", "no me escriban mas", "no mas mensajes", "basta", "cancelar suscripcion", "no molestar"),
        *("sair", "pare de enviar", "descadastrar", "remover", "cancelar inscricao", "nao me escrevam"),
        *("nao me escrevam mais", "nao quero mais mensagens", "me tire da lista"),
    }
)
_RETURN = frozenset(
    {
        *("start", "unstop", "subscribe", "opt in"),
        *("alta", "dar de alta", "darme de alta", "volver", "reanudar", "suscribirme"),
        *("voltar", "retomar", "inscrever", "quero voltar", "quiero volver"),
    }
)


def asks_to_stop(text: str) -> bool:
    """Whether a whole message asks never to be written to again, with or without accents, signs and courtesy."""
    return plainly(text) in _STOP


def asks_to_return(text: str) -> bool:
    """Whether a whole message takes a stop back."""
    return plainly(text) in _RETURN


def plainly(text: str) -> str:
    """A message in small letters without accents, signs and courtesy."""
    spaced = " ".join(text[:200].split())
    letters = "".join(
        sign for sign in unicodedata.normalize("NFKD", spaced.casefold()) if sign.isalnum() or sign == " "
    )
    words = " ".join(letters.split())
    for courtesy in _COURTESY:
        words = words.removeprefix(f"{courtesy} ").removesuffix(f" {courtesy}")
    return words
