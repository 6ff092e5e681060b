"""Whether each line can write to people: its templates as Meta has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ringback.flow import Flow
from ringback.line import Line
from ringback.step import Step, template_places
from ringbackd.settings import Settings
from ringbackd.store import Store
from ringbackd.templatestore import recall, remember
from whatsapp.graph import Graph, GraphError
from whatsapp.templatestate import Remote, usable

Known = dict[tuple[str, str], Remote]


def wanted(settings: Settings, flows: Mapping[str, Flow]) -> Iterator[tuple[Line, Step]]:
    """Each template step that a line's flow may say."""
    for line in settings.line:
        for step in flows[line.flow].templates(line).values():
            yield line, step


def unready(settings: Settings, flows: Mapping[str, Flow], known: Known) -> list[str]:
    """Why a line's templates would be refused by Meta as things stand, a sentence each."""
    troubles = [_trouble(line, step, known) for line, step in wanted(settings, flows)]
    return [trouble for trouble in dict.fromkeys(troubles) if trouble]


def _trouble(line: Line, step: Step, known: Known) -> str:
    where = f"line {line.name}: template {step.template} ({line.template_code})"
    there = known.get((step.template, line.template_code))
    if there is None:
        codes = ", ".join(sorted(code for name, code in known if name == step.template))
        hint = f"; it is in {codes}: see template_language" if codes else ""
        return f"{where} is not at Meta{hint}; `ringback templates push` hands it in"
    if not usable(there.status):
        return f"{where} is {there.status or 'unknown'}{f' ({there.reason})' if there.reason else ''}, not approved"
    places, buttons = len(template_places(step, line.language)), len(step.options)
    if there.places is not None and (there.places, len(there.buttons)) != (places, buttons):
        return f"{where} has {there.places} places and {len(there.buttons)} buttons, the flow {places} and {buttons}"
    return ""


async def look(settings: Settings, flows: Mapping[str, Flow], store: Store) -> list[str]:
    """What an admin should know, a sentence each: from Meta, or where no account is named from what was last heard.

    Raises redis.RedisError.
    """
    if not settings.whatsapp.templates_url:
        known = await recall(store)
        return [f"{trouble}, as last heard" for trouble in unready(settings, flows, known) if known]
    try:
        async with Graph(settings.whatsapp) as graph:
            known = await graph.templates()
    except GraphError as error:
        return [f"templates: {error}; look at whatsapp.waba_id and templates_path"]
    await remember(store, known)
    return unready(settings, flows, known)
