"""Waveforms of the files of jobs: counted once, a few at a time, while others are answered."""

from asyncio import Future, get_running_loop, shield
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from fastapi.concurrency import run_in_threadpool

from mien.errors import MediaError, MediaNotKept
from mien.jobs.store import FileStore
from mien.media.apart import Decoders
from mien.media.decoder import Bounds, command
from mien.media.peaks import peaks
from mien.settings import Settings

AT_ONCE = 2
"""Files that are decoded at the same time. Others wait, without holding a thread that answers requests."""

SECONDS, MEMORY = 600.0, 2 << 30
"""What decoding the sound of one file may take, the latter in bytes: three hours take half a minute."""


class Waveforms:
    """Counts them in processes of their own, since files can crash what decodes them. Lives in the event
    loop."""

    def __init__(
        self,
        files: FileStore,
        settings: Settings,
        decoder: Callable[[Bounds], Sequence[str]] = command,
    ) -> None:
        """`decoder`: how a process is started that decodes within these bounds."""
        bounds = Bounds(
            max_pixels=settings.max_pixels,
            max_media_hours=settings.max_media_hours,
            threads=settings.threads,
            seconds=SECONDS,
            memory=MEMORY,
        )
        self._files = files
        self._decoders = Decoders(decoder(bounds), AT_ONCE)
        self._threads = ThreadPoolExecutor(AT_ONCE, "waveform")
        self._counting: dict[str, Future[bytes]] = {}

    async def of(self, original: str, name: str, key: str) -> bytes:
        """The peaks of a file of this name that lies at `original`; they are kept at `key`.

        Raises:
            MediaNotKept: the file has been deleted.
            MediaError: it has no sound, or its sound cannot be decoded.
        """
        kept = await run_in_threadpool(self._kept, key)
        if kept is not None:
            return kept
        counting = self._counting.get(key)
        if counting is None:
            counting = get_running_loop().run_in_executor(self._threads, self._count, original, name, key)
            self._counting[key] = counting
            counting.add_done_callback(lambda _: self._counting.pop(key))
        return await shield(counting)

    def _kept(self, key: str) -> bytes | None:
        try:
            with self._files.read(key) as file:
                return file.read()
        except FileNotFoundError:
            return None

    def _count(self, original: str, name: str, key: str) -> bytes:
        try:
            with self._files.local(original) as path, self._decoders.opened(path, name) as media:
                if not media.has_sound:
                    raise MediaError("the file has no sound")
                counted = peaks(media)
        except FileNotFoundError:
            raise MediaNotKept from None
        with self._files.write(key) as out:
            out.write(counted)
        return counted
