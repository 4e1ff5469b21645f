"""Files decoded in processes of their own (`media/decoder.py`), a few of which are kept.

One that crashes, or takes too long, is replaced at once; whose file it was hears of it, and nobody else.
"""

import logging
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Condition
from time import monotonic
from typing import IO, Literal, TypeAlias, cast
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from mien import errors
from mien.errors import EngineError, MediaError, NotDecoded
from mien.media import Wanted
from mien.media.decoder import Said, hear, say, wanted_json
from mien.types import FileType, Frame, Image, Landmarks, Sound

log = logging.getLogger(__name__)

Cause: TypeAlias = Literal["crash", "time"]
"""Why a process had to be replaced."""

ROOM = 1 << 20
"""Bytes that a pipe holds, where it can be told to: a picture of 640 × 480 at once."""

LEAVING_SECONDS = 2.0
"""How long a process may take to end once nothing more is asked of it."""

SLOW_SECONDS = 1.0
"""One that has been at an answer for longer is not counted: others need not wait for a file that hangs."""

SPARE = 3
"""For each that is allowed, so many may be slow besides."""

PATIENCE, STARTING_SECONDS = 0.1, 2.0
"""How long somebody waits for a process to be free before another is started, which takes as long as 300
pictures of 640 × 480 take to be decoded; and how long at most for one that is starting."""


class Decoders:
    """So many processes at most, started when they are needed, and ended with this object or the program."""

    def __init__(
        self, command: Sequence[str], most: int, died: Callable[[Cause], None] = lambda cause: None
    ) -> None:
        """`command` starts a process; `died` is told why one was replaced."""
        self._command, self._died = command, died
        self._most = most
        self._idle: list[_Process] = []
        self._alive: set[_Process] = set()
        self._changed = Condition()
        finalize(self, _end, self._alive)

    def processes(self) -> list[int]:
        """Ids of the processes that are alive."""
        return [process.id for process in list(self._alive) if process.is_alive()]

    @contextmanager
    def opened(self, source: Path | bytes, name: str) -> Iterator["Apart"]:
        """A file, or the bytes of one, that is neither text nor landmarks, as Media that can be read in this
        context.

        Raises:
            MediaError: as `decode.open_media`, or NotDecoded.
            EngineError: no process can be started.
        """
        media = Apart(self, source, name)
        try:
            yield media
        finally:
            media.close()

    def take(self) -> "_Process":
        """A process for one file at a time, until it is given back or has failed.

        Raises:
            EngineError: none can be started.
        """
        begun = patient_from = monotonic()
        with self._changed:
            while True:
                while self._idle:
                    process = self._idle.pop()
                    if process.is_alive():
                        return process
                    self._forget(process)  # ended while nobody used it: the system was short of memory
                now = monotonic()
                if now - begun < STARTING_SECONDS and not all(one.is_ready for one in self._alive):
                    patient_from = now
                if self._is_room() and (not self._alive or now - patient_from >= PATIENCE):
                    return self._started()
                self._changed.wait(PATIENCE / 2)

    def give_back(self, process: "_Process") -> None:
        with self._changed:
            spare = len(self._alive) > self._most  # one was slow
            if spare:
                self._alive.discard(process)
            else:
                self._idle.append(process)
            self._changed.notify()
        if spare:
            process.end()  # it takes its time, for which nobody else waits

    def _is_room(self) -> bool:
        slow = sum(process.has_worked() > SLOW_SECONDS for process in self._alive)
        return len(self._alive) - min(slow, SPARE * self._most) < self._most

    def failed(self, process: "_Process") -> MediaError | EngineError:
        """Put another in place of one that failed; what is to be said of the file that it had."""
        was_ready, status = process.is_ready, process.end()
        with self._changed:
            self._forget(process)
            if was_ready and self._is_room():
                with suppress(EngineError):  # then the next to come tries
                    self._idle.insert(0, self._started())  # those that are ready come first
            self._changed.notify()
        if not was_ready:
            return EngineError(f"a decoder could not be started (status {status})")
        late = -status == getattr(signal, "SIGALRM", None)
        log.error("a decoder %s; starting another", "took too long" if late else f"died ({status})")
        self._died("time" if late else "crash")
        return NotDecoded(
            "decoding the file takes too long"
            if late
            else "the file is damaged in a way that ends the program which decodes it"
        )

    def _started(self) -> "_Process":
        try:
            process = _Process(self._command)
        except OSError as error:
            raise EngineError(f"a decoder could not be started: {error}") from error
        self._alive.add(process)
        return process

    def _forget(self, process: "_Process") -> None:
        process.end()
        self._alive.discard(process)


