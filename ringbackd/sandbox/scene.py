"""The business that the sandbox plays, and the settings with which Ringback is run for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from ringback.line import TEMPLATE_LANGUAGE, Language
from ringback.step import template_body
from ringbackd.flowfiles import read_flow

from .asterisk import Pbx
from .cloud import Cloud
from .cloudspec import Account, Knobs, TemplateSpec

BRAND, ZONE = "Tienda Sol", "America/Lima"
INFO: dict[Language, str] = {
    "es": "Atendemos de lunes a sábado de 9 a 18 h, en Av. Larco 345, Miraflores.",
    "en": "We are open Monday to Saturday, 9:00 to 18:00, at Av. Larco 345, Miraflores.",
    "pt": "Atendemos de segunda a sábado, das 9 às 18 h, na Av. Larco 345, Miraflores.",
}
CUSTOMERS = {"987654321": "Ana Torres", "987654322": "Luis Rojas", "987654323": "Rosa Quispe"}
"""Caller ids as a Peruvian PBX shows them, and the names in their WhatsApp."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What may differ from one stage to the next. `retry_min` is the wait (minutes) before every further attempt."""

    language: Language = "es"
    release: str = "22"
    quiet_s: float = 2.0
    short_s: float = 1.0
    retry_min: float = 0.25
    press_1: bool = False
    """The customers of the sandbox talk at once; in service they press 1 first."""
    doubt_s: float = 5.0
    log: str = "info"
    knobs: Knobs = field(default_factory=Knobs)


def e164(number: str) -> str:
    """A Peruvian mobile as WhatsApp addresses it."""
    return f"+51{number}"


def account() -> Account:
    """The WhatsApp account of the business."""
    return Account(verified_name=BRAND)


def templates() -> list[TemplateSpec]:
    """The templates of the line's flow, as Meta would have approved them, in every language."""
    flow = read_flow("flows/general.toml", files("flows").joinpath("general.toml").read_text(encoding="utf-8"))
    return [
        TemplateSpec(
            name=step.template,
            language=code,
            body=template_body(step, language),
            buttons=tuple(option.title.of(language) for option in step.options),
        )
        for step in flow.steps.values()
        if step.say == "template"
        for language, code in TEMPLATE_LANGUAGE.items()
    ]


def write_settings(folder: Path, scene: Scene, pbx: Pbx, cloud: Cloud, redis_url: str, webhook_port: int) -> Path:
    """Write ringback.toml and the files of its secrets, readable by their owner only; returns the TOML's path."""
    secrets = {
        "ami.secret": pbx.ami_secret,
        "whatsapp.token": cloud.account.token,
        "whatsapp.app_secret": cloud.account.app_secret,
        "whatsapp.verify_token": cloud.account.verify_token,
    }
    for name, value in secrets.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(value, encoding="utf-8")
    values: dict[str, Any] = {
        "log": scene.log,
        "ami_port": pbx.ami_port,
        "ami_user": pbx.ami_user,
        "cel": str(pbx.cel_path),
        "spill_folder": str(folder),
        "redis_url": redis_url,
        "base_url": cloud.url,
        "phone_number_id": cloud.account.phone_number_id,
        "waba_id": cloud.account.waba_id,
        "webhook_port": webhook_port,
        "doubt_s": scene.doubt_s,
        "timeout_s": round(scene.doubt_s * 0.38, 2),
        "brand": BRAND,
        "zone": ZONE,
        "language": scene.language,
        "info": INFO[scene.language],
        "quiet_s": scene.quiet_s,
        "short_s": scene.short_s,
        "retry_min": scene.retry_min,
        "press_1": scene.press_1,
    }
    path = folder / "ringback.toml"
    # JSON's texts, numbers and escapes are TOML's too.
    path.write_text(_TOML % {name: json.dumps(value) for name, value in values.items()}, encoding="utf-8")
    return path


_TOML = """\
# The settings of this sandbox: a worked example. While the sandbox runs, this works in another terminal:
#   ringback report -c THIS_FILE        ringback cases list -c THIS_FILE        ringback doctor -c THIS_FILE
log = %(log)s

[pbx]                                   # the AMI account: dialplan/manager_ringback.conf
port = %(ami_port)s
user = %(ami_user)s
secret_file = "ami.secret"              # a file of its own, or RINGBACK_AMI_SECRET in the environment
gap = [{ read = "cel", file = %(cel)s }]
spill_folder = %(spill_folder)s         # where calls wait while Redis is away
short_s = %(short_s)s                             # who hangs up sooner dialled a wrong number

[redis]
url = %(redis_url)s

[whatsapp]                              # the simulated Cloud API; without base_url it would be Meta's
base_url = %(base_url)s
phone_number_id = %(phone_number_id)s
waba_id = %(waba_id)s
token_file = "whatsapp.token"
app_secrets_file = "whatsapp.app_secret"
verify_token_file = "whatsapp.verify_token"
timeout_s = %(timeout_s)s

[webhook]
port = %(webhook_port)s

[sender]
doubt_s = %(doubt_s)s

[guard]                                 # the customers of this sandbox are few, and neighbours
number_day = 1000
block_hour = 10000

[[line]]
name = "ventas"
brand = %(brand)s
language = %(language)s
region = "PE"
timezone = %(zone)s
dids = ["5550100", "5550101", "5550102", "5550103", "5550104"]
queues = ["ventas"]
info = %(info)s
quiet_s = %(quiet_s)s                           # 20 in service: he may be calling again
contact_gap_h = 0                       # 24 in service: nobody is written to twice a day

[line.callback]
channel = "Local/{number}@ringback-outbound"
context = "ringback-callback"
exten = "ventas"
press_1 = %(press_1)s                         # true in service: whoever picks up has to press 1
recovered_s = 1
busy_min = %(retry_min)s                        # minutes until the next attempt; longer in service
no_answer_min = %(retry_min)s
rejected_min = %(retry_min)s
failed_min = %(retry_min)s
no_agent_min = %(retry_min)s
machine_min = %(retry_min)s
"""
