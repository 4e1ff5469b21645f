"""A store with its files, a worker in a thread, and somebody to call back."""

import json
import threading
import time
from contextlib import contextmanager
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest

from mien.app import build
from mien.engines import Engines
from mien.jobs.job import NewJob, NewSource
from mien.jobs.worker import Worker
from mien.media.written import lots
from mien.types import FileSource, TextSource, UrlSource
from mien.wire.batch import Completed, Failed, Request


@pytest.fixture
def mien(settings):
    return build(settings.model_copy(update={"open_hosts": ("127.0.0.1",), "poll_seconds": 0.01}))


class Receiver(ThreadingHTTPServer):
    """Takes callbacks, and remembers them. It refuses the first ones when told so, and answers with
    the bytes that it is told."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken = []
        self.refusing = 0
        self.says = None
        self.hung_up = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/done"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.says is not None:
            self._say(self.server.says)
            return
        if self.server.refusing:
            self.server.refusing -= 1
            self.send_response(503)
        else:
            self.server.taken.append((dict(self.headers), body))
            self.send_response(200)
        self.end_headers()

    def _say(self, parts):
        try:
            for part in parts:
                self.wfile.write(part)
        except OSError:
            self.server.hung_up.set()

    def log_message(self, *args):
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def add(mien, *paths, urls=(), texts=(), models=("prosody", "language"), **more):
    """Keep a job as the API does: its uploads first."""
    request = Request.model_validate(
        {"models": {name: {} for name in models}, "urls": urls, "text": texts} | more
    )
    job_id = str(uuid4())
    sources = [NewSource(source=UrlSource(url)) for url in urls]
    for i, path in enumerate(paths):
        key = f"jobs/{job_id}/upload/{i}"
        with mien.files.write(key) as out:
            out.write(path.read_bytes())
        digest = md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        sources.append(
            NewSource(source=FileSource(filename=path.name, content_type=None, md5sum=digest), key=key)
        )
    if texts:
        sources.append(NewSource(source=TextSource(), lots=tuple(lots(texts))))
    mien.jobs.add(NewJob(id=job_id, request=request, sources=tuple(sources)), max_queued=500)
    return job_id


@contextmanager
def working(mien, package="mien.engines"):
    """A worker at work as long as the context lasts; `package` is where its engines are."""
    worker = Worker(mien.settings, mien.jobs, mien.files, Engines(mien.settings, package))
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(30)
        assert not thread.is_alive()


def ended(mien, job_id, seconds=30):
    """The state of a job, once it has ended."""
    until = time.monotonic() + seconds
    while not isinstance(state := mien.jobs.get(job_id).state, Completed | Failed):
        assert time.monotonic() < until, f"{job_id} is still {state}"
        time.sleep(0.01)
    return state


def eventually(true, seconds=30):
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def predictions(mien, job_id):
    with mien.files.read(f"jobs/{job_id}/predictions.json") as file:
        return json.load(file)


def kept(mien, job_id):
    """What the file store holds of a job."""
    return [key.removeprefix(f"jobs/{job_id}/") for key in mien.files.keys(f"jobs/{job_id}")]
