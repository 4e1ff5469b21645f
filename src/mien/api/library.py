"""What the page asks for beyond the retired API: jobs found again, cancelled, deleted, measured anew, and
the media that were measured."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from os import SEEK_END
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from mien.api.batch import CHUNK, Starting, answer, found, kept, told
from mien.api.openapi import AGAIN
from mien.api.ticket import Tickets
from mien.api.waveforms import Waveforms
from mien.errors import BadKey, MediaNotKept
from mien.formats.table import table
from mien.jobs.job import Job
from mien.jobs.originals import Original, originals
from mien.jobs.store import FileStore, JobStore, Listing
from mien.media.kinds import HEAD, content_type_of
from mien.settings import Settings
from mien.wire.batch import Json, Status

SHOWN_TEXTS, SHOWN_CHARACTERS = 3, 200
"""So much of the texts of a job is told in a list: all of them can be megabytes."""

LIMITS = {"max_upload_mb", "max_files", "max_urls", "max_texts", "max_text_mb", "max_media_hours"}

QUIET = {
    # whatever was uploaded, a browser that is led to its address runs nothing of it
    "Content-Security-Policy": "sandbox; default-src 'none'; media-src 'self'; img-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=3600",
}


def routes(
    settings: Settings,
    jobs: JobStore,
    files: FileStore,
    starting: Starting,
    door: Callable[[Request], None],
) -> APIRouter:
    """The endpoints below `/mien`."""
    router = APIRouter(prefix="/mien", tags=["page"])
    tickets = Tickets()
    waveforms = Waveforms(files, settings)
    keyed = [Depends(door)]

    def door_or_ticket(request: Request) -> None:
        try:
            door(request)
        except BadKey:
            if not tickets.holds(request):
                raise

    shown = [Depends(door_or_ticket)]

    @router.get("/jobs", summary="Find jobs", dependencies=keyed)
    def find_jobs(
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
        status: Annotated[list[Status] | None, Query(description="May be repeated.")] = None,
        search: Annotated[str, Query(description="In names of files, addresses, texts and options.")] = "",
    ) -> Response:
        """Jobs, the newest first, with the beginning of their texts alone."""
        listing = Listing(limit=limit, status=tuple(status or ()), search=search)
        return answer([_short(told(job)) for job in jobs.list(listing)])

    @router.post("/jobs/{id}/cancel", summary="Cancel a job", status_code=204, dependencies=keyed)
    def cancel_job(id: str) -> None:  # noqa: A002  # the API's own name for it
        """A job that has not ended ends as FAILED, with the message `cancelled`."""
        jobs.cancel(found(jobs, id).id)

    @router.delete("/jobs/{id}", summary="Delete a job", status_code=204, dependencies=keyed)
    def delete_job(id: str) -> None:  # noqa: A002
        """The job is forgotten, with its results and media."""
        jobs.delete(found(jobs, id).id)

    @router.post("/jobs/{id}/again", summary="Measure again", dependencies=keyed, openapi_extra=AGAIN)
    async def measure_again(id: str, request: Request) -> Response:  # noqa: A002
        """Start a job with the sources of this one, and the `models` and `transcription` of the body."""
        return answer({"job_id": await starting.again(id, request)})

    @router.get("/jobs/{id}/tables/{model}", summary="Get a table", dependencies=keyed)
    def get_table(id: str, model: str) -> Response:  # noqa: A002
        """What a model said of all files, as one CSV table."""
        return kept(jobs, files, id, "artifacts.zip", "text/csv; charset=utf-8", partial(table, model=model))

    @router.get("/limits", summary="What this server takes", dependencies=keyed)
    def get_limits() -> Response:
        """Of one request, so that nothing is sent in vain."""
        return answer(settings.model_dump(include=LIMITS))

    @router.post("/ticket", summary="Get a ticket", status_code=204, dependencies=keyed)
    def get_ticket(request: Request, response: Response) -> None:
        """A cookie that opens media for an hour, since browsers fetch these without a key."""
        tickets.give(response, secure=request.url.scheme == "https")

    @router.get("/jobs/{id}/media", summary="List media", dependencies=keyed)
    def list_media(id: str) -> Response:  # noqa: A002
        """The files of a job that are kept: their `source`, their name (`file`) as predictions have it, and
        the `path` where each can be had."""
        return answer([_media_json(id, one) for one in originals(found(jobs, id), files)])

    @router.get("/jobs/{id}/media/{source}/{number}", summary="Get media", dependencies=shown)
    def get_media(id: str, source: int, number: int, request: Request) -> Response:  # noqa: A002
        """A file as it was given, or the range of it that is asked for."""
        original = _original(found(jobs, id), source, number, files)
        return _ranged(_reading(files, original.key), request.headers.get("range", ""))

    @router.get("/jobs/{id}/media/{source}/{number}/peaks", summary="Get a waveform", dependencies=shown)
    async def get_peaks(id: str, source: int, number: int) -> Response:  # noqa: A002
        """Fifty pairs of int8 a second: the lowest and highest sample, -127 to 127. Counted once."""
        job = await run_in_threadpool(found, jobs, id)
        original = await run_in_threadpool(_original, job, source, number, files)
        key = f"jobs/{job.id}/peaks/{source}-{number}"
        counted = await waveforms.of(original.key, original.file, key)
        return Response(counted, media_type="application/octet-stream", headers=QUIET)

    return router


def _short(job: Json) -> Json:
    texts = job["request"]["text"]
    job["request"]["text"] = [text[:SHOWN_CHARACTERS] for text in texts[:SHOWN_TEXTS]]
    return job | {"num_texts": len(texts)}


def _media_json(job_id: str, original: Original) -> Json:
    path = f"/mien/jobs/{job_id}/media/{original.source}/{original.number}"
    return {"source": original.source, "file": original.file, "path": path}


def _original(job: Job, source: int, number: int, files: FileStore) -> Original:
    for one in originals(job, files):
        if (one.source, one.number) == (source, number):
            return one
    raise MediaNotKept


@contextmanager
def _reading(files: FileStore, key: str) -> Iterator[BinaryIO]:
    try:
        with files.read(key) as file:
            yield file
    except FileNotFoundError:  # deleted since
        raise MediaNotKept from None


def _ranged(opened: AbstractContextManager[BinaryIO], asked: str) -> Response:
    """A file, or the one range of bytes that is asked for: players jump about in films."""
    stack = ExitStack()
    file = stack.enter_context(opened)
    kind = content_type_of(file.read(HEAD))
    size = file.seek(0, SEEK_END)
    headers = QUIET | {"Accept-Ranges": "bytes"}
    span = _span(asked, size)
    if span is not None and not span:
        stack.close()
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    sent = range(size) if span is None else span
    headers["Content-Length"] = str(len(sent))
    if span:
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"

    def chunks() -> Iterator[bytes]:
        with stack:
            file.seek(sent.start)
            left = len(sent)
            while left and (data := file.read(min(CHUNK, left))):
                left -= len(data)
                yield data

    return StreamingResponse(chunks(), 206 if span else 200, headers, kind)


_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def _span(asked: str, size: int) -> range | None:
    """The bytes that a `Range` header asks for; empty where there are none such, None where it asks for
    nothing, or for several ranges: then the whole file is a right answer too."""
    match = _RANGE.fullmatch(asked.replace(" ", ""))
    if not match or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    if not first:  # so many from the end
        return range(max(size - int(last), 0), size)
    return range(int(first), min(int(last) + 1 if last else size, size))
