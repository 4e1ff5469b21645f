"""A server like `mien serve` starts one, in a thread of the tests."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from fastapi import FastAPI

from mien.api.server import Server, server
from mien.app import App, served
from mien.jobs.job import NewTask, Outcome, Task
from mien.settings import Settings


@contextmanager
def serving(app: FastAPI, settings: Settings | None = None) -> Iterator[str]:
    """The address that the application answers at, as long as the context lasts."""
    with begun(app, settings) as (_, url):
        yield url


@contextmanager
def begun(app: FastAPI, settings: Settings | None = None) -> Iterator[tuple[Server, str]]:
    """The server itself, and its address."""
    settings = settings or Settings()
    running = server(app, settings.model_copy(update={"host": "127.0.0.1", "port": 0}))
    thread = Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    port = running.servers[0].sockets[0].getsockname()[1]
    try:
        yield running, f"http{'s' * bool(settings.ssl_certfile)}://127.0.0.1:{port}"
    finally:
        running.should_exit = True
        running.force_exit = True  # a test may have left a request hanging
        thread.join(10)


def api_of(mien: App) -> FastAPI:
    return served(mien)


def begin(mien: App, job_id: str) -> None:
    """Let a worker take up a job."""
    _claimed(mien, job_id)


def complete(mien: App, job_id: str, **kept: bytes) -> None:
    """Let a job end, with these files kept: `predictions`, `artifacts`."""
    while task := _claimed(mien, job_id):
        follow = (NewTask(kind="measure"),) if task.kind in ("fetch", "open") else ()
        measured = task.kind == "measure"
        result = f"jobs/{job_id}/result/{task.id}" if measured else None
        assert mien.jobs.done(task, "test", Outcome(follow=follow, result=result, num_predictions=measured))
    for name, content in kept.items():
        ending = {"predictions": "json", "artifacts": "zip"}[name]
        with mien.files.write(f"jobs/{job_id}/{name}.{ending}") as out:
            out.write(content)


def _claimed(mien: App, job_id: str) -> Task | None:
    task = mien.jobs.claim("test", ["fetch", "open", "measure", "finish"], 60)
    assert task is None or task.job_id == job_id
    return task
