"""Starts worker processes, and others in place of those that die."""

import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from types import TracebackType

from mien.errors import StoreError
from mien.jobs.retention import WORK, sweep
from mien.jobs.store import FileStore, JobStore
from mien.jobs.worker import worker_name
from mien.settings import Settings

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
"""How often it is looked whether all are alive."""

SWEEP_SECONDS = 600.0
"""How often what need not be kept is looked for."""

LONGEST_PAUSE = 30.0
"""Seconds before a worker that dies again and again is replaced."""


@dataclass
class _Place:
    """Where one worker works, or worked."""

    process: "subprocess.Popen[bytes] | None" = None
    name: str = ""
    begun: float = 0.0
    pause: float = 0.0


class Supervisor:
    """Keeps so many worker processes alive, as a context.

    A process is started with `command(name)` and ends when its standard input does: so none outlives
    whoever started it, however that ended. SIGTERM tells it to end, too. What a dead worker held is released
    at once; it counts as a crash of what it held unless it was told to end.
    """

    def __init__(
        self,
        command: Callable[[str], Sequence[str]],
        count: int,
        settings: Settings,
        jobs: JobStore,
        files: FileStore,
    ) -> None:
        self._command = command
        self._places = [_Place() for _ in range(count)]
        self._settings, self._jobs, self._files = settings, jobs, files
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def __enter__(self) -> "Supervisor":
        for place in self._places:
            self._start(place)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all of them: by asking, and after the grace by force."""
        self._stop.set()
        self._thread.join()
        until = time.monotonic() + self._settings.grace_seconds + 5
        for place in self._places:
            if place.process and place.process.stdin:
                place.process.stdin.close()
                if os.name == "posix":  # elsewhere this gives no time
                    place.process.terminate()  # one that is still being imported reads no input
        for place in self._places:
            if place.process:
                try:
                    place.process.wait(max(0.1, until - time.monotonic()))
                except subprocess.TimeoutExpired:
                    place.process.kill()
                    place.process.wait()
                self._release(place, crashed=False)

    def processes(self) -> list[int]:
        """Ids of the processes that are alive."""
        alive = [place.process for place in self._places if place.process]
        return [process.pid for process in alive if process.poll() is None]

    def _watch(self) -> None:
        swept = float("-inf")
        while not self._stop.wait(LOOK_SECONDS):
            for place in self._places:
                self._look(place)
            if time.monotonic() - swept > SWEEP_SECONDS:
                swept = time.monotonic()
                try:
                    for place in self._places:
                        if place.process:  # its folder is no old one, however long nothing is written there
                            os.utime(self._folder(place))
                    sweep(self._settings, self._jobs, self._files)
                except (StoreError, OSError) as error:
                    log.warning("%s", error)
                except Exception:  # of a file store; nothing may end the watch over the workers
                    log.exception("looking for expired files failed")

    def _look(self, place: _Place) -> None:
        if place.process is not None:
            status = place.process.poll()
            if status is None:
                return
            log.error("worker %s died (%s); starting another", place.name, _cause(status))
            self._release(place, crashed=True)
            place.process = None
            # who ended by itself at once would do so again; a crash is that of one file, whose
            # attempts are counted
            again = status >= 0 and time.monotonic() - place.begun < LONGEST_PAUSE
            place.pause = _longer(place.pause) if again else 0.0
            place.begun = time.monotonic()
        if time.monotonic() - place.begun >= place.pause:
            try:
                self._start(place)
            except OSError as error:  # no memory, or too many processes: it passes
                place.pause = _longer(place.pause)
                log.error("no worker can be started: %s; tried again in %g s", error, place.pause)

    def _start(self, place: _Place) -> None:
        place.name, place.begun = worker_name(), time.monotonic()
        command = [*self._command(place.name)]
        folder = self._folder(place)
        folder.mkdir(parents=True)
        environment = os.environ | {"TMPDIR": str(folder)}  # of every module, in every system
        place.process = subprocess.Popen(  # noqa: S603  # our own
            command,
            stdin=subprocess.PIPE,
            env=environment,
            process_group=0,  # Ctrl-C is for whoever started it: it would end first, and be replaced
        )

    def _folder(self, place: _Place) -> Path:
        """Where a worker has its temporary files: none of them outlives it."""
        return self._settings.home / WORK / place.name

    def _release(self, place: _Place, *, crashed: bool) -> None:
        try:
            self._jobs.release(place.name, crashed=crashed)
        except StoreError as error:  # the lease will run out
            log.warning("%s", error)
        rmtree(self._folder(place), ignore_errors=True)


def _longer(pause: float) -> float:
    return min(LONGEST_PAUSE, max(0.5, pause * 2))


def _cause(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit code {status}"
