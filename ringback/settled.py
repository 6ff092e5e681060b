"""A customer who writes that he needs no call any more, in his own words."""

from __future__ import annotations

from ringback.consent import plainly

_SETTLED = frozenset(
    {
        *("resuelto", "ya resuelto", "ya esta resuelto", "ya fue resuelto", "ya se resolvio", "ya lo resolvi"),
        *("solucionado", "ya solucionado", "ya esta solucionado", "ya lo solucione", "ya esta", "ya me atendieron"),
        *("ya no hace falta", "no hace falta", "ya no es necesario", "ya no necesito", "no me llamen"),
        *("ya no me llamen", "ya no llamen", "ya resolvi"),
        *("solved", "resolved", "its solved", "its resolved", "already solved", "already resolved", "sorted"),
        *("not needed", "not needed any more", "no longer needed", "no need to call", "dont call me", "never mind"),
        *("resolvido", "ja resolvido", "ja resolvi", "ja esta resolvido", "ja foi resolvido", "ja fui atendido"),
        *("nao precisa", "nao precisa mais", "nao preciso mais", "ja nao preciso", "nao me liguem"),
    }
)


def says_settled(text: str) -> bool:
    """Whether a whole message says that the matter is settled, with or without accents, signs and courtesy."""
    return plainly(text) in _SETTLED
