"""The Cloud API client: posts one message and says what became of it, never by an exception."""

from __future__ import annotations

import aiohttp
from yarl import URL

from ringback.message import Message
from whatsapp.answer import UNREACHABLE, UNTRUSTED, decide
from whatsapp.outcome import Outcome, Unclear, one_line
from whatsapp.settings import CloudSettings
from whatsapp.wire import payload

MAX_ANSWER = 1 << 20
SOONER = 5
"""No connection is asked again every half minute at the latest: it costs nobody anything, and messages grow stale."""
_NEVER_LEFT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
)


class CloudClient:
    """Posts messages for one WhatsApp number over a session that somebody else opens and closes."""

    def __init__(self, settings: CloudSettings, session: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._session = session
        self._url, self._auth = URL(settings.messages_url), settings.auth
        # The total is the longer one, so that it can only run out once the request has left.
        limit = settings.timeout_s
        self._timeout = aiohttp.ClientTimeout(
            total=settings.longest_post_s, connect=limit, sock_connect=limit, sock_read=limit
        )

    async def send(self, message: Message, attempt: int = 0) -> Outcome:
        """Post `message` once. `attempt` counts earlier tries. Anything that breaks after it left is `Unclear`."""
        try:
            status, body = await self._post(message)
        except aiohttp.ClientConnectorCertificateError as error:
            return UNTRUSTED.apply(0, self._distrusted(error), attempt)
        except _NEVER_LEFT as error:
            return UNREACHABLE.apply(0, self._told(error), min(attempt, SOONER))
        except (aiohttp.ClientError, OSError) as error:
            return Unclear(self._told(error))
        return decide(status, self._redacted(body), attempt)

    async def _post(self, message: Message) -> tuple[int, bytes]:
        async with self._session.post(
            self._url,
            json=payload(message),
            headers=self._auth,
            proxy=self._settings.proxy_url,
            timeout=self._timeout,
            allow_redirects=False,
        ) as answer:
            return answer.status, await _read(answer)

    def _redacted(self, body: bytes) -> bytes:
        # Meta repeats a malformed token in its error text, which ends up in the log.
        return body.replace(self._settings.token.get_secret_value().encode(), b"[secret]")

    def _distrusted(self, error: aiohttp.ClientConnectorCertificateError) -> str:
        why = getattr(error.certificate_error, "verify_message", "") or error.certificate_error
        return one_line(
            f"{self._settings.base_url}: its certificate does not hold ({why}), so nothing was sent; look at this "
            "machine's clock and at whatsapp.base_url, and name the certificates of your own proxy in whatsapp.ca_file"
        )

    def _told(self, error: Exception) -> str:
        return one_line(f"{self._settings.base_url}: {self._settings.hide(str(error)) or type(error).__name__}")


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > MAX_ANSWER:
            raise aiohttp.ClientPayloadError(f"the answer is longer than {MAX_ANSWER} bytes")
    return bytes(body)
