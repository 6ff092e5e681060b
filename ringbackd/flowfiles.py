"""Reads the flows: those that are shipped, and an admin's own, which replace shipped ones of the same id."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from ringback.flow import Flow
from ringbackd.settings import Settings, SettingsError, explain


def read_flow(where: str, text: str) -> Flow:
    """One flow. Raises SettingsError that names the file, the step and the field."""
    try:
        return Flow.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{where}: {error}") from error
    except ValidationError as error:
        raise SettingsError("\n".join(f"{where}: {line}" for line in explain(error))) from None


def read_flows(settings: Settings) -> dict[str, Flow]:
    """Every flow by its id. Raises SettingsError also when a line names a flow that does not exist."""
    shipped = [entry for entry in files("flows").iterdir() if entry.name.endswith(".toml")]
    texts = [(f"flows/{entry.name}", entry.read_text(encoding="utf-8")) for entry in shipped]
    if settings.flows:
        texts += [(str(path), _text(path)) for path in sorted(settings.flows.glob("*.toml"))]
    flows = {flow.id: flow for flow in (read_flow(where, text) for where, text in texts)}
    for line in settings.line:
        if line.flow not in flows:
            raise SettingsError(f"line {line.name}: flow {line.flow!r} is not one of {', '.join(sorted(flows))}")
    return flows


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error
