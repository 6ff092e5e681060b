"""`python -m tests.callbacks.dying SETTINGS SEED LIVES`: a Ringback that sends no messages, killed again and again.

Each life is a process of its own that kills itself with SIGKILL just before or just after a step, by chance: a step is
a commit (an order, the mark of a dial, its end, an outcome, what the listener tells) or an Originate. The last one
lives on.
SETTINGS is a JSON file with the values of `ringbackd.settings.Settings`. The signal that ended each life is printed.
"""

from __future__ import annotations

import asyncio
import ctypes
import hashlib
import json
import os
import random
import signal
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

from ami_listener.dialer import Dial, Dialer, NotDialled, Queued, Unclear
from ringback import attempts
from ringbackd.compose import run
from ringbackd.settings import Settings
from ringbackd.together import TogetherRedis

COMMIT = hashlib.sha1(files("ringbackd").joinpath("scripts/commit.lua").read_bytes(), usedforsecurity=False).hexdigest()
ROLES = frozenset({"listener", "desk", "scheduler"})
MOST = 24
"""Steps of a life; a call back has about as many."""
PAUSES_S = (0.0, 0.0, 0.0, 0.0, 2.0)
PR_SET_PDEATHSIG = 1


def arm(steps: int) -> None:
    """Let the process live for so many steps. Sooner a doubt is over than in service."""
    left = steps
    asks, dials = TogetherRedis.execute_command, Dialer.originate

    def step() -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    async def ask(self: TogetherRedis, *args: Any, **options: Any) -> Any:
        commits = args[:2] == ("EVALSHA", COMMIT)
        step() if commits else None
        answer = await asks(self, *args, **options)
        step() if commits else None
        return answer

    async def dial(self: Dialer, wanted: Dial) -> Queued | NotDialled | Unclear:
        step()
        answer = await dials(self, wanted)
        step()
        return answer

    setattr(TogetherRedis, "execute_command", ask)  # noqa: B010  # mypy refuses the assignment to a method
    setattr(Dialer, "originate", dial)  # noqa: B010  # the same
    attempts.DOUBT_AFTER_RING_S = 2.0


def live(settings: Settings, steps: int) -> None:
    """One life, in this process; it does not outlive who began it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    arm(steps)
    asyncio.run(run(settings, ROLES, asyncio.Event()))


def lives(settings: Settings, seed: int, count: int) -> None:
    """So many lives, one after the other, now and then with a while in which there is none; the last one is not killed
    but with this process."""
    dice = random.Random(seed)
    for number in range(count + 1):
        steps, pause = dice.randint(1, MOST), dice.choice(PAUSES_S)
        child = os.fork()
        if child == 0:
            live(settings, steps if number < count else sys.maxsize)
        _, status = os.waitpid(child, 0)
        print(os.WTERMSIG(status), flush=True)
        time.sleep(pause)


if __name__ == "__main__":
    values = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    lives(Settings.model_validate(values), int(sys.argv[2]), int(sys.argv[3]))
