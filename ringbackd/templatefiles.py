"""Reads the templates: those that are shipped, and an admin's own, which replace shipped ones of the same name."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from pydantic import ValidationError

from ringback.flow import Flow
from ringback.line import Line
from ringback.step import template_places
from ringbackd.settings import Settings, SettingsError, explain
from whatsapp.templatefile import TemplateFile


def read_template(where: str, text: str) -> TemplateFile:
    """One template. Raises SettingsError that names the file, the language and the field."""
    try:
        return TemplateFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{where}: {error}") from error
    except ValidationError as error:
        raise SettingsError("\n".join(f"{where}: {line}" for line in explain(error))) from None


def shipped() -> dict[str, TemplateFile]:
    """The templates that come with Ringback, by name."""
    folder = files("whatsapp").joinpath("templates")
    entries = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda e: e.name)
    read = (read_template(f"whatsapp/templates/{e.name}", e.read_text(encoding="utf-8")) for e in entries)
    return {template.name: template for template in read}


def read_templates(settings: Settings) -> dict[str, TemplateFile]:
    """Every template by its name. Raises SettingsError."""
    found = shipped()
    for path in sorted(settings.templates.glob("*.toml")) if settings.templates else ():
        try:
            template = read_template(str(path), path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path}: {error}") from error
        found[template.name] = template
    return found


def misfits(line: Line, flow: Flow, templates: dict[str, TemplateFile]) -> list[str]:
    """Why the templates of a line's flow could not be sent as they are here, a line for each."""
    found: list[str] = []
    for name, step in flow.templates(line).items():
        where, template = f"line {line.name}: flow {flow.id}, step {name}", templates.get(step.template)
        if template is None:
            found.append(f"{where}: there is no template {step.template!r} here; put one into the folder `templates`")
            continue
        if line.template_code not in template.languages:
            codes = ", ".join(template.languages)
            found.append(
                f"{where}: {step.template} is not in {line.template_code}, only in {codes}; see template_language"
            )
        if template_places(step, line.language) != template.places:
            found.append(f"{where}: {step.template} has the places {template.places}, the step's text has others")
        if len(step.options) != len(template.languages[next(iter(template.languages))].buttons):
            found.append(f"{where}: {step.template} has another number of buttons than the step has options")
    return found
