"""The signature on Meta's webhooks: `X-Hub-Signature-256: sha256=<hex HMAC-SHA256(app secret, raw body)>`."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from pydantic import SecretStr

HEADER = "X-Hub-Signature-256"


def sign(raw: bytes, secret: SecretStr) -> str:
    """The header's value for these bytes."""
    return "sha256=" + hmac.new(secret.get_secret_value().encode(), raw, hashlib.sha256).hexdigest()


def valid(raw: bytes, header: str, secrets: Iterable[SecretStr]) -> bool:
    """Whether one of the secrets signed exactly these bytes, compared in constant time."""
    given = header.encode("utf-8", "replace")
    return any(hmac.compare_digest(sign(raw, secret).encode(), given) for secret in secrets)
