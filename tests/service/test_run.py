"""`ringback run` where something it needs is away or wrong: one clear line, and nothing else breaks."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx
import pytest

from ringbackd.sandbox.asterisk import Pbx
from ringbackd.sandbox.kit import Kit
from tests.service.services import Service, settings

QUIET_FOR_S = 1.5
"""Long enough to hear whether a line is said again."""


async def test_redis_and_pbx_that_are_away_are_said_once_and_waited_for(tmp_path: Path) -> None:
    async with Service(settings(tmp_path)) as service:
        await service.says("Redis at ")
        await service.says("no connection to Asterisk at 127.0.0.1:1")
        await asyncio.sleep(QUIET_FOR_S)
        assert service.log.count("is away") == 1
        assert service.log.count("no connection to Asterisk") == 1
        assert "Traceback" not in service.log
        assert await service.terminate() == 0


async def test_the_webhook_answers_503_while_redis_is_away(tmp_path: Path) -> None:
    config = settings(tmp_path, whatsapp={"verify_signature": "false"})
    config.write_text(config.read_text().replace('"false"', "false"))
    async with Service(config, "--only", "webhook") as service:
        await service.says("webhooks are received at ")
        url = service.log.split("received at ")[1].split()[0]
        async with httpx.AsyncClient() as http:
            assert (await http.post(url, content=b"{}")).status_code == 503
        assert await service.terminate() == 0


async def test_a_port_that_is_taken_is_one_line_and_exit_1(tmp_path: Path, redis_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = settings(tmp_path, redis={"url": redis_url}, webhook={"port": taken.getsockname()[1]})
        async with Service(config) as service:
            assert await service.ended() == 1
            assert "address already in use" in service.log
            assert "Traceback" not in service.log


@pytest.mark.pbx
async def test_a_wrong_ami_secret_is_one_line_that_says_what_to_look_at(
    kit: Kit, redis_url: str, tmp_path: Path
) -> None:
    async with Pbx(kit, tmp_path / "pbx") as pbx:
        config = settings(tmp_path, redis={"url": redis_url}, pbx={"port": pbx.ami_port, "secret": "wrong"})
        async with Service(config) as service:
            await service.says("refused")
            await asyncio.sleep(QUIET_FOR_S)
            (line,) = [line for line in service.log.splitlines() if "refused" in line]
            assert "manager.conf" in line
            assert "'ringback'" in line
            assert await service.terminate() == 0
