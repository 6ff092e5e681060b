"""A FastAGI server: a thread for each call, so many at most, each for a bounded time."""

from __future__ import annotations

import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping

from asterisk.agi import AGIError

from agi.session import CALL_S, Gone, Session

log = logging.getLogger("ringback.agi")
SILENCE_S = 60.0
"""Longer than any prompt and the pause after it: then Asterisk is not there any more."""

GREETING_S = 5.0
"""Asterisk says who calls at once; who does not would keep a place from callers."""

RECOVER_S = 0.5
"""After connections could not be taken: too many files are open, or threads run."""

READ = 4096

Talk = Callable[[Session], object]
"""What is done with a call. May raise Gone, AGIError, OSError."""


class Wire:
    """A connection as lines of text. The kernel itself waits for at most `silence_s`, then OSError is raised; so it is
    `longest_s` after the last `wait`, for who says a byte now and then.

    A time limit of Python's would cost a second system call for each answer, and the layers of a text file more than
    the dialogue itself.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._rest = connection, b""
        self._until = 0.0

    def wait(self, silence_s: float, longest_s: float) -> None:
        """How long to wait from now on."""
        self._until = time.monotonic() + longest_s
        for direction in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self._connection.setsockopt(socket.SOL_SOCKET, direction, struct.pack("ll", int(silence_s), 0))

    def readline(self, most: int) -> str:
        """The next line with its end, cut after so many bytes; without an end when the connection ended."""
        while (end := self._rest.find(b"\n")) < 0 and len(self._rest) < most:
            data = self._connection.recv(READ)
            if time.monotonic() > self._until:
                raise TimeoutError("too slow")
            if not data:
                break
            self._rest += data
        length = min(end + 1 or most, most)
        line, self._rest = self._rest[:length], self._rest[length:]
        return line.decode("utf-8", "replace")

    def write(self, text: str) -> None:
        """Send a text."""
        self._connection.sendall(text.encode("utf-8", "replace"))

    def flush(self) -> None:
        """Nothing is kept back."""


class FastAgi:
    """Answers `AGI(agi://host:port/NAME)`. `talks` says by that name what is done with a call."""

    def __init__(self, host: str, port: int, talks: Mapping[str, Talk], most: int = 200) -> None:
        self._talks, self._slots = talks, threading.BoundedSemaphore(most)
        self._socket = socket.create_server((host, port), backlog=512, reuse_port=False)
        self._talking: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Take calls from now on."""
        threading.Thread(target=self._accept, name="fastagi", daemon=True).start()

    def close(self) -> None:
        """Take no more calls, and end those that are under way: what was chosen in them is kept."""
        self._closing.set()
        # a thread in accept() does not notice that its socket was closed, but that it was shut down
        _shut(self._socket)
        with self._lock:
            talking = list(self._talking)
        for one in talking:
            _shut(one)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                self._take(self._socket.accept()[0])
            except (OSError, RuntimeError) as error:  # RuntimeError: no thread can be started
                if not self._closing.is_set():
                    log.error("FastAGI could not take a call (%s); callers hear the script meanwhile", error)
                    self._closing.wait(RECOVER_S)
        self._socket.close()

    def _take(self, connection: socket.socket) -> None:
        if not self._slots.acquire(blocking=False):
            connection.close()  # AGISTATUS is FAILURE then, and the dialplan goes on
            log.warning("too many calls ask FastAGI at once (offer.calls): one was turned away")
            return
        with self._lock:
            self._talking.add(connection)
        try:
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
        except RuntimeError:
            connection.close()
            self._leave(connection)
            raise

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._talk(connection)
        except (Gone, AGIError) as error:
            log.debug("a call ended early: %s", error)
        except OSError as error:
            log.error("a call could not be served: %s", error)
        except Exception:
            log.exception("a call could not be served")
        finally:
            self._leave(connection)

    def _leave(self, connection: socket.socket) -> None:
        with self._lock:
            self._talking.discard(connection)
        self._slots.release()

    def _talk(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            wire = Wire(connection)
            wire.wait(GREETING_S, GREETING_S)
            session = Session(wire, wire)
            wire.wait(SILENCE_S, CALL_S)
            name = session.env.get("agi_network_script", "").partition("?")[0]
            talk = self._talks.get(name)
            if talk is None:
                raise Gone(f"there is no agi://.../{name}, only {', '.join(self._talks)}")
            talk(session)


def _shut(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it was not connected any more
