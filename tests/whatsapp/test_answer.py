"""What an answer of the Cloud API means: a row for every code that Meta documents, as literal data."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.answer import MAX_DELAY_S, RULES, decide
from whatsapp.outcome import Refused, RetryAt, Scope, Sent, Unclear

TABLE: tuple[tuple[Scope, tuple[int, ...], tuple[int, ...]], ...] = (
    # what it concerns, the first waits in seconds (none: it is given up, or stopped until it is mended), the codes
    (Scope.RECIPIENT, (1, 2, 4), (1, 2, 131000, 131016)),
    (Scope.NUMBER, (1, 2, 4), (4, 80007, 130429, 131057, 133004)),
    (Scope.PAIR, (1, 4, 16), (131056,)),
    (Scope.RECIPIENT, (), (131049, 130472)),
    (Scope.RECIPIENT, (), (131026, 131050, 131021, 131047, 131051, 131008, 131009, 100, 33, 131062, 130497)),
    (Scope.RECIPIENT, (), (131030,)),
    (Scope.TEMPLATE, (), (132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132068, 132069, 131063)),
    (Scope.NUMBER, (), (131045, 133010, 131048, 131037)),
    (Scope.ACCOUNT, (), (0, 190, 3, 10, *range(200, 300), 131005, 368, 131031, 131042, 131064)),
)
ROWS = [(code, scope, waits) for scope, waits, codes in TABLE for code in codes]


def error(code: object, **more: object) -> bytes:
    return json.dumps({"error": {"message": "no", "code": code} | more}).encode()


def test_every_code_has_one_rule() -> None:
    assert sorted(RULES) == sorted(code for code, _, _ in ROWS)


@pytest.mark.parametrize(("code", "scope", "waits"), ROWS, ids=[str(code) for code, _, _ in ROWS])
@pytest.mark.parametrize("status", [400, 500])
def test_a_code_says_what_it_concerns_and_whether_it_is_tried_again(
    code: int, scope: Scope, waits: tuple[int, ...], status: int
) -> None:
    refused = Refused(scope, code, "no")
    for tries in range(3):
        assert decide(status, error(code), tries) == (RetryAt(waits[tries], "no", scope) if waits else refused)


def test_a_wait_does_not_grow_for_ever() -> None:
    assert decide(400, error(131056), 10**9) == RetryAt(MAX_DELAY_S, "no", Scope.PAIR)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b'{"messages":[{"id":"w"}],"contacts":[{"input":"+1","wa_id":"1"}]}', Sent("w", "1", None)),
        (200, b'{"messages":[{"id":"w"}],"contacts":[{"user_id":"MX.1"}]}', Sent("w", None, "MX.1")),
        (200, b'{"messages":[{"id":"w","message_status":"accepted"}]}', Sent("w")),
        (200, b"{}", Unclear("HTTP 200 without a code of Meta's: {}")),
        (504, b"", Unclear("HTTP 504 without a code of Meta's")),
        (500, b"", RetryAt(2.0, "HTTP 500 without a code of Meta's", Scope.NUMBER)),
        (429, b"", RetryAt(2.0, "HTTP 429 without a code of Meta's", Scope.NUMBER)),
        (404, b"", Refused(Scope.ACCOUNT, 404, "HTTP 404 without a code of Meta's")),
        (401, b"", Refused(Scope.ACCOUNT, 401, "HTTP 401 without a code of Meta's")),
        (422, b"", Refused(Scope.RECIPIENT, 422, "HTTP 422 without a code of Meta's")),
        (400, b"No\npayment", Refused(Scope.ACCOUNT, 400, "HTTP 400 without a code of Meta's: No payment")),
        (400, b'{"detail":{"error":{"message":"x","code":131026}}}', Refused(Scope.RECIPIENT, 131026, "x")),
        (404, error(999999), Refused(Scope.RECIPIENT, 999999, "no")),
        (400, error(999999), Refused(Scope.RECIPIENT, 999999, "no")),
        (500, error(999999), RetryAt(2.0, "no", Scope.NUMBER)),
        (400, error(100, error_subcode=33), Refused(Scope.NUMBER, 100, "no")),
        (400, error(100, error_data={"details": "d\n1"}), Refused(Scope.RECIPIENT, 100, "no: d 1")),
        (400, error(100, error_data="odd", message=None), Refused(Scope.RECIPIENT, 100, "None")),
    ],
)
def test_an_answer(status: int, body: bytes, expected: object) -> None:
    assert decide(status, body) == expected


@given(st.integers(100, 599), st.binary() | st.builds(error, st.integers() | st.text() | st.none()), st.integers(0))
def test_no_answer_can_break_it(status: int, body: bytes, attempt: int) -> None:
    outcome = decide(status, body, attempt)
    assert not isinstance(outcome, RetryAt) or 0 < outcome.delay_s <= MAX_DELAY_S
