"""`ringback-offer`: the dialogue for `AGI(ringback-offer)`, when the daemon does not answer.

It needs nothing but the folder that `[offer] folder` names: what may be offered is read there, what was chosen is left
there. Another folder than the usual one is given as its argument: AGI(ringback-offer,/path/to/folder).
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from asterisk.agi import AGIError

from agi.menu import load
from agi.offer import House, run
from agi.session import Gone, Session
from agi.spool import Spool

USUAL = "/var/spool/ringback"


def main() -> int:
    """Talk to Asterisk on the standard input and output; 1 when nothing could be offered or kept."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # Asterisk sends it at a hang-up: what was chosen is still to be kept
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else USUAL)
    try:
        with (
            open(0, encoding="utf-8", errors="replace", closefd=False) as stdin,
            open(1, "w", encoding="utf-8", closefd=False) as stdout,
        ):
            session = Session(stdin, stdout)
            run(session, House(load(folder), Spool(folder)))
    except Gone:
        return 0
    except (OSError, ValueError, AGIError) as error:
        hint = f"is {folder} the [offer] folder of ringback.toml, and has Ringback run since?"
        sys.stderr.write(f"ringback-offer: {error}; {hint}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
