"""What cannot be taken now waits on disk: in order, whole, bounded, whatever happens to the process or the file."""

import random
import signal
import sqlite3
import subprocess
import sys
from collections import deque
from itertools import repeat
from pathlib import Path

import pytest

from ami_listener.sink import LinkUp
from ami_listener.spill import Spill, SpillError
from tests.core.worlds import call

WRITER = """
import sys
from pathlib import Path
from ami_listener.sink import LinkUp
from ami_listener.spill import Spill
spill, at = Spill(Path(sys.argv[1]), 1 << 30), 0
while True:
    spill.append([LinkUp(at + n) for n in range(50)])
    at += 50
    print(at, flush=True)
"""


def ups(spill: Spill, count: int = 1_000_000) -> list[float]:
    return [item.at for item in spill.first(count) if isinstance(item, LinkUp)]


def test_everything_comes_back_in_order_and_what_is_dropped_does_not(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "s", 1 << 20)
    spill.append([LinkUp(1.0), LinkUp(2.0)])
    spill.append([LinkUp(3.0)])
    spill.drop(1)
    spill.close()
    again = Spill(tmp_path / "s", 1 << 20)
    again.open()
    assert (ups(again, 1), ups(again), again.waiting) == ([2.0], [2.0, 3.0], 2)
    again.drop(2)
    again.append([LinkUp(4.0)])
    assert (ups(again), again.waiting) == ([4.0], 1)
    again.close()


def test_a_call_comes_back_as_it_was(tmp_path: Path) -> None:
    spill, one = Spill(tmp_path / "s", 1 << 20), call(caller_name="João Ñandú \u0000 '\";--", queues=("a", "b"))
    spill.append([one])
    assert spill.first(1) == [one]
    spill.close()
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o600


def test_a_writer_killed_at_any_moment_leaves_all_that_it_had_written(tmp_path: Path) -> None:
    dice, path = random.Random(20261122), tmp_path / "s"
    for _ in range(6):
        path.unlink(missing_ok=True)
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            for _ in range(dice.randrange(1, 200)):
                written = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            written = max([written, *(int(line) for line in writer.stdout if line.endswith("\n"))])
        spill = Spill(path, 1 << 30)
        spill.open()
        found = ups(spill)
        assert found == [float(n) for n in range(len(found))]
        assert len(found) in {written, written + 50}
        spill.close()


def test_it_grows_to_its_limit_keeps_all_or_nothing_and_gives_the_place_back(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "s", 128 * 1024)
    with pytest.raises(SpillError, match="full"):
        deque(map(spill.append, repeat([call()] * 10, 1_000)), maxlen=0)
    kept = spill.waiting
    assert kept % 10 == 0
    assert len(spill.first(1_000_000)) == kept
    assert (tmp_path / "s").stat().st_size <= 128 * 1024
    spill.drop(kept - 10)
    spill.append([call()] * 10)
    assert (tmp_path / "s").stat().st_size < 64 * 1024
    spill.close()


def test_a_file_that_is_none_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "s.spill"
    path.write_bytes(b"what is this" * 1000)
    spill = Spill(path, 1 << 20)
    with pytest.raises(SpillError, match=r"s\.broken"):
        spill.open()
    spill.append([LinkUp(1.0)])
    assert (ups(spill), (tmp_path / "s.broken").read_bytes()[:4]) == ([1.0], b"what")
    spill.close()


def test_a_row_that_cannot_be_read_stands_in_nobodys_way(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "s", 1 << 20)
    spill.append([LinkUp(1.0), LinkUp(2.0), LinkUp(3.0)])
    with sqlite3.connect(tmp_path / "s") as file:
        file.execute("UPDATE items SET body = '{\"at\":' WHERE id = 1")
        file.execute("UPDATE items SET kind = 'FromNextYear' WHERE id = 2")
    file.close()
    assert spill.first(3) == [None, None, LinkUp(3.0)]
    spill.close()


def test_without_a_folder_to_write_to_it_says_so_before_it_is_needed(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "nowhere" / "s", 1 << 20)
    with pytest.raises(SpillError, match=r"nowhere is no folder that this user may write to; see pbx\.spill_folder"):
        spill.open()
    with pytest.raises(SpillError, match="No such file"):
        spill.append([LinkUp(1.0)])


def test_a_disk_that_takes_no_more_is_told_and_nothing_that_was_kept_is_hurt(tmp_path: Path) -> None:
    """A limit on the size of files, set for a process of its own, fails the write itself as a full disk does."""
    script = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n" + WRITER
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "s")], capture_output=True, text=True, check=False, timeout=60
    )
    assert "SpillError" in ended.stderr
    spill = Spill(tmp_path / "s", 1 << 20)
    spill.open()
    assert len(ups(spill)) == int(ended.stdout.split()[-1])
    spill.close()
