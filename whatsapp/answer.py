"""What an answer of the Cloud API means, by Meta's `error.code`: even rate limits come as HTTP 400.

Codes and what to do about them: Meta's "Error codes" page of the WhatsApp Business Platform.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import AliasChoices, AliasPath, BaseModel, Field, ValidationError

from whatsapp.outcome import MAX_WHY, Outcome, Refused, RetryAt, Scope, Sent, Unclear, one_line

MAX_DELAY_S = 900.0


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code means: try again after `delay_s * growth ** attempt` when `growth` is set, otherwise give up."""

    scope: Scope
    growth: int = 0
    delay_s: float = 1.0

    def apply(self, code: int, why: str, attempt: int) -> RetryAt | Refused:
        """The outcome of a send that met this rule after `attempt` earlier tries."""
        if not self.growth:
            return Refused(self.scope, code, why)
        return RetryAt(min(self.delay_s * self.growth ** min(attempt, 20), MAX_DELAY_S), why, self.scope)


_ACCOUNT_PERMISSIONS = range(200, 300)
_ROWS: tuple[tuple[Rule, tuple[int, ...]], ...] = (
    (Rule(Scope.PAIR, growth=4), (131056,)),
    (Rule(Scope.NUMBER, growth=2), (4, 80007, 130429, 131057, 133004)),
    (Rule(Scope.RECIPIENT, growth=2), (1, 2, 131000, 131016)),
    (Rule(Scope.RECIPIENT), (131049, 130472)),
    (Rule(Scope.RECIPIENT), (131026, 131050, 131021, 131047, 131051, 131008, 131009, 100, 33, 131062, 130497, 131030)),
    (Rule(Scope.TEMPLATE), (132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132068, 132069, 131063)),
    (Rule(Scope.NUMBER), (131045, 133010, 131048, 131037)),
    (Rule(Scope.ACCOUNT), (0, 190, 3, 10, *_ACCOUNT_PERMISSIONS, 131005, 368, 131031, 131042, 131064)),
)
RULES: dict[int, Rule] = {code: rule for rule, codes in _ROWS for code in codes}
"""Every code we know. One that is not here concerns its message alone."""

UNREACHABLE = Rule(Scope.NUMBER, growth=2)
"""No connection, so nothing was sent."""
UNTRUSTED = Rule(Scope.ACCOUNT, growth=2, delay_s=60.0)
"""A certificate that does not hold, so nothing was sent: somebody has to mend it, as with our own account."""

_NO_SUCH_NODE = (100, 33)
_THIS_ONE = Rule(Scope.RECIPIENT)
_OVERLOADED = Rule(Scope.NUMBER, growth=2, delay_s=2.0)
_BY_STATUS: dict[int, Rule] = {
    # What a provider refuses by itself (an unpaid bill, a wrong key) has no code of Meta's: nothing may be dropped.
    **dict.fromkeys((301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405), Rule(Scope.ACCOUNT)),
    **dict.fromkeys((408, 425, 429, *range(500, 600)), _OVERLOADED),
}
_GATEWAY_GAVE_UP = frozenset({502, 504})


class _Error(BaseModel):
    code: int
    error_subcode: int | None = None
    message: object = ""
    error_data: object = None

    @property
    def why(self) -> str:
        details = self.error_data.get("details") if isinstance(self.error_data, dict) else None
        return one_line(f"{self.message}: {details}" if details else f"{self.message}")


class _Contact(BaseModel):
    wa_id: str | None = None
    user_id: str | None = None


class _Accepted(BaseModel):
    id: str = Field(min_length=1)


class _Answer(BaseModel):
    # 360dialog may wrap Meta's own refusal in a `detail`.
    error: _Error | None = Field(None, validation_alias=AliasChoices("error", AliasPath("detail", "error")))
    messages: list[_Accepted] = Field(default_factory=list)
    contacts: list[_Contact] = Field(default_factory=list)


def decide(status: int, body: bytes, attempt: int = 0) -> Outcome:
    """What an answer means. `attempt` counts the tries before this one (0 for the first) and stretches the wait."""
    answer = _read(body)
    if answer.error is not None:
        return _refusal(answer.error, status, attempt)
    if answer.messages:
        contact = answer.contacts[0] if answer.contacts else _Contact()
        return Sent(answer.messages[0].id, contact.wa_id, contact.user_id)
    return _without_code(status, body, attempt)


def _read(body: bytes) -> _Answer:
    try:
        return _Answer.model_validate_json(body)
    except ValidationError:
        return _Answer()


def _refusal(error: _Error, status: int, attempt: int) -> Outcome:
    if (error.code, error.error_subcode) == _NO_SUCH_NODE:
        return Refused(Scope.NUMBER, error.code, error.why)
    rule = RULES.get(error.code) or (_OVERLOADED if status >= 500 else _THIS_ONE)
    return rule.apply(error.code, error.why, attempt)


def _without_code(status: int, body: bytes, attempt: int) -> Outcome:
    words = one_line(body[:MAX_WHY].decode("utf-8", "replace"))
    why = f"HTTP {status} without a code of Meta's" + (f": {words}" if words else "")
    if status in _GATEWAY_GAVE_UP or 200 <= status < 300:
        return Unclear(why)
    return _BY_STATUS.get(status, _THIS_ONE).apply(status, why, attempt)
