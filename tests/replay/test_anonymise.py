"""A recording that may be given away: nobody is in it any more, and every verdict is."""

import gzip
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_listener.anonymise import anonymised
from ami_listener.disguise import Disguise
from tests.replay.recordings import CAPTURES, TRANSCRIPTS, calls, raw

KEY = b"one key of the tests"
NAMES = re.compile(rb"(?:CallerIDName|ConnectedLineName): ([^<\r\n]+)")
NUMBERS = re.compile(rb"(?:CallerIDNum|ConnectedLineNum|Exten|Extension): ([0-9]{6,})\r")


def disguised(data: bytes, key: bytes = KEY) -> bytes:
    return b"".join(anonymised(lambda: [data], key))


def shape(data: bytes) -> bytes:
    return re.sub(rb"[0-9]", b"0", re.sub(rb"[a-z\x80-\xff]", b"a", re.sub(rb"[A-Z]", b"A", data)))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_no_number_and_no_name_is_left_and_the_verdict_is_the_same(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    after = disguised(before)
    (tmp_path / "after").write_bytes(after)
    for number in NUMBERS.findall(before):
        assert number not in after
    for word in {word for name in NAMES.findall(before) for word in name.split()}:
        assert word not in after
    (one,), (other,) = calls(path), calls(tmp_path / "after")
    same = ("linkedid", "direction", "verdict", "started", "ended", "wait", "talk", "customer_up")
    assert [getattr(one, name) for name in same] == [getattr(other, name) for name in same]
    assert [len(phone) for phone in one.phones] == [len(phone) for phone in other.phones]
    assert (len(one.caller), one.caller[:-7]) == (len(other.caller), other.caller[:-7])


@pytest.mark.skipif(not CAPTURES, reason="the recordings of a real FreePBX are not beside this checkout")
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.split(".")[0])
def test_a_freepbx_recording_keeps_its_verdict_too(path: Path, tmp_path: Path) -> None:
    before = gzip.decompress(path.read_bytes())
    after = disguised(before)
    (tmp_path / "after").write_bytes(after)
    assert len(after) == len(before)
    for number in NUMBERS.findall(before):
        assert number not in after
    (one,), (other,) = calls(path), calls(tmp_path / "after")
    assert (one.verdict, one.direction, bool(one.agent)) == (other.verdict, other.direction, bool(other.agent))


NUMBER, NAME = "51987654321", "Zoilo Ñuñez"


@pytest.mark.parametrize(
    "line",
    [
        "CallerIDNum: {n}",
        "Channel: PJSIP/{n}-0000001a",
        "Channel: Local/{n}@from-queue-00000008;1",
        'AppData: CALLERID(all)="{m}" <{n}>',
        "AppData: PJSIP/trunk/sip:{n}@10.0.0.5:5060,25,tT",
        'Value: "{m}" <sip:+{n}@pbx.example;user=phone>',
        "DialString: +{n}@carrier&PJSIP/101",
        "Context: from-did-{n}",
        "Event: UserEvent{n}",
        "Reason: {n} is away",
        "AppData: CALLERID(name)={m}",
        "no header at all {n}",
        "Variable: CACHE_{n}",
        "{n}: as a header",
    ],
)
def test_wherever_it_stands(line: str) -> None:
    text = line.format(n=NUMBER, m=NAME) + "\r\nCallerIDName: " + NAME + "\r\n\r\n"
    for coding in ("utf-8", "latin-1"):
        before = text.encode(coding)
        after = disguised(before)
        assert NUMBER[-7:].encode() not in after
        assert not any(word.encode(coding) in after for word in NAME.split())
        assert shape(after) == shape(before)


def test_a_name_is_replaced_in_events_before_the_one_that_says_that_it_is_one() -> None:
    before = b"Event: Newexten\r\nAppData: hello Zoilo\r\n\r\nEvent: NewCallerid\r\nCallerIDName: Zoilo\r\n\r\n"
    assert b"Zoilo" not in disguised(before)


@pytest.mark.parametrize(
    "says", ['Value: "{m}" <sip:101@pbx>', "AppData: CALLERID(name)={m}", "AppData: CALLERID(all)={m} <1>"]
)
def test_a_name_is_known_by_what_stands_around_it(says: str) -> None:
    after = disguised((says.format(m=NAME) + "\r\n\r\n").encode())
    assert not any(word.encode() in after for word in NAME.split())


def test_a_name_is_known_by_its_variable() -> None:
    before = b"Event: VarSet\r\nVariable: CNAM\r\nValue: Zoilo\r\n\r\nEvent: UserEvent\r\nValue: other\r\n\r\n"
    after = disguised(before)
    assert b"Zoilo" not in after
    assert b"Value: other" in after


@pytest.mark.parametrize("name", ["blind_transfer", "ours_answered"])
def test_a_name_that_is_a_word_of_asterisk_breaks_nothing(tmp_path: Path, name: str) -> None:
    called = b"CallerIDName: Local Trunk PJSIP From Newchannel Hangup Queue Up"
    named = raw(name).replace(b"CallerIDName: <unknown>", called)
    (tmp_path / "before").write_bytes(named)
    (tmp_path / "after").write_bytes(disguised(named))
    (one,), (other,) = calls(tmp_path / "before"), calls(tmp_path / "after")
    assert (one.verdict, one.customer_up, len(one.dialled)) == (other.verdict, other.customer_up, len(other.dialled))


def test_a_channel_technology_stays_one_even_where_somebody_is_called_so() -> None:
    assert b"\r\nChannel: Local/" in disguised(b"CallerIDName: Local Hero\r\nChannel: Local/101@a-00000001;1\r\n\r\n")


def test_the_same_subscriber_stays_the_same_in_every_spelling() -> None:
    disguise = Disguise(KEY)
    spellings = [disguise.digits(number) for number in ("51987654321", "987654321", "0051987654321")]
    assert len({one[-9:] for one in spellings}) == 1
    assert [one[:-7] for one in spellings] == ["5198", "98", "005198"]


@pytest.mark.parametrize("length", [3, 4])
def test_different_numbers_stay_different(length: int) -> None:
    disguise = Disguise(KEY)
    others = {disguise.digits(f"{number:0{length}}") for number in range(10**length)}
    assert len(others) == 10**length
    assert {len(other) for other in others} == {length}


def test_another_key_makes_another_recording() -> None:
    assert disguised(raw("queue_abandoned"), b"one") != disguised(raw("queue_abandoned"), b"another")
    assert disguised(raw("queue_abandoned"), b"one") == disguised(raw("queue_abandoned"), b"one")


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_any_bytes_keep_their_length_and_their_ends_of_line(blocks: list[bytes]) -> None:
    before = b"".join(blocks)
    after = b"".join(anonymised(lambda: blocks, KEY))
    assert len(after) == len(before)
    assert [at for at, byte in enumerate(after) if byte == 10] == [at for at, byte in enumerate(before) if byte == 10]
