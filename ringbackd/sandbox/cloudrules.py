"""What Meta refuses although its form is right: templates that do not fit, and free text outside the 24-hour window."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ringbackd.sandbox.clouderror import MetaError
from ringbackd.sandbox.cloudparts import TemplateUse
from ringbackd.sandbox.cloudrequest import Request, TemplateRequest
from ringbackd.sandbox.cloudspec import TemplateSpec

WINDOW_S = 24 * 3600
MAX_TEMPLATE_BODY = 1024
_STOPPED = {"PAUSED": 132015, "DISABLED": 132016}
_BAD_PARAMETER = re.compile(r"[\n\r\t]| {5}")


class Templates:
    """The account's templates, by name and language."""

    def __init__(self, specs: Iterable[TemplateSpec]) -> None:
        self._specs = {(spec.name, spec.language): spec for spec in specs}

    def __iter__(self) -> Iterator[TemplateSpec]:
        return iter(self._specs.values())

    def put(self, spec: TemplateSpec) -> None:
        """Add a template, or replace it."""
        self._specs[spec.name, spec.language] = spec

    def get(self, name: str, language: str) -> TemplateSpec | None:
        """A template, whatever became of it."""
        return self._specs.get((name, language))

    def find(self, use: TemplateUse) -> TemplateSpec:
        """The template that is meant. Raises MetaError 132001 (the language must match exactly), 132015 or 132016."""
        spec = self.get(use.name, use.language.code)
        if spec and spec.status in _STOPPED:
            raise MetaError(_STOPPED[spec.status], f"template name ({use.name}) is {spec.status.lower()}")
        if spec is None or spec.status != "APPROVED":
            raise MetaError(132001, f"template name ({use.name}) does not exist in {use.language.code}")
        return spec


def check(request: Request, templates: Templates, window_open: bool) -> None:
    """Raise MetaError where Meta would refuse; `window_open` says whether the customer wrote in the last 24 hours."""
    if isinstance(request, TemplateRequest):
        _fits(request.template, templates.find(request.template))
    elif not window_open:
        raise MetaError(131047, "more than 24 hours have passed since the customer last replied to this number")


def _fits(use: TemplateUse, spec: TemplateSpec) -> None:
    if len(use.params) != spec.places:
        raise MetaError(132000, f"body: number of localizable_params ({len(use.params)}) is not {spec.places}")
    if any(_BAD_PARAMETER.search(param) for param in use.params):
        raise MetaError(100, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces")
    if any(index >= len(spec.buttons) for index in use.payloads):
        raise MetaError(131009, f"buttons: the template has {len(spec.buttons)} quick replies, counted from 0")
    if len(spec.render(use.params)) > MAX_TEMPLATE_BODY:
        raise MetaError(132005, f"the body is longer than {MAX_TEMPLATE_BODY} characters once it is filled in")