class Apart:
    """A file whose decoder is a process of its own, which it holds while it may be read: its frames or its
    sound, not both by turns."""

    text = None
    meshes: tuple[Landmarks, ...] = ()

    def __init__(self, decoders: Decoders, source: Path | bytes, name: str) -> None:
        self.name = name
        self._decoders, self._source = decoders, source
        self._process: _Process | None = None
        head, picture = self._open()
        self.file_type: FileType = head["file_type"]
        self.fps: float = head["fps"]
        self.duration: float | None = head["duration"]
        self.has_frames: bool = head["has_frames"]
        self.has_sound: bool = head["has_sound"]
        self.warnings: Sequence[str] = head["warnings"]
        self._picture: Image | None = None
        self._keep(head, picture)

    def frames(self, wanted: Iterable[Wanted]) -> Iterator[Frame]:
        wanted = iter(wanted)
        if self.file_type == "image" and self._picture is None and self._process is None:  # looked at again
            self._keep(*self._open())
        if self._picture is not None:
            image, self._picture = self._picture, None  # it may be large
            if (first := next(wanted, None)) and first.number == 0:
                yield Frame(index=0, time=0.0, image=image)
            return
        for said, data in self._pieces({"frames": wanted_json(wanted)}, wanted):
            yield Frame(index=said["index"], time=said["time"], image=data.reshape(said["shape"]))
        self.close()

    def sound(self) -> Iterator[Sound]:
        for _, data in self._pieces({"sound": True}, iter(())):
            yield data.view(np.float32)
        if not self.has_frames:
            self.close()

    def close(self) -> None:
        """Let others have the process. Who reads further waits for one."""
        if self._process is not None:
            self._decoders.give_back(self._process)
            self._process = None

    def _keep(self, head: Said, picture: NDArray[np.uint8]) -> None:
        if len(picture):  # there is one, and others may wait for the process
            self._picture = picture.reshape(head["shape"])
            self.close()

    def _pieces(self, said: Said, wanted: Iterator[Wanted]) -> Iterator[tuple[Said, NDArray[np.uint8]]]:
        if self._process is None:
            self._open()
        while True:
            told, data = self._ask(said)
            while "wanted" in told:
                told, data = self._ask(wanted_json(wanted))
            if len(data):
                yield told, data
            if "ended" in told:
                self.warnings = told["warnings"]
                return
            said = {"next": True}

    def _open(self) -> tuple[Said, NDArray[np.uint8]]:
        """What it is; with the picture, of one that can be decoded."""
        self._process = self._decoders.take()
        try:
            if isinstance(self._source, bytes):
                return self._ask({"open": self.name}, self._source)
            return self._ask({"open": self.name, "path": str(self._source)})
        except MediaError:
            self.close()
            raise

    def _ask(self, said: Said, data: bytes = b"") -> tuple[Said, NDArray[np.uint8]]:
        process = self._process
        if process is None:
            raise NotDecoded
        try:
            told, pieces = process.ask(said, data)
        except Exception as error:  # it has ended, or what it says makes no sense
            self._process = None
            raise self._decoders.failed(process) from error
        if "error" in told:
            kind = getattr(errors, told["error"], MediaError)
            raise kind(told["message"])
        return told, pieces


class _Process:
    """One process, from this side."""

    def __init__(self, command: Sequence[str]) -> None:
        self.is_ready = False
        self._asked_at: float | None = None
        # what it computes with numbers is nothing that threads would help
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(  # noqa: S603  # our own
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=environment,
            process_group=0,  # Ctrl-C is for the program, which ends it once it has ended its own work
        )
        self._asked = cast("IO[bytes]", self._process.stdin)
        self._told = cast("IO[bytes]", self._process.stdout)
        for pipe in (self._asked, self._told):
            _widen(pipe.fileno())

    @property
    def id(self) -> int:
        return int(self._process.pid)

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, said: Said, data: bytes = b"") -> tuple[Said, NDArray[np.uint8]]:
        """
        Raises:
            OSError, EOFError: it has ended.
        """
        if not self.is_ready:
            hear(self._told)
            self.is_ready = True
        self._asked_at = monotonic()
        say(self._asked, said, data)
        told = hear(self._told)
        self._asked_at = None
        return told

    def has_worked(self) -> float:
        """For how many seconds it has been at an answer."""
        begun = self._asked_at
        return 0.0 if begun is None else monotonic() - begun

    def leave(self) -> None:
        """Say that nothing more is asked."""
        with suppress(OSError):
            self._asked.close()

    def end(self) -> int:
        """See it end, by force if it does not by itself; its exit status."""
        self.leave()
        try:
            self._process.wait(LEAVING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._told.close()
        return int(self._process.wait())


def _end(alive: "set[_Process]") -> None:
    for process in alive:
        process.leave()  # all of them, before any is waited for
    for process in alive:
        process.end()


def _widen(pipe: int) -> None:
    try:
        import fcntl
    except ImportError:  # there is none on this platform
        return
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):  # one user may have only so much of this
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, ROOM)
