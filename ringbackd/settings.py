"""Everything an admin can set: one frozen model, read from TOML, secrets from the environment or from files."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    StringConstraints,
    ValidationError,
    model_validator,
)
from redis.asyncio.connection import parse_url

from ami_listener.settings import PbxSettings
from ringback.dialguard import Guard
from ringback.line import Line
from ringbackd.pacing import Pacing
from ringbackd.speaking import PromptSettings
from whatsapp.settings import CloudSettings

SECRET_PATH = 20
"""Signs that the last part of webhook.path must have where nothing else proves who sends webhooks."""
SETTINGS = "/etc/ringback/ringback.toml"
"""Where the settings are looked for unless a command is told otherwise."""

SECRETS = {
    ("pbx", "secret"): "RINGBACK_AMI_SECRET",
    ("pbx", "database"): "RINGBACK_PBX_DATABASE",
    ("whatsapp", "token"): "RINGBACK_WHATSAPP_TOKEN",
    ("whatsapp", "app_secrets"): "RINGBACK_APP_SECRETS",
    ("whatsapp", "verify_token"): "RINGBACK_VERIFY_TOKEN",
    ("redis", "url"): "RINGBACK_REDIS_URL",
}
"""Where a secret may come from instead of the file. RINGBACK_APP_SECRETS may hold several, parted by commas; each may
also be given as NAME_file = "path" in the TOML. A file secrets.env beside the TOML is read like the environment."""


class SettingsError(Exception):
    """The settings cannot be used; the text names the file, the key and what is allowed."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _redis_url(url: str) -> str:
    try:
        parse_url(url)
    except ValueError:  # its text may hold a part of the password
        raise ValueError(
            "cannot be read; write it like redis://user:password@127.0.0.1:6379/0, odd signs in the password as %2F"
        ) from None
    return url


class RedisSettings(_Part):
    """Where Redis is. `namespace` parts several installations in one Redis.

    With `sentinels` (HOST:PORT) the primary of `service` is asked for there; of `url` its user, password and database
    number count. Before anything is done that cannot be taken back (a post, a dial, a webhook's 200), so many
    `replicas` must have what was written.
    """

    url: Annotated[str, StringConstraints(pattern=r"^(redis|rediss|unix)://"), AfterValidator(_redis_url)] = (
        "redis://127.0.0.1:6379/0"
    )
    namespace: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,32}$")] = "ringback"
    sentinels: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,253}:[0-9]{1,5}$")], ...] = ()
    service: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = "mymaster"
    replicas: Annotated[int, Field(ge=0, le=10)] = 0

    @property
    def address(self) -> str:
        """Where it is, for people: without a password."""
        return f"{self.service} of {', '.join(self.sentinels)}" if self.sentinels else self.url.rpartition("@")[2]

    @model_validator(mode="after")
    def _by_network(self) -> Self:
        if self.sentinels and self.url.startswith("unix:"):
            raise ValueError("sentinels and a url that begins with unix: do not go together")
        return self


class WebhookSettings(_Part):
    """Where Meta's webhooks are received (behind a reverse proxy that speaks HTTPS).

    What `trusted_proxies` (addresses or networks) say of where a request comes from is believed, nobody else.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8088
    path: Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9/_-]*$")] = "/whatsapp"
    trusted_proxies: tuple[IPvAnyNetwork, ...] = (ip_network("127.0.0.0/8"), ip_network("::1"))

    def unproven(self, signed: bool) -> str:
        """What to mend where anybody could send webhooks in Meta's name; '' where signatures or the path prevent it."""
        if signed or self.secret_path:
            return ""
        return (
            "webhook.path: webhooks are not signed (whatsapp.verify_signature), so whoever guesses the path can speak "
            f"for your customers: end it with / and {SECRET_PATH} random letters and digits, and tell the provider"
        )

    @property
    def secret_path(self) -> bool:
        """Whether the last part of the path cannot be guessed."""
        return len(self.path.rpartition("/")[2]) >= SECRET_PATH


class SenderSettings(_Part):
    """How many messages are posted at a time, how long one in doubt waits for a status (seconds), and how fast. At 80
    at a time the usual 80 per second are reached even while WhatsApp takes a second to answer."""

    width: Annotated[int, Field(ge=1, le=200)] = 80
    doubt_s: Annotated[float, Field(ge=1, le=3600)] = 120
    pacing: Pacing = Pacing()


class CallbackSettings(_Part):
    """How many calls back may be under way on this PBX at once, over all lines; 0: as many as the lines allow."""

    at_once: Annotated[int, Field(ge=0, le=10_000)] = 0


