"""`mien work`: workers for the store of a server, here or on another machine."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Annotated

import typer

from mien.cli.parts import parts, speak
from mien.engines import Engines
from mien.jobs.supervisor import Supervisor
from mien.jobs.worker import Worker
from mien.settings import Settings

LOWER = 5
"""By so much the priority of a worker is lower than that of the server: who streams waits for the answer,
who filed a job looks in later."""


def work(
    processes: Annotated[int, typer.Option("--processes", "-n", min=1, help="How many workers.")] = 1,
    name: Annotated[str, typer.Option(hidden=True, help="Be one worker of this name.")] = "",
) -> None:
    """Run workers that measure the jobs of a server.

    Workers find the jobs in MIEN_STORE_URL and MIEN_FILES_URL (by default in MIEN_HOME), so they may run
    on other machines. They can be stopped at any time: other workers take over unfinished tasks.
    """
    settings = Settings()
    speak()
    mien = parts(settings)
    if name:
        _be_one(Worker(settings, mien.jobs, mien.files, Engines(settings), name))
        return
    typer.echo(f"{processes} at work for {_shown(settings)}; Ctrl-C ends", err=True)
    ended = threading.Event()
    _on_signals(ended.set)
    with Supervisor(command, processes, settings, mien.jobs, mien.files):
        ended.wait()


def command(name: str) -> Sequence[str]:
    """How a process that is one worker is started."""
    verbose = ["--verbose"] * (logging.getLogger().level <= logging.INFO)
    return [sys.executable, "-m", "mien", *verbose, "work", "--name", name]


def _be_one(worker: Worker) -> None:
    """Work until told to stop, or until whoever started this process is gone."""
    if hasattr(os, "nice"):
        os.nice(LOWER)
    _on_signals(worker.stop)
    threading.Thread(target=_until_alone, args=(worker,), daemon=True).start()
    worker.run()


def _until_alone(worker: Worker) -> None:
    # ends when whoever holds the other end does; not through `sys.stdin`, whose lock Python wants at its end
    while os.read(0, 1):
        pass
    worker.stop()


def _on_signals(end: Callable[[], None]) -> None:
    def told(number: int, frame: FrameType | None) -> None:
        end()

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)


def _shown(settings: Settings) -> str:
    """The store without its password."""
    scheme, _, rest = settings.database.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
