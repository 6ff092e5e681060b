"""The AMI link against a server that does what real ones do on bad days."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from ami_listener.answers import LinkDownError, NotConnectedError
from ami_listener.link import Link
from ami_listener.settings import PbxSettings
from tests.listener.hostile import Hostile, hostile, refusal, silence, success


class Heard:
    """A link that runs, and what came over it."""

    def __init__(self, settings: PbxSettings) -> None:
        self.events: list[dict[str, str]] = []
        self.downs: list[str] = []
        self.ups = 0
        self.changed = asyncio.Event()
        self.link = Link(settings, events="call", on_up=self.up, on_down=self.down)
        self.link.register_event("*", self.event)

    def up(self) -> None:
        self.ups += 1
        self.changed.set()

    def down(self, reason: str) -> None:
        self.downs.append(reason)
        self.changed.set()

    def event(self, link: Link, event: dict[str, str]) -> None:
        self.events.append(event)
        self.changed.set()

    async def when(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not true():
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def running(settings: PbxSettings) -> AsyncIterator[Heard]:
    heard = Heard(settings)
    task = asyncio.create_task(heard.link.run())
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.wait({task})


@asynccontextmanager
async def connected(**values: object) -> AsyncIterator[tuple[Hostile, Heard]]:
    async with hostile() as server, running(server.settings(**values)) as heard:
        await heard.when(lambda: heard.ups)
        yield server, heard


async def test_it_logs_in_with_the_event_classes_and_answers_reach_who_asked() -> None:
    async with connected() as (server, heard):
        assert (server.actions[0]["Username"], server.actions[0]["Events"]) == ("ringback", "call")
        server.replies["A"] = silence
        first = asyncio.create_task(heard.link.ask({"Action": "A", "ActionID": "a-1"}))
        second = await heard.link.ask({"Action": "B"})
        await server.got("A")
        server.send(b"Response: Late\r\nActionID: a-1\r\n\r\n")
        assert (await first)["Response"] == "Late"
        assert second["Response"] == "Success"


async def test_a_callback_that_raises_does_not_cost_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    async with connected() as (server, heard):

        def broken(link: Link, event: dict[str, str]) -> None:
            raise RuntimeError("out of paper")

        heard.link.callbacks["*"].insert(0, broken)
        server.send(b"Event: One\r\n\r\nEvent: Two\r\n\r\n")
        await heard.when(lambda: len(heard.events) == 2)
        assert (await heard.link.ask({"Action": "Ping"}))["Response"] == "Success"
    assert "a callback failed on event One" in caplog.text


async def test_an_action_is_never_sent_again_after_a_reconnect() -> None:
    async with connected() as (server, heard):
        server.replies["Originate"] = silence
        asked = asyncio.create_task(heard.link.ask({"Action": "Originate", "ActionID": "rb-1"}))
        await server.got("Originate")
        server.cut()
        with pytest.raises(LinkDownError):
            await asked
        await heard.when(lambda: heard.ups == 2)
        await heard.link.ask({"Action": "Ping"})
        assert server.count("Originate") == 1


async def test_without_a_connection_nothing_is_kept_for_later() -> None:
    async with hostile() as server:
        link = Link(server.settings(), events="off")
        with pytest.raises(NotConnectedError):
            await link.ask({"Action": "Originate"})
        assert server.actions == []


async def test_a_timeout_leaves_nothing_behind_and_the_late_answer_harms_nothing() -> None:
    async with connected() as (server, heard):
        server.replies["Slow"] = silence
        with pytest.raises(TimeoutError):
            await heard.link.ask({"Action": "Slow", "ActionID": "slow"}, timeout_s=0.01)
        assert len(heard.link._answers) == 0
        server.send(b"Response: Success\r\nActionID: slow\r\n\r\n")
        assert (await heard.link.ask({"Action": "Ping"}))["Response"] == "Success"


@pytest.mark.parametrize("value", ["x\r\nAction: Command", "x\nVariable: y", "x\rz", "x\0"])
async def test_a_line_break_in_a_value_is_refused_before_anything_is_sent(value: str) -> None:
    async with connected() as (server, heard):
        with pytest.raises(ValueError, match="line break"):
            await heard.link.ask({"Action": "Originate", "Channel": value})
        with pytest.raises(ValueError, match="line break"):
            await heard.link.ask({"Action": "Originate", "Variable": ["a=b", value]})
        await heard.link.ask({"Action": "Ping"})
        assert server.count("Originate") == 0


async def test_a_refused_login_is_said_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async with hostile() as server:
        server.replies["Login"] = refusal
        async with running(server.settings()) as heard:
            await server.got("Login", times=4)
            server.replies["Login"] = success
            await heard.when(lambda: heard.ups)
    refused = [record for record in caplog.records if "refused" in record.getMessage()]
    assert len(refused) == len(heard.downs) == 1
    text = refused[0].getMessage()
    assert all(word in text for word in ("127.0.0.1", "'ringback'", "Authentication failed", "secret", "permit"))
    assert "s3cret" not in caplog.text


async def test_a_lost_connection_is_said_once_and_once_when_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ringback.ami")
    async with hostile() as server, running(server.settings()) as heard:
        await heard.when(lambda: heard.ups)
        port = server.port
        server.cut()
        await heard.when(lambda: heard.ups == 2)
        assert server.port == port
    messages = [record.getMessage() for record in caplog.records]
    assert [text.split(" ")[1] for text in messages] == ["connected", "connection", "connected"]
    assert messages[2].endswith("again")


async def test_a_host_that_refuses_is_tried_again_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    async with hostile() as gone:
        settings = gone.settings(reconnect_limit_s=0.01)
    async with running(settings) as heard:
        await heard.when(lambda: heard.downs)
        await asyncio.sleep(0.05)
        async with hostile(settings.port):
            await heard.when(lambda: heard.ups)
    assert len(caplog.records) == len(heard.downs) == 1
    assert f"127.0.0.1:{settings.port}" in caplog.text


async def test_a_link_that_is_open_but_dead_is_noticed() -> None:
    async with connected(keepalive_s=0.05) as (server, heard):
        server.replies["Ping"] = silence
        await heard.when(lambda: heard.ups == 2)
        assert "no answer to Ping" in heard.downs[0]


async def test_letters_cut_by_the_end_of_a_read_are_kept() -> None:
    async with connected() as (server, heard):
        raw = "Event: E\r\nCallerIDName: João\r\n\r\n".encode()
        for cut in range(len(raw)):
            server.send(raw[:cut])
            await asyncio.sleep(0)
            server.send(raw[cut:])
        await heard.when(lambda: len(heard.events) == len(raw))
        assert {event["CallerIDName"] for event in heard.events} == {"João"}


async def test_closed_is_closed_even_while_it_waits_to_reconnect() -> None:
    async with hostile() as server:
        server.replies["Login"] = refusal
        heard = Heard(server.settings(refused_first_s=600))
        task = asyncio.create_task(heard.link.run())
        await heard.when(lambda: heard.downs)
        heard.link.close()
        await asyncio.wait_for(task, 5)
        server.replies["Login"] = success
        await heard.link.run()
        assert server.count("Login") == 1


async def test_a_list_is_collected_to_its_end_in_one_read_or_many() -> None:
    def rows(action: dict[str, str]) -> list[str]:
        own = f"ActionID: {action['ActionID']}\r\n"
        return [
            f"Response: Success\r\n{own}EventList: start\r\n\r\n",
            f"Event: CoreShowChannel\r\n{own}Uniqueid: 1.1\r\n\r\n",
            "Event: Hangup\r\nUniqueid: 9.9\r\n\r\n",
            f"Event: CoreShowChannelsComplete\r\nEventList: Complete\r\n{own}\r\n",
        ]

    async with connected() as (server, heard):
        server.replies["CoreShowChannels"] = rows
        found = await heard.link.ask_list({"Action": "CoreShowChannels"})
        assert [row["Uniqueid"] for row in found] == ["1.1"]
        assert [event["Uniqueid"] for event in heard.events] == ["9.9"]


async def test_a_list_that_is_refused_says_why() -> None:
    async with connected() as (server, heard):
        server.replies["CoreShowChannels"] = refusal
        with pytest.raises(PermissionError, match="Authentication failed"):
            await heard.link.ask_list({"Action": "CoreShowChannels"})


async def test_the_response_to_an_originate_that_comes_as_an_event_is_not_swallowed() -> None:
    async with connected() as (server, heard):
        await heard.link.ask({"Action": "Originate", "ActionID": "rb-1"})
        server.send(b"Event: OriginateResponse\r\nActionID: rb-1\r\nResponse: Failure\r\nReason: 0\r\n\r\n")
        await heard.when(lambda: heard.events)
        assert heard.events[0]["Reason"] == "0"


async def test_garbage_between_events_is_passed_over() -> None:
    async with connected() as (server, heard):
        server.send(b"\xff\xfe\0garbage\r\n\r\n: : :\r\n\r\nEvent: E\r\nName: Jos\xe9\r\n\r\n" + b"x" * 3_000_000)
        await heard.when(lambda: heard.events)
        server.send(b"\r\n\r\nEvent: F\r\n\r\n")
        await heard.when(lambda: len(heard.events) == 2)
        assert heard.events[0]["Name"] == "José"
