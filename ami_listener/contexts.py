"""What a dialplan context means to a caller: the trunk, a menu, a closed door. Pure."""

from __future__ import annotations

import re
from enum import Enum, auto
from fnmatch import fnmatchcase

from ami_listener.settings import PbxSettings

REMEMBERED = 10_000
"""Contexts whose kind is kept; names come from the wire, so the memory is bounded."""


class Kind(Enum):
    """What happens to a caller in a context."""

    TRUNK = auto()
    IVR = auto()
    CLOSED = auto()
    ANNOUNCEMENT = auto()
    SCHEDULE = auto()
    HANGUP = auto()
    VOICEMAIL = auto()
    PHONES = auto()
    OTHER = auto()


class Contexts:
    """Sorts dialplan contexts by the patterns of the settings, each context once."""

    def __init__(self, settings: PbxSettings) -> None:
        self._patterns = (
            (Kind.PHONES, settings.phone_contexts),
            (Kind.TRUNK, settings.trunk_contexts),
            (Kind.IVR, settings.ivr_contexts),
            (Kind.CLOSED, settings.closed_contexts),
            (Kind.ANNOUNCEMENT, settings.announcement_contexts),
            (Kind.SCHEDULE, settings.schedule_contexts),
            (Kind.HANGUP, settings.hangup_contexts),
            (Kind.VOICEMAIL, settings.voicemail_contexts),
        )
        self._known: dict[str, Kind] = {}

    def kind(self, context: str) -> Kind:
        """The kind of a context; the first list of patterns that matches wins."""
        known = self._known.get(context)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[context] = self._sort(context)
        return known

    def _sort(self, context: str) -> Kind:
        for kind, patterns in self._patterns:
            if any(fnmatchcase(context, pattern) for pattern in patterns):
                return kind
        return Kind.OTHER


def deciding(settings: PbxSettings) -> tuple[str, ...]:
    """The globs of the contexts that mean something when they are executed. Where a trunk begins, Newchannel tells."""
    lists = (
        settings.phone_contexts,
        settings.ivr_contexts,
        settings.closed_contexts,
        settings.announcement_contexts,
        settings.schedule_contexts,
        settings.hangup_contexts,
        settings.voicemail_contexts,
    )
    return tuple(dict.fromkeys(pattern for patterns in lists for pattern in patterns))


def regular(glob: str, inside: str) -> str:
    """A glob as a regular expression, POSIX or Python's, where `inside` is a character of a line.

    An odd character may be any: what passes too much is read and dropped.
    """
    return re.sub(r"\[.[^]]*\]|[^\w-]", lambda odd: f"{inside}*" if odd[0] == "*" else inside, glob)
