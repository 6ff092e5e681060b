"""How to reach the Cloud API: Meta's own address, or a provider that speaks the same bodies (360dialog)."""

from __future__ import annotations

import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from yarl import URL

Secret = Annotated[SecretStr, Field(min_length=1, max_length=4096)]


def _certificates(path: Path | None) -> Path | None:
    if path is not None:
        try:
            ssl.create_default_context().load_verify_locations(path)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"{path} cannot be read as certificates in PEM: {error}") from None
    return path


class CloudSettings(BaseModel):
    """One WhatsApp number and the way to its API. Secrets never show in `repr`, logs or error texts.

    `messages_path` (messages are posted there), `number_path` (`ringback doctor` looks there; empty: it does not)
    and `templates_path` may hold `{version}`, `{phone_number_id}` and `{waba_id}`; `auth_header: auth_prefix +
    token` goes with every request. `proxy` is the address of an HTTP proxy, with user and password if it wants
    them; `ca_file` holds certificates (PEM) that are trusted besides the system's, as companies need whose proxy
    opens every connection. `app_secrets` are all accepted on webhooks, so that a secret can be changed without
    losing one. `waba_id`, the WhatsApp Business account of number and templates, is needed by `ringback templates`
    and the look at start only, and only if `templates_path` holds it. `timeout_s` is how long to wait for a
    connection, and then for the answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = "https://graph.facebook.com"
    version: Annotated[str, StringConstraints(pattern=r"^v[0-9]{1,3}\.[0-9]{1,2}$")] = "v26.0"
    phone_number_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,32}$")]
    waba_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,32}$")] = ""
    messages_path: str = "/{version}/{phone_number_id}/messages"
    number_path: str = "/{version}/{phone_number_id}"
    templates_path: str = "/{version}/{waba_id}/message_templates"
    auth_header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")] = "Authorization"
    auth_prefix: Annotated[str, StringConstraints(pattern=r"^[!-~ ]{0,64}$")] = "Bearer "
    token: Secret
    app_secrets: tuple[Secret, ...] = ()
    verify_token: Secret
    verify_signature: bool = True
    proxy: Secret | None = None
    ca_file: Annotated[Path | None, AfterValidator(_certificates)] = None
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 10.0

    @field_validator("base_url")
    @classmethod
    def _encrypted(cls, base_url: str) -> str:
        url = URL(base_url)
        if url.scheme != "https" and not (url.scheme == "http" and _is_this_machine(url.host)):
            raise ValueError("must begin with https:// (http:// only for 127.0.0.1, ::1 or localhost)")
        return base_url.rstrip("/")

    @field_validator("messages_path", "number_path", "templates_path")
    @classmethod
    def _known_places(cls, path: str, field: ValidationInfo) -> str:
        if not path and field.field_name == "number_path":
            return path
        try:
            filled = path.format(version="", phone_number_id="", waba_id="")
        except (KeyError, IndexError, ValueError, AttributeError):
            raise ValueError("may hold {version}, {phone_number_id} and {waba_id}, nothing else in braces") from None
        if not filled.startswith("/"):
            raise ValueError("must begin with /")
        return path

    @field_validator("token")
    @classmethod
    def _one_word(cls, token: SecretStr) -> SecretStr:
        value = token.get_secret_value()
        if not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError("holds a space, a line break or a letter outside ASCII: copy it again")
        return token

    @field_validator("proxy")
    @classmethod
    def _address(cls, proxy: SecretStr | None) -> SecretStr | None:
        if proxy and (urlsplit(proxy.get_secret_value()).scheme != "http" or not _host(proxy)):
            raise ValueError("must be like http://proxy.example:3128 or http://user:password@proxy.example:3128")
        return proxy

    @model_validator(mode="after")
    def _signed_or_said(self) -> Self:
        if self.verify_signature and not self.app_secrets:
            raise ValueError("app_secrets is empty: give Meta's app secret, or set verify_signature = false")
        return self

    @property
    def longest_post_s(self) -> float:
        """After so many seconds a post that was begun has an outcome, if only that nobody knows."""
        return 2.5 * self.timeout_s

    def trust(self) -> ssl.SSLContext:
        """Whose certificates are believed: the system's, and those of `ca_file`."""
        trusted = ssl.create_default_context()
        if self.ca_file:
            trusted.load_verify_locations(self.ca_file)
        return trusted

    @property
    def messages_url(self) -> str:
        """The address that messages are posted to."""
        return self._url(self.messages_path)

    @property
    def number_url(self) -> str:
        """The address that knows the number; '' where the provider has none."""
        return self._url(self.number_path) if self.number_path else ""

    def _url(self, path: str) -> str:
        names = {"version": self.version, "phone_number_id": self.phone_number_id, "waba_id": self.waba_id}
        return self.base_url + path.format(**names)

    @property
    def proxy_url(self) -> str | None:
        """The proxy's address with its password, if there is a proxy."""
        return self.proxy.get_secret_value() if self.proxy else None

    def hide(self, text: str) -> str:
        """A text of somebody else without our token and without the proxy's password."""
        secrets = (self.token.get_secret_value(), urlsplit(self.proxy_url or "").password)
        for secret in filter(None, secrets):
            text = text.replace(secret, "[secret]")
        return text

    @property
    def templates_url(self) -> str:
        """The address of the account's message templates; '' while the account is not named."""
        named = self.waba_id or "{waba_id}" not in self.templates_path
        return self._url(self.templates_path) if named else ""

    @property
    def auth(self) -> dict[str, str]:
        """The header that proves who we are."""
        return {self.auth_header: self.auth_prefix + self.token.get_secret_value()}


def _host(proxy: SecretStr) -> str | None:
    return urlsplit(proxy.get_secret_value()).hostname


def _is_this_machine(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"
