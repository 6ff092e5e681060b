"""What a Unix user may do with a file, by its mode bits, asked by another one."""

from __future__ import annotations

import grp
import os
import pwd
from contextlib import suppress
from pathlib import Path

ASTERISK = "asterisk"
"""The user that Asterisk runs as, on FreePBX and on Debian."""

READ, WRITE, ENTER = os.R_OK, os.W_OK, os.X_OK


def asterisk_may(path: Path, rights: int) -> bool:
    """Whether Asterisk's user has all these rights there; where there is no such user, whether we have."""
    return may(path, rights, ASTERISK)


def may(path: Path, rights: int, name: str) -> bool:
    """Whether the user of that name has all these rights there; where there is no such user, whether we have."""
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        return os.access(path, rights)
    groups = {user.pw_gid} | {group.gr_gid for group in grp.getgrall() if name in group.gr_mem}
    with suppress(OSError):
        return _given(path, rights, user.pw_uid, groups) and all(
            _given(parent, ENTER, user.pw_uid, groups) for parent in path.absolute().parents
        )
    return False


def _given(path: Path, rights: int, user: int, groups: set[int]) -> bool:
    """As owner, else by a group, else as anybody; root as if by right."""
    found = path.stat()
    shift = 6 if found.st_uid == user else 3 if found.st_gid in groups else 0
    return user == 0 or found.st_mode >> shift & rights == rights
