"""Plain Asterisk: an agent who logs in (AgentLogin) and stays on the line from one customer to the next."""

from __future__ import annotations

import asyncio

from tests.pbx.scenario import ANSWERED, MISSED, Scenario, Scene

POOL = """
[from-trunk]
exten => {did},1,Answer(,i)
 same => n,Queue({queue})
 same => n,Hangup()

[from-internal]
exten => {queue},1,Answer(,i)
 same => n,AgentLogin({queue},s)
 same => n,Hangup()

[agents]
exten => {queue},1,AgentRequest({queue})
 same => n,Hangup()
"""
MEMBER = """
[{queue}](usual)
member => Local/{queue}@agents,0,Agent,Agent:{queue}
"""
THIRD = "987650276"
TAKEN = {**ANSWERED, "agent": "{a}", "queue": "{queue}"}


async def _one_after_the_other(scene: Scene) -> None:
    """Once somebody speaks, Asterisk takes the Local channels out of the line: the agent is older than the calls."""
    agent = await scene.call("a", "queue")
    await agent.established()
    await scene.talk(4)
    first = await scene.call()
    await scene.talk(3)
    await asyncio.gather(agent.speak(0.5), first.speak(0.5))
    await scene.talk(2)
    await first.hang_up()
    await scene.talk(2)
    second = await scene.call("second")
    await scene.talk(3)
    await asyncio.gather(agent.speak(0.5), second.speak(0.5))
    in_vain = await scene.call(THIRD)
    await scene.talk(6)
    await in_vain.hang_up()
    await second.hang_up()
    await scene.talk(5)
    await agent.hang_up()


SCENARIOS = (
    Scenario(76, "agent_stays_on_the_line", _one_after_the_other,
             {"{caller}": TAKEN, "{second}": TAKEN, THIRD: {**MISSED, "verdict": "abandoned_queue"}}, POOL, MEMBER),
)  # fmt: skip
