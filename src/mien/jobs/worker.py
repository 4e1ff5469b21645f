"""A worker: claims tasks, does them, and says what became of them.

What must not wait for each other has threads of its own: measuring, fetching, opening (uploads), and
sending (callbacks, mails, tidying up). One more thread renews the leases of what is held. What a task led to
counts once the store has it; a worker that dies at any moment leaves work that another takes up.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from mien.engines import Engines
from mien.errors import EngineError, JobNotFound, MediaError, StoreError
from mien.formats import FORMATS, Folder
from mien.formats.folder import keep_all, kept
from mien.jobs.callbacks import Undeliverable, call_back, notify
from mien.jobs.job import Job, NewTask, Outcome, Task, TaskKind
from mien.jobs.originals import note
from mien.jobs.retention import tidy
from mien.jobs.store import FileStore, JobStore, is_full
from mien.measure import Wish, measure_path, measure_together
from mien.media import Media
from mien.media.archives import Refused, is_archive, unpack
from mien.media.decode import text_media
from mien.media.followed import Followed
from mien.media.sources import fetch, name_of
from mien.settings import Settings
from mien.types import FileMeasurement, FileSource, UrlSource
from mien.wire.batch import Completed, Failed

log = logging.getLogger(__name__)

LANES: Mapping[tuple[TaskKind, ...], int] = {
    ("finish", "measure"): 1,
    ("fetch",): 4,
    ("open",): 2,
    ("callback", "notify", "tidy"): 2,
}
"""Kinds of tasks, and how many threads do them: networks are slow, but take nothing."""

OPENINGS = 10
"""Times as often as measuring a file may opening a source end the process: it decodes nothing, so what
crashed is nearly always something that was measured beside it."""

STORE_PAUSE = 1.0
"""Seconds before a store that could not be reached is tried again."""

RENEW_SECONDS = 2.0
"""At most, between two times that the store is told how far a file is."""

RETRY_SECONDS, LONGEST_RETRY = 10.0, 600.0
"""Before a task is tried again that met trouble which is not its own: at first, and, after twice the time
at each attempt, at most."""

TRIES = 10
"""Attempts, in about three quarters of an hour, before such a task is given up."""


def worker_name() -> str:
    """A name that no other worker has."""
    return f"{socket.gethostname()}-{os.getpid()}-{token_hex(4)}"


_DOING: Mapping[TaskKind, str] = {
    "fetch": "fetching this file",
    "open": "opening this file",
    "measure": "measuring this file",
    "finish": "putting the results together",
}
"""What a task does without which its job has no results, as its errors say it."""

IDLER, IDLEST = 1.1, 6.0
"""By which the pauses of a worker that finds nothing to do grow, and how many times as long they get: nine
threads that ask twenty times a second would keep a tenth of a core busy with nothing."""


class _GiveUp(BaseException):
    """Ends the opening or measuring of a file that this worker no longer holds, or has no time for. Nobody
    who catches errors of media or engines may catch it."""


@dataclass
class _Held:
    """A task that is being done, and how it stands with it."""

    task: Task
    begun: float
    lost: bool = False
    progress: float = 0.0
    media_seconds: float = 0.0


class Worker:
    """Does tasks until it is told to stop."""

    def __init__(
        self,
        settings: Settings,
        jobs: JobStore,
        files: FileStore,
        engines: Engines,
        name: str | None = None,
    ) -> None:
        self.name = name or worker_name()
        self._settings = settings
        self._jobs = jobs
        self._files = files
        self._engines = engines
        self._held: dict[int, _Held] = {}
        self._stop = threading.Event()
        self._grace_ends = float("inf")
        self._woken = {lane: threading.Event() for lane in LANES}
        self._job = lru_cache(maxsize=4)(jobs.get)  # a request can be large, and does not change
        self._do: dict[TaskKind, Callable[[Job, _Held], Outcome]] = {
            "fetch": self._open,
            "open": self._open,
            "measure": self._measure,
            "finish": self._finish,
            "callback": self._call_back,
            "notify": self._notify,
        }

    def run(self) -> None:
        """Work until `stop`. Returns when nothing is held any more."""
        log.info("worker %s starts", self.name)
        lanes = [
            threading.Thread(target=_vital, args=(self._work, lane), name=f"{lane[0]}-{i}")
            for lane, count in LANES.items()
            for i in range(count)
        ]
        renewing = threading.Thread(target=_vital, args=(self._renew,), name="renew", daemon=True)
        for thread in (*lanes, renewing):
            thread.start()
        for thread in lanes:
            thread.join()
        log.info("worker %s ends", self.name)

    def stop(self) -> None:
        """Take nothing new; what is held is ended within `grace_seconds`, or given back."""
        self._grace_ends = time.monotonic() + self._settings.grace_seconds
        self._stop.set()
        self._wake()

    # ── one lane

    def _work(self, lane: tuple[TaskKind, ...]) -> None:
        pause = self._settings.poll_seconds
        while not self._stop.is_set():
            try:
                task = self._jobs.claim(self.name, lane, self._settings.lease_seconds)
            except StoreError as error:
                log.warning("%s", error)
                self._stop.wait(STORE_PAUSE)
                continue
            if task is None:
                woken = self._woken[lane].wait(pause)
                self._woken[lane].clear()
                shortest = self._settings.poll_seconds
                pause = shortest if woken else min(pause * IDLER, shortest * IDLEST)
            else:
                pause = self._settings.poll_seconds
                self._take(task)

    def _take(self, task: Task) -> None:
        """Do a task and say what became of it."""
        held = self._held[task.id] = _Held(task, time.monotonic())
        try:
            lost = self._surely(self._done(held)) is False
        except _GiveUp:
            lost = held.lost
            if not lost:
                self._surely(lambda: self._jobs.give_back(task, self.name))
        finally:
            del self._held[task.id]
            self._wake()
        if lost and task.kind in _DOING:
            self._clear(task.job_id)

    def _clear(self, job_id: str) -> None:
        """Where a job was cancelled or deleted meanwhile it was tidied too early: we have written since."""
        try:
            with suppress(JobNotFound):
                if not isinstance(self._jobs.get(job_id).state, Completed | Failed):
                    return  # another does what we have lost
            tidy(job_id, self._jobs, self._files, keep_media=self._settings.keep_media)
        except Exception:
            log.exception("job %s: files written after its end could not be deleted", job_id)

    def _done(self, held: _Held) -> Callable[[], object]:
        """Do a task; what then has to be told to the store."""
        task = held.task
        try:
            if task.kind == "tidy":
                tidy(task.job_id, self._jobs, self._files, keep_media=self._settings.keep_media)
                outcome = Outcome()
            else:
                outcome = self._do[task.kind](self._job(task.job_id), held)
        except JobNotFound:  # deleted meanwhile, and its tasks with it
            return lambda: None
        except EngineError as error:
            message = str(error)
            log.error("job %s: %s", task.job_id, message)
            return lambda: self._jobs.fail(task, self.name, message)
        except _Later as later:
            seconds = later.seconds
            return lambda: self._jobs.later(task, self.name, seconds)
        except Exception as error:  # nothing may end a lane
            return self._troubled(task, error)
        return lambda: self._jobs.done(task, self.name, outcome)

    def _troubled(self, task: Task, error: Exception) -> Callable[[], object]:
        """What has to be told of a task that met trouble which is not its own, or a defect of ours."""
        full = isinstance(error, StoreError) or is_full(error)
        # those say what there is to know; of a defect its place is wanted too
        told = None if isinstance(error, StoreError | OSError) else error
        if not full and task.attempt > TRIES:
            log.error("job %s, %s: %r; given up", task.job_id, task.kind, error, exc_info=told)
            if task.kind in _DOING:
                message = f"{_DOING[task.kind]} failed ({type(error).__name__})"
                return lambda: self._jobs.fail(task, self.name, message)
            return lambda: self._jobs.done(task, self.name, Outcome())
        log.warning("job %s, %s: %r; tried again", task.job_id, task.kind, error, exc_info=told)
        pause = RETRY_SECONDS if full else min(LONGEST_RETRY, RETRY_SECONDS * 2.0 ** (task.attempt - 1))
        return lambda: self._jobs.later(task, self.name, pause, counts=not full)

    def _surely(self, tell: Callable[[], object]) -> object:
        """Tell the store, however long it cannot be reached: what is held by us nobody else may do."""
        while True:
            try:
                return tell()
            except StoreError as error:
                log.warning("%s", error)
                if self._stop.wait(STORE_PAUSE):
                    return None  # the lease runs out, and another does it again

    # ── kinds of tasks

    def _open(self, job: Job, held: _Held) -> Outcome:
        """Fetch or take what was given; every file in it becomes a task."""
        task = held.task
        source = job.sources[task.source]
        name = name_of(source.url) if isinstance(source, UrlSource) else _filename(source)
        if why := _hopeless(task, self._settings.max_attempts * OPENINGS):
            return self._files_of(task, [_refused(name, why)])
        with TemporaryDirectory(prefix="mien-") as folder:
            try:
                if isinstance(source, UrlSource):
                    path = fetch(source.url, Path(folder), self._settings, lambda: self._check(held))
                    return self._files_of(task, self._opened(held, path, name, None, Path(folder)))
                with self._files.local(task.work["key"]) as path:
                    key = task.work["key"]
                    return self._files_of(task, self._opened(held, path, name, key, Path(folder)))
            except MediaError as error:
                return self._files_of(task, [_refused(name, str(error))])

    def _opened(
        self, held: _Held, path: Path, name: str, key: str | None, folder: Path
    ) -> Iterator[dict[str, str]]:
        """What is to be known of each file of a source. `key` is where the source lies already."""
        task = held.task
        if not is_archive(path):
            if key is None:
                self._check(held)
                key = f"jobs/{task.job_id}/file/{task.source}/0"
                self._files.put(key, path)
            yield {"name": name, "key": key}
            return
        try:
            for number, member in enumerate(unpack(path, folder, self._settings)):
                self._check(held)
                if isinstance(member, Refused):
                    yield _refused(member.name, member.reason)
                else:
                    key = f"jobs/{task.job_id}/file/{task.source}/{number}"
                    self._files.put(key, member.path)
                    yield {"name": member.name, "key": key}
        except MediaError as error:  # what came before was sound
            yield _refused(name, str(error))

    def _files_of(self, task: Task, works: Iterable[dict[str, str]]) -> Outcome:
        works = [*works]
        note(task.job_id, task.source, works, self._files)
        measuring = (
            NewTask(kind="measure", source=task.source, file=number, work=work)
            for number, work in enumerate(works)
        )
        return Outcome(follow=tuple(measuring))

    def _measure(self, job: Job, held: _Held) -> Outcome:
        """Measure a file, or some texts together. Where these ended the process, or met a defect of
        ours, each is measured by itself: one is to blame, and the others are not."""
        task = held.task
        why = _hopeless(task, self._settings.max_attempts)
        if task.files > 1 and (task.crashes or why):
            return Outcome(follow=_one_by_one(task))
        if refused := why or task.work.get("refused"):
            return self._kept(held, [FileMeasurement.unread(_name(task), refused)])
        key = task.work.get("key")
        with self._files.local(key) if key else nullcontext() as path:
            try:
                found = self._measured(job, held, path)
            except (EngineError, StoreError):
                raise
            except Exception as error:  # a defect of ours must not take the other files with it
                if is_full(error):
                    raise
                log.exception("job %s, file %r", job.id, _name(task))
                if task.files > 1:
                    return Outcome(follow=_one_by_one(task))
                why = f"{_DOING['measure']} failed ({type(error).__name__})"
                found = [FileMeasurement.unread(_name(task), why)]
        return self._kept(held, found)

    def _kept(self, held: _Held, found: list[FileMeasurement]) -> Outcome:
        """Write down what was measured."""
        task = held.task
        key = f"jobs/{task.job_id}/result/{task.id}/{task.attempt}.zip"
        with self._files.write(key) as out:
            keep_all(found, out)
        return Outcome(
            result=key,
            num_predictions=sum(file.file_type is not None for file in found),
            num_errors=sum(len(file.errors) for file in found),
            media_seconds=held.media_seconds,
            work_seconds=time.monotonic() - held.begun if held.media_seconds else 0.0,
        )

    def _measured(self, job: Job, held: _Held, path: Path | None) -> list[FileMeasurement]:
        """`path` is where the file lies; texts have none."""
        task, work = held.task, held.task.work
        wish = Wish(models=job.request.chosen(), transcription=job.request.transcription)
        if path is None:
            texts = [text_media(text, str(number)) for number, text in enumerate(work["texts"], task.file)]
            return measure_together(texts, wish, self._engines)

        def through(media: Media) -> Media:
            held.media_seconds = media.duration or 0.0
            read = _Read(held.media_seconds, times=len(wish.models))

            def at(second: float) -> None:
                self._check(held)
                held.progress = read.at(second)

            return Followed(media, at)

        return [measure_path(path, _name(task), wish, self._engines, self._settings, through)]

    def _finish(self, job: Job, held: _Held) -> Outcome:
        """Put together what is handed out."""
        if why := _hopeless(held.task, self._settings.max_attempts):
            raise EngineError(why)
        keys: list[list[str]] = [[] for _ in job.sources]
        for source, _, key in self._jobs.results(job.id):
            keys[source].append(key)
        for name, write in FORMATS.items():
            with self._files.write(f"jobs/{job.id}/{name}") as out:
                write(zip(job.sources, map(self._folders, keys), strict=True), out)
        log.info("job %s: measured", job.id)
        return Outcome()

    def _folders(self, keys: Iterable[str]) -> Iterator[Folder]:
        """A folder for each file that was measured; one archive is open at a time."""
        for key in keys:
            with self._files.read(key) as file:
                yield from kept(file)

    def _call_back(self, job: Job, held: _Held) -> Outcome:
        self._send(held.task, lambda: call_back(self._jobs.get(job.id), self._files, self._settings))
        return Outcome()

    def _notify(self, job: Job, held: _Held) -> Outcome:
        self._send(held.task, lambda: notify(self._jobs.get(job.id), self._settings))
        return Outcome()

    def _send(self, task: Task, send: Callable[[], None]) -> None:
        try:
            send()
        except Undeliverable as error:
            if error.final or task.attempt >= self._settings.callback_attempts:
                log.warning("job %s: %s given up: %s", task.job_id, task.kind, error)
            else:
                log.info("job %s: %s will be tried again: %s", task.job_id, task.kind, error)
                raise _Later(self._settings.callback_retry_seconds, task.attempt) from error

    # ── leases

    def _renew(self) -> None:
        """Keep what is held, and learn what is held no more."""
        while True:
            time.sleep(min(self._settings.lease_seconds / 4, RENEW_SECONDS))
            for held in list(self._held.values()):
                try:
                    held.lost |= not self._jobs.renew(
                        held.task, self.name, self._settings.lease_seconds, held.progress
                    )
                except StoreError as error:
                    log.warning("%s", error)
                if self._overdue(held, allowed=1.5):
                    log.error("a file has blocked this process for hours: ending the process")
                    os._exit(70)  # nothing else ends a call that does not come back

    def _check(self, held: _Held) -> None:
        """Called wherever a reading can be ended."""
        if held.lost or (self._stop.is_set() and time.monotonic() > self._grace_ends):
            raise _GiveUp
        if self._overdue(held, allowed=1.0):
            raise MediaError(
                f"measuring the file took longer than {self._settings.max_file_minutes:g} minutes"
            )

    def _overdue(self, held: _Held, allowed: float) -> bool:
        limit = self._settings.max_file_minutes * 60 * allowed
        return held.task.kind == "measure" and time.monotonic() - held.begun > limit

    def _wake(self) -> None:
        for woken in self._woken.values():
            woken.set()


class _Read:
    """How far a film is that is read about as often as there are models."""

    def __init__(self, seconds: float, times: int) -> None:
        self._seconds, self._times = seconds, times
        self._begun, self._last = 0, 0.0

    def at(self, second: float) -> float:
        """0 to 1, now that it has been read as far as this second."""
        self._begun += second < self._last  # once more from its beginning
        self._last = second
        share = min(second / self._seconds, 1.0) if self._seconds else 0.0
        return min((self._begun + share) / max(self._times, self._begun + 1), 1.0)


class _Later(Exception):
    """A delivery is to be tried again: after twice the time at each attempt, six hours at most."""

    LONGEST = 6 * 3600.0

    def __init__(self, first: float, attempt: int) -> None:
        super().__init__()
        # a little at random, so that what failed together is not tried again together
        spread = 0.75 + int.from_bytes(os.urandom(1)) / 512
        self.seconds = min(self.LONGEST, first * 2.0 ** (attempt - 1)) * spread


def _filename(source: object) -> str:
    return (source.filename if isinstance(source, FileSource) else None) or "file"


def _one_by_one(task: Task) -> tuple[NewTask, ...]:
    """A task for each of the texts of a task."""
    return tuple(
        NewTask(kind="measure", source=task.source, file=number, work={"texts": [text]})
        for number, text in enumerate(task.work["texts"], task.file)
    )


def _name(task: Task) -> str:
    """What the first file of a task is called."""
    return str(task.file) if "texts" in task.work else task.work["name"]


def _refused(name: str, reason: str) -> dict[str, str]:
    return {"name": name, "refused": reason}


def _hopeless(task: Task, crashes: int) -> str | None:
    """Why a task is not worth trying again, if it is not, after so many crashes or too many attempts."""
    if task.crashes >= crashes:
        return f"{_DOING[task.kind]} ended the process {task.crashes} times"
    if task.attempt > TRIES:
        return f"{_DOING[task.kind]} failed {TRIES} times: the log of the server says why"
    return None


def _vital(work: Callable[..., None], *given: object) -> None:
    """Do what a worker cannot live without: where that breaks, the process ends, and is replaced."""
    try:
        work(*given)
    except Exception:
        log.exception("this worker cannot continue: it exits")
        os._exit(70)
