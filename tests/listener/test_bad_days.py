"""More of what servers and networks do to the AMI link: answers that go astray, floods, doors that slam."""

import asyncio
import logging
from collections.abc import Iterable

import pytest

from ami_listener import link as link_module
from ami_listener.answers import LinkDownError
from ami_listener.backoff import Backoff
from tests.listener.hostile import hostile, refusal, silence, success
from tests.listener.test_link import connected, running


class Waits:
    """Takes the place of the wait before the next try: none, but each is written down."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds: list[float] = []
        self.eight = asyncio.Event()
        monkeypatch.setattr(link_module, "_pause", self)

    async def __call__(self, closing: asyncio.Event, seconds: float) -> None:
        self.seconds.append(seconds)
        if len(self.seconds) == 8:
            self.eight.set()
        await asyncio.sleep(0)


async def test_a_refused_login_is_tried_ever_more_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = Waits(monkeypatch)
    async with hostile() as server:
        server.replies["Login"] = refusal
        async with running(server.settings(refused_first_s=2, refused_limit_s=300)):
            await server.got("Login", times=10)
    assert waits.seconds[:9] == [2, 4, 8, 16, 32, 64, 128, 256, 300]


@pytest.mark.parametrize("after_login", [False, True])
async def test_a_server_that_takes_us_and_closes_at_once_is_not_stormed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, after_login: bool
) -> None:
    waits = Waits(monkeypatch)
    async with hostile() as server:

        def slam(action: dict[str, str]) -> Iterable[str]:
            asyncio.get_running_loop().call_soon(server.cut)
            return success(action)

        server.slams = not after_login
        server.replies["Login"] = slam
        async with running(server.settings(reconnect_first_s=0.5, reconnect_limit_s=30)):
            await asyncio.wait_for(waits.eight.wait(), 5)
    assert waits.seconds[:8] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert "Traceback" not in caplog.text


def test_the_wait_begins_small_again_after_a_success() -> None:
    backoff = Backoff(1, 8)
    assert [backoff.next() for _ in range(5)] == [1, 2, 4, 8, 8]
    backoff.reset()
    assert backoff.next() == 1


async def test_a_banner_that_never_comes_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    async with hostile() as server:
        server.greets = False
        async with running(server.settings(connect_timeout_s=0.3)) as heard:
            await heard.when(lambda: heard.downs)
            server.greets = True
            await heard.when(lambda: heard.ups)
    assert "no answer in time" in heard.downs[0]
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1


async def test_a_login_that_is_answered_without_its_action_id_is_no_login() -> None:
    async with hostile() as server:
        server.replies["Login"] = lambda action: ["Response: Success\r\nMessage: Authentication accepted\r\n\r\n"]
        async with running(server.settings(connect_timeout_s=0.05)) as heard:
            await heard.when(lambda: heard.downs)
            assert heard.ups == 0


async def test_an_answer_reaches_only_who_asked_once_and_only_while_he_waits() -> None:
    async with connected() as (server, heard):
        server.replies["A"] = server.replies["B"] = silence
        asked = asyncio.create_task(heard.link.ask({"Action": "A", "ActionID": "a"}))
        other = asyncio.create_task(heard.link.ask({"Action": "B", "ActionID": "b"}))
        await server.got("B")
        server.send(
            b"Response: Success\r\nMessage: nobody's\r\n\r\n"
            b"Response: Success\r\nActionID: somebody else's\r\n\r\n"
            b"Response: Success\r\nActionID: b\r\nMessage: first\r\n\r\n"
            b"Response: Error\r\nActionID: b\r\nMessage: second\r\n\r\n"
            b"Event: After\r\n\r\n"
        )
        assert (await other)["Message"] == "first"
        assert not asked.done()
        server.send(b"Response: Success\r\nActionID: b\r\nMessage: late\r\n\r\n")
        server.send(b"Response: Success\r\nActionID: a\r\nMessage: mine\r\n\r\n")
        assert (await asked)["Message"] == "mine"
        assert (heard.events, len(heard.link._answers)) == ([{"Event": "After"}], 0)


async def test_an_originate_that_is_answered_as_if_it_were_not_async_costs_nothing() -> None:
    async with connected() as (server, heard):
        server.replies["Originate"] = lambda action: [
            f"Response: Success\r\nActionID: {action['ActionID']}\r\nMessage: Originate successfully queued\r\n\r\n"
        ]
        assert (await heard.link.ask({"Action": "Originate"}))["Response"] == "Success"
        assert (await heard.link.ask({"Action": "Ping"}))["Response"] == "Success"
        assert heard.downs == []


async def test_a_list_without_its_end_or_cut_off_in_the_middle_is_given_up() -> None:
    async with connected() as (server, heard):
        server.replies["CoreShowChannels"] = lambda action: [
            f"Response: Success\r\nActionID: {action['ActionID']}\r\nEventList: start\r\n\r\n"
        ]
        with pytest.raises(TimeoutError):
            await heard.link.ask_list({"Action": "CoreShowChannels"}, timeout_s=0.05)
        asked = asyncio.create_task(heard.link.ask_list({"Action": "CoreShowChannels"}))
        await server.got("CoreShowChannels", times=2)
        server.cut()
        with pytest.raises(LinkDownError):
            await asked


async def test_of_a_doubled_header_the_last_counts_and_is_always_text() -> None:
    async with connected() as (server, heard):
        server.send(b"Event: E\r\nChanVariable: a=1\r\nChanVariable: b=2\r\n\r\n")
        await heard.when(lambda: heard.events)
        assert heard.events == [{"Event": "E", "ChanVariable": "b=2"}]


async def test_a_connection_cut_inside_an_event_leaves_no_half_of_it() -> None:
    async with connected() as (server, heard):
        server.send(b"Event: One\r\nUniqueid: 1.1\r\n\r\nEvent: Two\r\nUniqueid: 2.")
        await heard.when(lambda: heard.events)
        server.writers[-1].close()
        await heard.when(lambda: heard.ups == 2)
        server.send(b"2\r\n\r\nEvent: Three\r\n\r\n")
        await heard.when(lambda: len(heard.events) == 2)
        assert [event["Event"] for event in heard.events] == ["One", "Three"]


async def test_a_header_of_a_megabyte_is_read_or_dropped_and_the_next_event_is_whole() -> None:
    async with connected() as (server, heard):
        server.send(b"Event: Long\r\nValue: " + b"x" * 1_000_000 + b"\r\n\r\n")
        server.send(b"Event: TooLong\r\nValue: " + b"x" * 4_000_000 + b"\r\n\r\nEvent: After\r\n\r\n")
        await heard.when(lambda: heard.events and heard.events[-1]["Event"] == "After")
        assert len(heard.events[0]["Value"]) == 1_000_000
        assert (await heard.link.ask({"Action": "Ping"}))["Response"] == "Success"


async def test_a_farewell_is_only_an_event_until_the_connection_ends() -> None:
    async with connected() as (server, heard):
        server.send(b"Event: Shutdown\r\nShutdown: Uncleanly\r\nRestart: False\r\n\r\n")
        server.send(b"Response: Goodbye\r\nMessage: Thanks for all the fish.\r\n\r\n")
        await heard.when(lambda: heard.events)
        assert (await heard.link.ask({"Action": "Ping"}))["Response"] == "Success"
        assert heard.downs == []
        server.cut()
        await heard.when(lambda: heard.ups == 2)
        assert len(heard.downs) == 1


async def test_a_server_that_sends_faster_than_we_read_loses_us_nothing() -> None:
    async with connected() as (server, heard):
        count, rows = 60_000, 500
        for start in range(0, count, rows):
            server.send(b"".join(b"Event: E\r\nNumber: %d\r\n\r\n" % n for n in range(start, start + rows)))
        answered = asyncio.create_task(heard.link.ask({"Action": "Ping"}, timeout_s=30))
        await heard.when(lambda: len(heard.events) == count)
        assert [int(event["Number"]) for event in heard.events] == list(range(count))
        assert (await answered)["Response"] == "Success"
        assert heard.downs == []


async def test_what_came_before_the_end_is_all_told_before_the_end_is() -> None:
    async with connected() as (server, heard):
        server.send(b"".join(b"Event: E\r\nNumber: %d\r\n\r\n" % n for n in range(30_000)))
        server.writers[-1].close()
        told: list[int] = []
        heard.link._on_down = lambda reason: told.append(len(heard.events))
        await heard.when(lambda: heard.ups == 2)
        assert told == [30_000]


async def test_an_answer_that_came_before_the_end_still_reaches_who_asked() -> None:
    async with connected() as (server, heard):

        def last_words(action: dict[str, str]) -> Iterable[str]:
            asyncio.get_running_loop().call_soon(server.writers[-1].close)
            yield "Event: E\r\n\r\n" * 100_000
            yield from success(action)

        server.replies["Originate"] = last_words
        assert (await heard.link.ask({"Action": "Originate"}))["Response"] == "Success"


async def test_what_was_taken_when_we_close_is_told() -> None:
    async with connected() as (server, heard):
        server.send(b"Event: E\r\n\r\n" * 100_000)
        await heard.when(lambda: heard.events)
        protocol = heard.link.protocol
        assert protocol
        assert protocol._size
        taken = len(heard.events) + protocol._size // len(b"Event: E\r\n\r\n")
        heard.link.close()
        assert len(heard.events) in {taken, taken + 1}


async def test_it_does_not_need_fully_booted_to_be_up(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ringback.ami")
    async with connected() as (_, heard):
        assert (await heard.link.ask({"Action": "Ping"}))["Response"] == "Success"
        assert heard.link.ready.is_set()
