"""REST: parse, call jobs, answer. All that blocks runs in threads."""

import logging
from collections.abc import Iterable

import orjson
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException
from starlette.routing import Match

from mien import __version__
from mien.api import batch, health, library
from mien.api.auth import Door
from mien.api.docs import page
from mien.api.manners import Manners
from mien.api.openapi import description
from mien.engines import Engines
from mien.errors import DiskFull, MienError
from mien.jobs.store import FileStore, JobStore, KeyStore, is_full
from mien.settings import Settings
from mien.wire.errors import error_json, explained, status_of

log = logging.getLogger(__name__)

ABOUT = """Measure expression in faces, voices and texts, on your own machine. Clients of the retired
Expression Measurement API work here unchanged: give them this address as their `base_url`.

A score is the share of average people who, given only this piece, would say that it expresses this.
It is no claim about what somebody feels."""

AGAIN = 5
"""Seconds after which a client may try again, where that makes sense."""


def api(
    settings: Settings,
    jobs: JobStore,
    files: FileStore,
    keys: KeyStore,
    figures: Iterable[Collector] = (),
) -> FastAPI:
    """The REST API over these stores. `figures`: what `/metrics` tells besides its own."""
    app = FastAPI(title="mien", version=__version__, description=ABOUT, docs_url=None, redoc_url=None)
    app.openapi = lambda: description(app)  # type: ignore[method-assign]  # as FastAPI documents it
    app.add_api_route("/docs", lambda: HTMLResponse(page(app.openapi())), include_in_schema=False)
    door, seen = Door(settings, keys), health.Seen()
    app.add_middleware(seen.middleware)
    app.add_middleware(Manners(door.may_read).middleware)
    app.include_router(health.routes(app.version, Engines(settings), jobs, (seen.requests, *figures), door))
    for path in ("/v0/registry/{path:path}", "/v0/batch/jobs/tl/{path:path}"):
        app.add_api_route(path, _retired, methods=["GET", "POST", "PUT", "DELETE"], include_in_schema=False)
    starting = batch.Starting(settings, jobs, files)
    app.include_router(batch.routes(jobs, files, starting), dependencies=[Depends(door)])
    app.include_router(library.routes(settings, jobs, files, starting, door))
    for kind, answer in (
        (MienError, _ours),
        (RequestValidationError, _invalid),
        (HTTPException, _http),
        (OSError, _system),
        (Exception, _unforeseen),
    ):
        app.exception_handler(kind)(answer)
    return app


def _retired() -> Response:
    return _error("custom models were retired in 2024, and there is nothing like them here", 410)


def _ours(request: Request, error: MienError) -> Response:
    status = status_of(error)
    if status < 500:
        return _error(str(error), status)
    log.error("%s: %s", type(error).__name__, error)  # may tell of what is inside
    return _error("the server cannot do this now; its log says why", status)


def _invalid(request: Request, error: RequestValidationError) -> Response:
    return _error(explained(error), 400)


def _http(request: Request, error: HTTPException) -> Response:
    says = {404: "there is nothing at this address", 405: f"{request.method} cannot be used at this address"}
    response = _error(says.get(error.status_code, str(error.detail)), error.status_code)
    response.headers.update(error.headers or {})
    if error.status_code == 405:  # of its own, the framework names those of one route
        response.headers["Allow"] = ", ".join(_methods(request))
    return response


def _methods(request: Request) -> list[str]:
    """What the address of a request can be asked with."""
    scope, routes = request.scope, request.app.routes
    known = {
        method
        for method in health.METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    }
    return sorted(known | ({"HEAD"} if "GET" in known else set()))


def _system(request: Request, error: OSError) -> Response:
    if not is_full(error):
        raise error
    log.error("the disk is full: %s", error)
    return _ours(request, DiskFull("the disk of this server is full; try again later"))


def _unforeseen(request: Request, error: Exception) -> Response:
    return _error("the server failed at this request; its log says more", 500)  # which uvicorn writes


def _error(message: str, status: int) -> Response:
    again = {"Retry-After": str(AGAIN)} if status in (429, 503) else None
    return Response(orjson.dumps(error_json(message, status)), status, again, "application/json")
