"""The `eventfilter` lines of manager.conf, made from the code's own lists: Asterisk then sends only what decides.

Asterisk has filters by name and header from 18.26, 20.11, 21.6 and 22.1 on; before, a regular expression (POSIX,
extended) over the whole text of the event. An event is sent when any line lets it pass.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from ami_listener.contexts import deciding, regular
from ami_listener.handlers import APPLICATIONS, CALL_HANDLERS, HANDLERS, VARIABLES
from ami_listener.settings import PbxSettings

NAMES = sorted(({"FullyBooted"} | set(HANDLERS) | set(CALL_HANDLERS)) - {"VarSet", "Newexten", "CoreShowChannel"})
"""Events of which every one counts. CoreShowChannel is an answer, which no filter holds back."""

APPS = sorted(APPLICATIONS)

INSIDE, END = "[^[:cntrl:]]", "[[:cntrl:]]"
"""A character of a line, and the CR that ends it: manager.conf cannot hold one, and `.` runs across lines."""

HEAD = """\
; Ringback: Asterisk sends our AMI user only the events that decide what became of a call: about one in twenty.
; EN: optional; for Asterisk {en}. Below the include of manager_ringback.conf in manager.conf (FreePBX:
;     manager_custom.conf) put  #include "/path/to/{file}"  and run  asterisk -rx "manager reload".
;     Made for the default contexts; with contexts of your own in ringback.toml use what this prints:
;     ringback config filter{option}
; ES: opcional; para Asterisk {es}. Debajo del include de manager_ringback.conf en manager.conf
;     (FreePBX: manager_custom.conf) ponga  #include "/ruta/a/{file}"  y ejecute
;     asterisk -rx "manager reload". Hecho para los contextos por omisión; si define los suyos en ringback.toml,
;     use lo que imprime:  ringback config filter{option}
[ringback](+)
"""


def by_name(settings: PbxSettings) -> Iterator[str]:
    """The lines for an Asterisk with filters by name and header."""
    for name in NAMES:
        yield _line(f"name({name})")
    for variable in sorted(VARIABLES):
        yield _line("name(VarSet),header(Variable),method(exact)", variable)
    yield _line("name(Newexten),header(Application),method(regex)", f"^({'|'.join(map(_any_case, APPS))})$")
    yield _line("name(Newexten),header(Context),method(regex)", f"^({'|'.join(_contexts(settings))})$")


def by_text(settings: PbxSettings) -> Iterator[str]:
    """The lines for an older Asterisk."""
    yield f"eventfilter = ^Event: ({'|'.join(NAMES)}){END}"
    yield f"eventfilter = ^Event: VarSet{END}.*Variable: ({'|'.join(sorted(VARIABLES))}){END}"
    yield f"eventfilter = ^Event: Newexten{END}.*Application: ({'|'.join(map(_any_case, APPS))}){END}"
    yield f"eventfilter = ^Event: Newexten{END}.*{END}Context: ({'|'.join(_contexts(settings))}){END}"


def text(settings: PbxSettings, *, old: bool) -> str:
    """The whole file, for an older or a newer Asterisk."""
    about = {
        "en": "before 18.26, 20.11, 21.6 and 22.1" if old else "from 18.26, 20.11, 21.6 and 22.1 on",
        "es": "anterior a 18.26, 20.11, 21.6 y 22.1" if old else "desde 18.26, 20.11, 21.6 y 22.1",
        "file": f"manager_ringback_filter{'_old' if old else ''}.conf",
        "option": " --old" if old else "",
    }
    return "\n".join([HEAD.format(**about).rstrip(), *(by_text if old else by_name)(settings), ""])


def _line(criteria: str, value: str = "") -> str:
    return f"eventfilter(action(include),{criteria}) = {value}".rstrip()


def _contexts(settings: PbxSettings) -> Iterable[str]:
    return [regular(glob, INSIDE) for glob in deciding(settings)]


def _any_case(word: str) -> str:
    return "".join(f"[{char.upper()}{char}]" for char in word)


if __name__ == "__main__":
    sys.stdout.write(text(PbxSettings.model_validate({"secret": "-"}), old="--old" in sys.argv))
