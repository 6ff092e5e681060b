"""Calls recorded on a real FreePBX 17, where the folder beside the checkout has them."""

import gzip
import json
from pathlib import Path

import pytest

from ami_listener.settings import PbxSettings
from ami_listener.wire import Framer
from ringback.call import Direction, Verdict
from tests.listener.listenerkit import calls

CAPTURES = sorted((Path(__file__).parents[3] / "shared" / "captures").glob("*.ami.gz"))
UNTIMED = PbxSettings.model_validate({"secret": "x", "short_s": 0, "answered_after_s": 0})
"""These streams carry no times, so durations decide nothing."""

FINER = {
    "04_queue_timeout_pbx_hangup": Verdict.QUEUE_TIMEOUT,
    "13_closed_announcement": Verdict.CLOSED,
}


@pytest.mark.skipif(not CAPTURES, reason="the recordings are not beside this checkout")
@pytest.mark.parametrize("dialplan", [True, False], ids=["all events", "without the dialplan class"])
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.split(".")[0])
def test_the_verdict_is_the_recorded_truth(path: Path, dialplan: bool) -> None:
    truth = json.loads(path.with_name(path.name.replace(".ami.gz", ".json")).read_text())
    events = Framer().feed(gzip.decompress(path.read_bytes()))
    found = calls((one for one in events if dialplan or not one.get("Privilege", "").startswith("dialplan")), UNTIMED)
    if truth["expected"] == "ignored":
        assert not any(call.missed or call.direction is Direction.INBOUND for call in found)
        return
    (call,) = found
    assert call.verdict is FINER.get(truth["name"]) or call.verdict.value == truth["expected"]
    assert (call.caller, call.did, call.direction) == (truth["caller"], truth["did"], Direction.INBOUND)
    assert ",".join(call.queues) == (truth["queue"] or "")
    assert call.agent == (truth["agent"] or "")
