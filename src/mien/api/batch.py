"""The batch API: jobs are started, listed, looked at, and their results fetched."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import Annotated, Any, BinaryIO, Literal
from uuid import UUID, uuid4

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from mien.api.intake import MB, Submission, intake
from mien.api.openapi import JOB, JOBS, PREDICTIONS, START, STARTED, ZIP
from mien.errors import (
    DiskFull,
    JobNotFound,
    JobNotReady,
    MediaError,
    QueueFull,
    RequestError,
    TooLarge,
    TooSlow,
)
from mien.jobs.job import Job, NewJob, NewSource
from mien.jobs.retention import INCOMING
from mien.jobs.store import FileStore, JobStore, Listing
from mien.media.sources import check_url
from mien.media.written import lots
from mien.settings import Settings
from mien.types import FileSource, TextSource, UrlSource
from mien.wire import batch as wire
from mien.wire.batch import STATUS, Completed, Failed, InProgress, Json, Status, job_json

log = logging.getLogger(__name__)

CHUNK = 1 << 20
"""Bytes that are written to disk, or sent, at once."""


def routes(jobs: JobStore, files: FileStore, starting: "Starting") -> APIRouter:
    """The endpoints below `/v0/batch/jobs`."""
    router = APIRouter(prefix="/v0/batch/jobs", tags=["batch"])

    @router.post("", summary="Start a job", openapi_extra=START, responses=STARTED)
    async def start_inference_job(request: Request) -> Response:
        """Measure what lies at `urls`, in uploaded files, or in `text`. Send the request as JSON, or,
        with files, as a form with a part `json` and parts `file`."""
        return answer({"job_id": await starting.start(request)})

    @router.get("", summary="List jobs", responses=JOBS)
    def list_jobs(
        limit: Annotated[int, Query(ge=1)] = 50,
        status: Annotated[list[Status] | None, Query(description="May be repeated.")] = None,
        when: Literal["created_before", "created_after"] = "created_before",
        timestamp_ms: Annotated[
            int | None, Query(ge=0, lt=2**63, description="Unix milliseconds; now, when nothing is said.")
        ] = None,
        sort_by: Literal["created", "started", "ended"] = "created",
        direction: Literal["asc", "desc"] = "desc",
        type: Annotated[list[str] | None, Query(deprecated=True)] = None,  # noqa: A002  # the API's name for it
    ) -> Response:
        """Jobs, the newest first. To turn pages, pass the time of the last job as `timestamp_ms`."""
        if type and "INFERENCE" not in type:
            return answer([])  # there are no others here
        listing = Listing(
            limit=min(limit, 2**31),
            status=tuple(status or ()),
            when=when,
            timestamp_ms=timestamp_ms,
            sort_by=sort_by,
            direction=direction,
        )
        return StreamingResponse(_listed(jobs.list(listing)), media_type="application/json")

    @router.get("/{id}", summary="Get job details", responses=JOB)
    def get_job_details(id: str) -> Response:  # noqa: A002  # the API's own name for it
        """What was asked for, and how far it is."""
        return answer(told(found(jobs, id)))

    @router.get("/{id}/predictions", summary="Get job predictions", responses=PREDICTIONS)
    def get_job_predictions(id: str) -> Response:  # noqa: A002
        """What was measured: one result a source, in the order urls, files, text."""
        return kept(jobs, files, id, "predictions.json", "application/json")

    @router.get("/{id}/artifacts", summary="Get job artifacts", responses=ZIP)
    def get_job_artifacts(id: str) -> Response:  # noqa: A002
        """The same as CSV tables, with the faces that were to be saved, in a ZIP archive."""
        return kept(jobs, files, id, "artifacts.zip", "application/octet-stream")

    return router


class Starting:
    """Takes in what clients send, and makes jobs of it."""

    def __init__(self, settings: Settings, jobs: JobStore, files: FileStore) -> None:
        self._settings = settings
        self._jobs = jobs
        self._files = files
        self._incoming = settings.home / INCOMING
        self._incoming.mkdir(parents=True, exist_ok=True)

    async def start(self, request: Request) -> str:
        """Start a job, and tell its id.

        Raises:
            RequestError: something is wrong with the request, or there is no room for it.
        """
        await run_in_threadpool(self._check_room)  # before somebody sends a hundred megabytes
        with TemporaryDirectory(dir=self._incoming, prefix="upload-") as folder:
            submission = await self._received(request, Path(folder))
            return await run_in_threadpool(self._stored, submission)

    async def again(self, job_id: str, request: Request) -> str:
        """Start a job with the sources of another, and models and transcription as they are asked for now.

        Raises:
            RequestError: there is no such job, its uploads were not kept, the request is wrong,
                or there is no room for it.
        """
        job = await run_in_threadpool(found, self._jobs, job_id)
        await run_in_threadpool(self._check_room)
        with TemporaryDirectory(dir=self._incoming, prefix="upload-") as folder:
            submission = await self._received(request, Path(folder))
        return await run_in_threadpool(self._repeated, job, submission.request)

    def _repeated(self, job: Job, changed: wire.Request) -> str:
        request = job.request.model_copy(
            update={"models": changed.models, "transcription": changed.transcription}
        )
        uploads = [source for source in job.sources if isinstance(source, FileSource)]
        copies = [partial(self._copy, f"jobs/{job.id}/upload/{i}") for i in range(len(uploads))]
        try:
            return self._add(request, list(zip(uploads, copies, strict=True)))
        except FileNotFoundError as error:  # from the start, or deleted in between
            raise RequestError("the files of this job are no longer stored: send them again") from error

    def _keep(self, path: Path, key: str) -> None:
        self._files.put(key, path)

    def _copy(self, old: str, new: str) -> None:
        with self._files.read(old) as file, self._files.write(new) as out:
            copyfileobj(file, out)

    def _check_room(self) -> None:
        if self._jobs.queue_length() >= self._settings.max_queued_jobs:
            raise QueueFull
        most = self._settings.max_disk_gb
        if most is not None and self._files.size() >= most * 1000 * MB:
            raise DiskFull

    async def _received(self, request: Request, folder: Path) -> Submission:
        body = intake(request.headers.get("content-type", ""), folder, self._settings)
        stream = request.stream()
        try:
            held = bytearray()
            while True:
                try:
                    async with asyncio.timeout(self._settings.upload_timeout_seconds):
                        data = await anext(stream, None)
                except (TimeoutError, ClientDisconnect) as error:
                    raise TooSlow from error
                held += data or b""
                if data is None or len(held) >= CHUNK:
                    await run_in_threadpool(body.feed, bytes(held))
                    held.clear()
                if data is None:
                    return await run_in_threadpool(body.finish)
        finally:
            body.close()

    def _stored(self, submission: Submission) -> str:
        request, uploads = submission.request, submission.uploads
        check(request, len(uploads), self._settings)
        return self._add(request, [(up.source, partial(self._keep, up.path)) for up in uploads])

    def _add(self, request: wire.Request, uploads: Sequence[tuple[FileSource, Callable[[str], None]]]) -> str:
        """Store a job; each upload is told the key under which to keep itself."""
        job_id = str(uuid4())
        keys = [f"jobs/{job_id}/upload/{i}" for i in range(len(uploads))]
        sources = [
            *(NewSource(source=UrlSource(url)) for url in request.urls),
            *(NewSource(source=source, key=key) for (source, _), key in zip(uploads, keys, strict=True)),
            *([NewSource(source=TextSource(), lots=tuple(lots(request.text)))] if request.text else []),
        ]
        job = NewJob(id=job_id, request=request, sources=tuple(sources))
        try:
            for (_, keep), key in zip(uploads, keys, strict=True):
                keep(key)
            self._jobs.add(job, max_queued=self._settings.max_queued_jobs)
        except BaseException:
            self._files.delete(f"jobs/{job_id}")
            raise
        log.info("job %s: %d sources", job_id, len(sources))
        return job_id


def check(request: wire.Request, uploads: int, settings: Settings) -> None:
    """Whether a job may be made of this.

    Raises:
        RequestError: there is nothing to measure, or too much, or an address that nobody may fetch.
    """
    if not (request.urls or request.text or uploads):
        raise RequestError("there is nothing to measure: give urls, text, or files")
    for name, count, most in (
        ("urls", len(request.urls), settings.max_urls),
        ("text", len(request.text), settings.max_texts),
    ):
        if count > most:
            raise RequestError(f"{name}: {count} are too many; this server takes {most} in one request")
    for i, text in enumerate(request.text):
        if len(text) * 4 > settings.max_text_mb * MB and len(text.encode()) > settings.max_text_mb * MB:
            raise TooLarge(f"text[{i}] is larger than the {settings.max_text_mb:g} MB that this server takes")
    called = [("callback_url", request.callback_url)] if request.callback_url else []
    for name, url in [*((f"urls[{i}]", url) for i, url in enumerate(request.urls)), *called]:
        try:
            check_url(url)
        except MediaError as error:
            raise RequestError(f"{name}: {url[:100]!r} cannot be used: {error}") from error


def found(jobs: JobStore, job_id: str) -> Job:
    """Raises JobNotFound."""
    try:
        return jobs.get(str(UUID(job_id)))
    except ValueError:  # no job has such an id
        raise JobNotFound from None


def told(job: Job) -> Json:
    """A job as the API tells of it."""
    made = job_json(job.id, job.request, job.sources, job.state)
    # words of ours; every client lets them pass
    if isinstance(job.state, InProgress):
        made["state"] |= {"files_done": job.files_done, "files_total": job.files_total}
        made["state"] |= {"progress": round(job.progress, 4)}
    if isinstance(job.state, Completed) and job.media_seconds:
        made["state"] |= {"media_seconds": job.media_seconds, "work_seconds": job.work_seconds}
    return made


def _listed(jobs: Iterator[Job]) -> Iterator[bytes]:
    """A list as it is sent, job by job."""
    yield b"["
    for i, job in enumerate(jobs):
        yield b"," * (i > 0) + orjson.dumps(told(job))
    yield b"]"


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """A file as it is sent."""
    while data := file.read(CHUNK):
        yield data


def kept(
    jobs: JobStore,
    files: FileStore,
    job_id: str,
    name: str,
    media_type: str,
    parts: Callable[[BinaryIO], Iterator[bytes]] = chunks,
) -> Response:
    """A file that was made of a job, or what `parts` makes of it.

    Raises:
        JobNotFound: there is no such job, or no more.
        JobNotReady: it has not been completed.
    """
    job = found(jobs, job_id)
    if isinstance(job.state, Failed):
        raise JobNotReady(f"the job failed, and has no results: {job.state.message}")
    if not isinstance(job.state, Completed):
        raise JobNotReady(f"the job has not finished yet, it is {STATUS[type(job.state)]}")
    stack = ExitStack()
    try:
        file = stack.enter_context(files.read(f"jobs/{job.id}/{name}"))
    except FileNotFoundError:  # deleted since
        raise JobNotFound from None

    def sent() -> Iterator[bytes]:
        with stack:
            yield from parts(file)

    return StreamingResponse(sent(), media_type=media_type)


def answer(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")
