"""A process that decodes for another, so that a file that crashes it, or never ends, ends nothing else.

It is asked over its standard input and answers over its standard output, in turns, and ends when its
input does: none outlives whoever started it. While it works on an answer an alarm is set, which ends it
whatever it is doing; what it may hold in memory is bounded; and no dump of it is written to a disk.
"""

import atexit
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from struct import Struct
from typing import IO, Any, NoReturn, TypeAlias, cast

import numpy as np
import orjson
from numpy.typing import NDArray

from mien.errors import BrokenMedia, MediaError
from mien.media import Media, Wanted
from mien.media.decode import open_media
from mien.settings import Settings
from mien.types import Frame, Image, Sound

Said: TypeAlias = dict[str, Any]
"""What one side says to the other: JSON, with bytes behind it."""

WANTED = 64
"""Frames that are asked for at once: there may be no end of them."""

SECONDS = 10
"""Pieces of sound, of about a second each, that are told at once: each time costs half a millisecond."""

_LENGTHS = Struct("<II")
"""Before all that is said: bytes of the JSON, and of what comes behind it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the decoding of one file may take."""

    max_pixels: int
    max_media_hours: float
    threads: int
    seconds: float
    """In all, without what the other side does in between. Where there are alarms."""
    memory: int
    """Bytes. Where this can be bounded."""


def command(bounds: Bounds) -> list[str]:
    """How such a process is started."""
    return [sys.executable, "-m", "mien.media.decoder", orjson.dumps(asdict(bounds)).decode()]


def work(open_: Callable[[Path | bytes, str, Settings], Media], bounds: Bounds) -> None:
    """Decode for whoever started this process, until that one says no more."""
    asked, told = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    os.dup2(2, 1)  # whoever prints does not speak for us
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _bound(bounds.memory)
    settings = Settings().model_copy(
        update={name: getattr(bounds, name) for name in ("max_pixels", "max_media_hours", "threads")}
    )
    say(told, {"ready": True})
    with suppress(EOFError, BrokenPipeError):
        _Work(open_, settings, asked, told).go_on(bounds.seconds)


def say(pipe: IO[bytes], said: Said, data: bytes | memoryview = b"") -> None:
    """
    Raises:
        OSError: nobody reads any more.
    """
    text, view = orjson.dumps(said), memoryview(data).cast("B")
    for part in (memoryview(_LENGTHS.pack(len(text), len(view)) + text), view):
        while part:
            part = part[pipe.write(part) :]


def hear(pipe: IO[bytes]) -> tuple[Said, NDArray[np.uint8]]:
    """
    Raises:
        EOFError: nobody speaks any more.
    """
    text, data = _LENGTHS.unpack(_read(pipe, _LENGTHS.size).data)
    said: Said = orjson.loads(_read(pipe, text).data)
    return said, _read(pipe, data)


def wanted_json(wanted: Iterator[Wanted]) -> Said:
    """The next frames that are wanted, and whether there may be more."""
    some = list(islice(wanted, WANTED))
    return {"some": some, "more": len(some) == WANTED}


class _Work:
    """Answers in turns. What was opened last is what is meant."""

    def __init__(
        self,
        open_: Callable[[Path | bytes, str, Settings], Media],
        settings: Settings,
        asked: IO[bytes],
        told: IO[bytes],
    ) -> None:
        self._open, self._settings = open_, settings
        self._asked, self._told = asked, told
        self._media: Media | None = None
        self._pieces: Iterator[Frame] | Iterator[Sound] = iter(())

    def go_on(self, seconds: float) -> NoReturn:
        """
        Raises:
            EOFError: nothing more is asked.
        """
        left = seconds
        while True:
            said, data = hear(self._asked)
            if "open" in said:
                left = seconds
            _alarm(max(left, 0.001))  # 0 would be none
            try:
                self._answer(said, data)
            except MediaError as error:
                self._fail(error)
            except MemoryError:
                self._fail(BrokenMedia("decoding it takes more memory than this server allows"))
            left = _alarm(0)

    def _answer(self, said: Said, data: NDArray[np.uint8]) -> None:
        match said:
            case {"open": str(name)}:
                self._pieces = iter(())
                source = Path(said["path"]) if "path" in said else data.tobytes()
                self._media = media = self._open(source, name, self._settings)
                names = ("file_type", "fps", "duration", "has_frames", "has_sound", "warnings")
                head = {name: getattr(media, name) for name in names}
                picture = _picture(media) if media.file_type == "image" else None
                if picture is None:
                    say(self._told, head)
                else:
                    say(self._told, head | {"shape": picture.shape}, picture.data)
                return
            case {"frames": dict(first)} if self._media:
                self._pieces = iter(self._media.frames(self._wanted(first)))
            case {"sound": True} if self._media:
                self._pieces = iter(self._media.sound())
        self._tell_next()

    def _tell_next(self) -> None:
        match next(self._pieces, None):
            case Frame(index=index, time=time, image=image):
                say(self._told, {"index": index, "time": time, "shape": image.shape}, image.data)
            case np.ndarray() as sound:
                sounds = [sound, *islice(cast("Iterator[Sound]", self._pieces), SECONDS - 1)]
                ending = self._ending() if len(sounds) < SECONDS else {}
                say(self._told, ending, np.concatenate(sounds).data)
            case None:
                say(self._told, self._ending())

    def _ending(self) -> Said:
        return {"ended": True, "warnings": [] if self._media is None else list(self._media.warnings)}

    def _wanted(self, first: Said) -> Iterable[Wanted]:
        said = first
        while True:
            yield from (Wanted(**one) for one in said["some"])
            if not said["more"]:
                return
            say(self._told, {"wanted": True})
            said, _ = hear(self._asked)

    def _fail(self, error: MediaError) -> None:
        self._pieces = iter(())
        say(self._told, {"error": type(error).__name__, "message": str(error)})


def _picture(media: Media) -> Image | None:
    """The one image, which whoever opens it asks for next. None if it cannot be decoded: whoever asks hears
    why."""
    try:
        return next(iter(media.frames((Wanted(0),)))).image
    except (MediaError, MemoryError):
        return None


def _read(pipe: IO[bytes], size: int) -> NDArray[np.uint8]:
    data = np.empty(size, np.uint8)
    view = data.data
    while view:
        got = pipe.readinto(view)  # type: ignore[attr-defined]  # which files without a buffer have
        if not got:
            raise EOFError
        view = view[got:]
    return data


def _alarm(seconds: float) -> float:
    """End this process after so many seconds, 0 being never; how many were left of those before."""
    if not hasattr(signal, "setitimer"):
        return seconds
    return signal.setitimer(signal.ITIMER_REAL, seconds)[0]


def _bound(memory: int) -> None:
    try:
        import resource
    except ImportError:  # there is none on this platform
        return
    for kind, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_DATA, memory)):
        with suppress(ValueError, OSError):  # a lower one is set already
            resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    atexit.register(gc.freeze)  # as the command line: whoever ends it waits for its end
    work(open_media, Bounds(**orjson.loads(sys.argv[1])))
