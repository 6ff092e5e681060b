"""The API calls about templates, for the command line and for a look at start; not on the way of any message.

Meta's list is `data` with a cursor, that of 360dialog (docs.360dialog.com) `waba_templates` with offset and total.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx

from whatsapp.outcome import one_line
from whatsapp.reading import dig, listed, words
from whatsapp.settings import CloudSettings
from whatsapp.templatefile import TemplateFile
from whatsapp.templatestate import Remote, remote

FIELDS = "name,language,status,category,quality_score,rejected_reason,message_send_ttl_seconds,components"
PAGE = 100
MOST_PAGES = 100
"""An account has at most 6,000 templates; whatever repeats its cursor for ever is not followed for ever."""


class GraphError(Exception):
    """The Graph API did not do it; the text is what it said."""


class Graph:
    """`async with Graph(settings) as graph`. Every call raises GraphError."""

    def __init__(self, settings: CloudSettings, timeout_s: float = 15.0) -> None:
        self._settings = settings
        self._client = httpx.AsyncClient(
            timeout=timeout_s,
            headers=settings.auth,
            follow_redirects=False,
            proxy=settings.proxy_url,
            verify=settings.trust(),
        )

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self._client.__aexit__(kind, error, trace)

    async def templates(self) -> dict[tuple[str, str], Remote]:
        """Every template of the account, by name and language."""
        found: dict[tuple[str, str], Remote] = {}
        params = {"fields": FIELDS, "limit": str(PAGE)}
        seen = 0
        for _ in range(MOST_PAGES):
            answer = await self._ask("GET", params=params)
            items = listed(answer, "data") or listed(answer, "waba_templates")
            found |= {(one.name, one.language): one for one in map(remote, items)}
            seen += len(items)
            following = _following(answer, seen) if items else {}
            if not following:
                break
            params |= following
        return found

    async def create(self, template: TemplateFile, code: str, allow_category_change: bool) -> Remote:
        """Hand a template in for review in one language."""
        answer = await self._ask("POST", json=template.creation(code, allow_category_change))
        return Remote(
            name=template.name,
            language=code,
            status=words(dig(answer, "status")).upper(),
            category=words(dig(answer, "category")).upper(),
        )

    async def _ask(
        self, method: str, params: dict[str, str] | None = None, json: dict[str, object] | None = None
    ) -> object:
        url = self._settings.templates_url
        try:
            answer = await self._client.request(method, url, params=params, json=json)
            body: object = answer.json()
        except httpx.HTTPError as error:
            raise GraphError(one_line(self._settings.hide(f"{url}: {str(error) or type(error).__name__}"))) from None
        except ValueError:
            raise GraphError(f"{url}: HTTP {answer.status_code} without an answer in Meta's form") from None
        if not answer.is_success or dig(body, "error") is not None:
            raise GraphError(self._why(body, answer.status_code))
        return body

    def _why(self, body: object, status: int) -> str:
        error = dig(body, "error")
        told = (
            dig(error, "error_user_msg"),
            dig(error, "error_data", "details"),
            dig(error, "message"),
            dig(body, "meta", "developer_message"),
        )
        why = next((text for one in told if (text := words(one))), "no reason given")
        code = words(dig(error, "code")) or f"HTTP {status}"
        return one_line(self._settings.hide(f"({code}) {why}"))


def _following(answer: object, seen: int) -> dict[str, str]:
    """The parameters of the next page, none after the last one."""
    after, total = words(dig(answer, "paging", "cursors", "after")), dig(answer, "total")
    # Only the cursor is taken: the address of the next page holds the token, and could lead anywhere.
    if after and dig(answer, "paging", "next"):
        return {"after": after}
    return {"offset": str(seen)} if isinstance(total, int) and seen < total else {}
