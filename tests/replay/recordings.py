"""Recordings for the tests: the transcripts of tests/listener, and pieces of them."""

import re
from collections.abc import Iterable
from pathlib import Path

from ami_listener.recording import Recording
from ami_listener.replay import Replay
from ami_listener.settings import PbxSettings
from ringback.call import Call

ROOT = Path(__file__).parents[2]
TRANSCRIPTS = sorted((ROOT / "tests/listener/transcripts").glob("*.ami"))
CAPTURES = sorted((ROOT.parent / "shared/captures").glob("*.ami.gz"))
"""Recorded on a real FreePBX 17; kept beside the checkout, not in it."""

SETTINGS = PbxSettings.model_validate({"name": "lima", "secret": "s3cret"})
LINE = """
[pbx]
secret = "s3cret"
[whatsapp]
phone_number_id = "100000000000001"
token = "token"
app_secrets = ["secret"]
verify_token = "verify"
[[line]]
name = "ventas"
brand = "Tienda Sol"
region = "PE"
timezone = "America/Lima"
dids = ["5550100", "5550101", "5550103"]
queues = ["ventas"]
[line.callback]
exten = "ventas"
"""


def raw(name: str) -> bytes:
    return (ROOT / f"tests/listener/transcripts/{name}.ami").read_bytes()


def untimed(data: bytes) -> bytes:
    return re.sub(rb"Timestamp: [0-9.]+\r\n", b"", data)


def replayed(path: Path, settings: PbxSettings = SETTINGS) -> Replay:
    return Replay(Recording(str(path)), settings)


def calls(path: Path, settings: PbxSettings = SETTINGS) -> list[Call]:
    return ended(replayed(path, settings))


def ended(outcomes: Iterable[object]) -> list[Call]:
    return [outcome for outcome in outcomes if isinstance(outcome, Call)]