class OfferSettings(_Part):
    """Where callers are offered WhatsApp or a call back: `host` and `port` of the FastAGI server, for so many calls at
    once, and the `folder` that Asterisk's user and Ringback's share. Without a folder nothing is offered."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 4573
    calls: Annotated[int, Field(ge=1, le=2000)] = 200
    folder: Path | None = None


class Settings(_Part):
    """The whole installation."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,32}$")] = "ringback"
    """Tells several `ringback run` on one Redis apart; must stay the same over restarts."""
    log: Literal["debug", "info", "warning", "error"] = "info"
    flows: Path | None = None
    """A folder with flows of your own; the shipped ones are always there."""
    templates: Path | None = None
    """A folder with message templates of your own; the shipped ones are always there."""
    redis: RedisSettings = RedisSettings()
    pbx: PbxSettings
    whatsapp: CloudSettings
    webhook: WebhookSettings = WebhookSettings()
    sender: SenderSettings = SenderSettings()
    guard: Guard = Guard()
    callbacks: CallbackSettings = CallbackSettings()
    prompts: PromptSettings = PromptSettings()
    offer: OfferSettings = OfferSettings()
    line: Annotated[tuple[Line, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _no_post_outlives_its_doubt(self) -> Self:
        longest = self.whatsapp.longest_post_s
        if self.sender.doubt_s <= longest:
            raise ValueError(
                f"sender.doubt_s: {self.sender.doubt_s:g} must be more than {longest:g}, 2.5 times whatsapp.timeout_s: "
                "so long a post may be under way, and a message that is posted again meanwhile could arrive twice"
            )
        return self

    @model_validator(mode="after")
    def _no_twins(self) -> Self:
        for what in ("name", "dids", "queues"):
            seen: dict[str, str] = {}
            for line in self.line:
                values = (line.name,) if what == "name" else getattr(line, what)
                for value in values:
                    if value in seen:
                        raise ValueError(f"{what}: {value!r} is in line {seen[value]!r} and again in {line.name!r}")
                    seen[value] = line.name
        return self


class PbxPart(BaseModel):
    """What a command needs that only listens: the PBX, and the lines where there are any. The rest may be missing."""

    model_config = ConfigDict(frozen=True)

    pbx: PbxSettings
    line: tuple[Line, ...] = ()


Part = TypeVar("Part", Settings, PbxPart)


def load(path: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises SettingsError with one line per mistake; each begins with the file and the key."""
    return _load(path, environment, Settings)


def load_pbx(path: Path) -> PbxPart:
    """Read of the settings what concerns the PBX. Raises SettingsError as `load` does."""
    return _load(path, None, PbxPart)


def _load(path: Path, environment: Mapping[str, str] | None, part: type[Part]) -> Part:
    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
    except FileNotFoundError as error:
        raise SettingsError(
            f"{path}: there is no such file; `ringback config example` prints one to begin with"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: byte {error.start} is no UTF-8; save the file as UTF-8") from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error
    _fill_secrets(path, data, _beside(path) | dict(os.environ if environment is None else environment))
    try:
        return part.model_validate(data)
    except ValidationError as error:
        raise SettingsError("\n".join(f"{path}: {line}" for line in explain(error))) from None


def explain(error: ValidationError) -> list[str]:
    """A line per mistake: the key as in the file, what is wrong, what was found (never a secret)."""
    details = error.errors(include_url=False, include_context=True)
    # a list with a mistake in each of its items is not "too short" as well
    items = {detail["loc"][:1] for detail in details if len(detail["loc"]) > 1}
    told = [detail for detail in details if not (detail["type"] == "too_short" and detail["loc"] in items)]
    return [_one(dict(detail)) for detail in told]


def _one(detail: Mapping[str, Any]) -> str:
    where = ".".join(f"{part + 1}" if isinstance(part, int) else str(part) for part in detail["loc"]) or "settings"
    if detail["type"] == "extra_forbidden":
        return f"{where}: there is no such setting; check the spelling"
    if detail["type"] == "missing":
        variable = SECRETS.get(tuple(detail["loc"]))
        return f"{where}: is missing" + (f'; set {variable}, or {where}_file = "path"' if variable else "")
    secret = any(where.startswith(".".join(key)) for key in SECRETS)
    found = detail["input"]
    shown = f", not {found!r}" if not secret and isinstance(found, str | int | float) else ""
    return f"{where}: {detail['msg'].removeprefix('Value error, ')}{shown}"


def _fill_secrets(path: Path, data: dict[str, Any], environment: Mapping[str, str]) -> None:
    for (part, key), variable in SECRETS.items():
        table = data.setdefault(part, {})
        if not isinstance(table, dict):
            continue
        text = environment.get(variable, "")
        if f"{key}_file" in table:
            text = _read_secret(path, f"{part}.{key}_file", str(table.pop(f"{key}_file")))
        if text:
            table[key] = [word.strip() for word in text.split(",")] if key == "app_secrets" else text


def _beside(path: Path) -> dict[str, str]:
    """The secrets.env beside the settings, which systemd reads too: so every command finds what the service has."""
    try:
        lines = (path.parent / "secrets.env").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path.parent / 'secrets.env'}: {error}") from error
    pairs = [line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#")]
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}


def _read_secret(path: Path, key: str, name: str) -> str:
    try:
        return (path.parent / name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {key}: {error}") from error
