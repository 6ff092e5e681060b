"""The signature on webhooks, over the raw bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from whatsapp.signature import sign, valid

SECRET, OLDER = SecretStr("secret"), SecretStr("older")


def test_a_known_signature() -> None:
    # RFC 4231, test case 2.
    known = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert sign(b"what do ya want for nothing?", SecretStr("Jefe")) == known


def test_any_of_the_secrets_will_do() -> None:
    assert valid(b"body", sign(b"body", OLDER), (SECRET, OLDER))
    assert not valid(b"body", sign(b"body", SecretStr("third")), (SECRET, OLDER))
    assert not valid(b"body", sign(b"body", SECRET), ())


def test_the_same_json_written_otherwise_is_not_what_was_signed() -> None:
    raw = json.dumps({"name": "Ñandú"}).encode()
    again = json.dumps(json.loads(raw), ensure_ascii=False).encode()
    assert valid(raw, sign(raw, SECRET), (SECRET,))
    assert not valid(again, sign(raw, SECRET), (SECRET,))


@pytest.mark.parametrize("header", ["", "sha256=", "sha1=" + "0" * 40, sign(b"body", SECRET)[7:], "sha256=ñ", "\udcff"])
def test_what_is_no_signature(header: str) -> None:
    assert not valid(b"body", header, (SECRET,))


@given(st.binary(), st.text())
def test_no_header_can_break_it(raw: bytes, header: str) -> None:
    assert not valid(raw, header, (SECRET,))
