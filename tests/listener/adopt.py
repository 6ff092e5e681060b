"""Turn a recording into a test: `python -m tests.listener.adopt FILE NAME [--verdict VERDICT] [-c ringback.toml]`.

It writes NAME.ami.gz (with other numbers and names, whatever it was) and NAME.json (the calls as the tracker judges
them now, and the settings that differ from the defaults) into tests/listener/transcripts; test_adopted.py holds the
tracker to them. `--verdict` is what a person listening would have said of the only call: where the tracker is wrong,
the test is red until it is mended.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ami_listener.anonymise import anonymised
from ami_listener.newfile import new_file
from ami_listener.recording import Recording
from ami_listener.replay import Replay
from ami_listener.settings import PbxSettings
from ringback.call import Call, Verdict
from ringbackd.settings import load

TRANSCRIPTS = Path(__file__).parent / "transcripts"
JUDGING = frozenset(name for name in PbxSettings.model_fields if name.endswith("_contexts")) | {
    "trunks",
    "machines",
    "short_s",
    "answered_after_s",
}
"""The settings that can change a verdict."""


def judged(recording: Path, judging: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls of a recording as JSON."""
    settings = PbxSettings.model_validate({"secret": "unused", **judging})
    found = Replay(Recording(str(recording)), settings)
    return [call.model_dump(mode="json", exclude={"source"}) for call in found if isinstance(call, Call)]


def adopt(recording: Recording, folder: Path, name: str, verdict: Verdict | None, judging: dict[str, Any]) -> Path:
    """Write both files. FileExistsError when the name is taken; ValueError when a verdict cannot be meant."""
    path = folder / f"{name}.ami.gz"
    with new_file(path) as file:
        file.writelines(anonymised(recording.raw, secrets.token_bytes(32)))
    calls = judged(path, judging)
    if verdict:
        if len(calls) != 1:
            path.unlink()
            raise ValueError(f"{recording.name} has {len(calls)} calls; --verdict speaks of one: mend the JSON by hand")
        calls[0]["verdict"] = verdict
    text = json.dumps({"settings": judging, "calls": calls}, indent=1, ensure_ascii=False)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    return path


def main(argv: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.listener.adopt", description=__doc__)
    parser.add_argument("file", help="from `ringback record`")
    parser.add_argument("name", help="of the test: what happened in the call, as queue_key_pressed_then_abandoned")
    parser.add_argument("--verdict", type=Verdict, choices=list(Verdict), help="what really became of its only call")
    parser.add_argument("-c", "--config", type=Path, help="the settings of its PBX, where they are not the defaults")
    given = parser.parse_args(argv)
    judging = load(given.config).pbx.model_dump(mode="json", include=set(JUDGING)) if given.config else {}
    judging = {key: value for key, value in judging.items() if value != _default(key)}
    try:
        print(adopt(Recording(given.file), TRANSCRIPTS, given.name, given.verdict, judging))
    except (OSError, ValueError) as error:
        sys.exit(f"{given.file}: {error}")


def _default(key: str) -> object:
    default = PbxSettings.model_fields[key].default
    return list(default) if isinstance(default, tuple) else default


if __name__ == "__main__":
    main()
