"""`python -m tests.service.dying CONFIG N`: the sender of `ringback run`, killed with SIGKILL just before its Nth step.

A step is a script in Redis (claim, pace, commit) or a POST.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from ringback.message import Message
from ringbackd import cli
from ringbackd.together import TogetherRedis
from whatsapp.client import CloudClient
from whatsapp.outcome import Outcome

SCRIPTS = frozenset({"EVALSHA", "EVAL"})


def arm(steps: int) -> None:
    """Let the process live for so many steps less one."""
    left = steps
    asks, posts = TogetherRedis.execute_command, CloudClient.send

    def step() -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    async def ask(self: TogetherRedis, *args: Any, **options: Any) -> Any:
        if args[0] in SCRIPTS:
            step()
        return await asks(self, *args, **options)

    async def post(self: CloudClient, message: Message, attempt: int = 0) -> Outcome:
        step()
        return await posts(self, message, attempt)

    setattr(TogetherRedis, "execute_command", ask)  # noqa: B010  # mypy refuses the assignment to a method
    setattr(CloudClient, "send", post)  # noqa: B010  # the same


if __name__ == "__main__":
    arm(int(sys.argv[2]))
    sys.exit(cli.main(["run", "-c", sys.argv[1], "--only", "sender"]))
