"""What the AMI user that we ship cannot do, on the real Asterisk 22 and 16: a stolen secret is no shell."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from rich.console import Console

from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.kit import ensure

SHIPPED = Path(__file__).parent.parent.parent / "dialplan/manager_ringback.conf"
RING = "Action: Originate\r\nChannel: Local/s@nowhere\r\nAsync: true"
DENIED = {
    "a command of the console": "Action: Command\r\nCommand: core show version",
    "a new setting": "Action: UpdateConfig\r\nSrcFilename: manager.conf\r\nDstFilename: manager.conf\r\nReload: no",
    "the secrets of others": "Action: GetConfig\r\nFilename: manager.conf",
    "another module": "Action: ModuleLoad\r\nLoadType: load\r\nModule: app_system.so",
    "other people's calls": "Action: Redirect\r\nChannel: PJSIP/101-1\r\nExten: s\r\nContext: x\r\nPriority: 1",
    "hanging up others": "Action: Hangup\r\nChannel: PJSIP/101-1",
    "a variable": "Action: Setvar\r\nVariable: X\r\nValue: 1",
    "a program, as the call's application": f"{RING}\r\nApplication: System\r\nData: touch @PROOF@",
    "a program, by another name": f"{RING}\r\nApplication: TrySystem\r\nData: touch @PROOF@",
    "a program, wrapped": f"{RING}\r\nApplication: Exec\r\nData: System(touch @PROOF@)",
    "a program, as an AGI": f"{RING}\r\nApplication: AGI\r\nData: @PROOF@",
    "a program, in a function": f"{RING}\r\nApplication: NoOp\r\nData: x\r\nVariable: X=${{SHELL(touch @PROOF@)}}",
}


async def answer(pbx: Pbx, action: str) -> str:
    """What Asterisk says to one action of the user `plain`, who has the rights that we ship."""
    reader, writer = await asyncio.open_connection("127.0.0.1", pbx.ami_port)
    login = "Action: Login\r\nUsername: plain\r\nSecret: x\r\nEvents: off"
    writer.write(f"{login}\r\n\r\n{action}\r\nActionID: it\r\n\r\n".encode())
    async with asyncio.timeout(10):
        while line := (await reader.readuntil(b"\r\n\r\n")).decode():
            if "ActionID: it" in line and "Response:" in line:
                break
    writer.close()
    await writer.wait_closed()
    return line


@pytest.mark.pbx
@pytest.mark.parametrize("release", ["22", "16"])
async def test_a_stolen_secret_can_ring_telephones_and_nothing_else(release: str, tmp_path: Path) -> None:
    kit = await ensure(("22", "16"), console=Console(stderr=True))
    proof = tmp_path / "proof"
    rights = re.findall(r"(?m)^(?:read|write) = .*$", SHIPPED.read_text(encoding="utf-8"))
    async with Pbx(kit, tmp_path / "pbx", release=release) as pbx:
        with (tmp_path / "pbx/etc/manager.conf").open("a") as file:
            file.write("\n".join(["", "[plain]", "secret = x", *rights, ""]))
        await pbx.cli("manager reload")
        for what, action in DENIED.items():
            said = await answer(pbx, action.replace("@PROOF@", str(proof)))
            assert ("Response: Error" in said) or "SHELL" in action, (what, said)
        await pbx.cli("core show channels")
        assert not proof.exists()
        assert "Response: Success" in await answer(pbx, f"{RING}\r\nApplication: NoOp")
