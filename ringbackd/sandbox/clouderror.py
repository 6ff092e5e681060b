"""How Meta says no: an error code, its title, and the body and HTTP status they come in."""

from __future__ import annotations

import secrets

_TITLES: dict[int, str] = {
    4: "Application request limit reached",
    100: "Invalid parameter",
    190: "Invalid OAuth access token",
    80007: "Rate limit issues",
    130429: "Rate limit hit",
    131000: "Something went wrong",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131016: "Service unavailable",
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131049: "This message was not delivered to maintain healthy ecosystem engagement",
    131050: "User has stopped receiving marketing messages",
    131051: "Message type unknown",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132005: "Translated text too long",
    132015: "Template is paused",
    132016: "Template is disabled",
}
_STATUSES: dict[int, int] = {
    **dict.fromkeys((0, 190), 401),
    **dict.fromkeys((10, 368, 131005), 403),
    **dict.fromkeys((1, 131000, 131016), 500),
    2: 503,
    132001: 404,
}
_NO_SUCH_NODE = 33


class MetaError(Exception):
    """A refusal. `code` is Meta's; `details` tell the developer what is wrong."""

    def __init__(self, code: int, details: str, subcode: int | None = None) -> None:
        super().__init__(details)
        self.code = code
        self.details = details
        self.subcode = subcode

    @property
    def status(self) -> int:
        """The HTTP status; 400 is what Meta gives to most, rate limits included."""
        return _STATUSES.get(self.code, 400)

    @property
    def body(self) -> dict[str, object]:
        """The JSON body of the answer."""
        error: dict[str, object] = {
            "message": f"(#{self.code}) {title(self.code)}",
            "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
            "fbtrace_id": secrets.token_urlsafe(16),
        }
        return {"error": error | ({"error_subcode": self.subcode} if self.subcode else {})}


def title(code: int) -> str:
    """Meta's title for a code; a plain one for codes that only tests ask for."""
    return _TITLES.get(code, "Error")


def failure(code: int) -> dict[str, object]:
    """A code as it stands in the `errors` of a failed status."""
    return {"code": code, "title": title(code), "message": title(code), "error_data": {"details": f"{title(code)}."}}


def no_such_node(node: str) -> MetaError:
    """The answer for an id that does not exist or that the token may not see."""
    return MetaError(100, f"Unsupported request: object with ID {node} does not exist", _NO_SUCH_NODE)
