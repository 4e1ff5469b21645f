"""How the server is: `/healthz` for those who watch it, `/metrics` for Prometheus."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator

import orjson
from fastapi import APIRouter, Depends, Response
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mien.engines import Engines
from mien.jobs.store import JobStore

log = logging.getLogger(__name__)


def routes(
    version: str,
    engines: Engines,
    jobs: JobStore,
    figures: Iterable[Collector],
    door: Callable[[Request], None],
) -> APIRouter:
    """`/healthz`, which everybody may ask, and `/metrics`, which asks for a key where one is needed."""
    router = APIRouter(tags=["server"])
    registry = CollectorRegistry()
    for collector in (*figures, _Store(jobs)):
        registry.register(collector)

    @router.get("/healthz", summary="How the server is")
    def healthz() -> Response:
        """Whether the store answers, which engine plays each role, and how much is to be done."""
        tally = jobs.tally()
        health = {
            "status": "ok",
            "version": version,
            "engines": {role: name for role, name in engines.chosen().items() if name},
            "queue_length": tally.jobs.get("QUEUED", 0),
            "jobs_in_progress": tally.jobs.get("IN_PROGRESS", 0),
            "workers_busy": tally.workers,
        }
        return Response(orjson.dumps(health), media_type="application/json")

    @router.get("/metrics", summary="Figures for Prometheus", dependencies=[Depends(door)])
    def metrics() -> Response:
        """Requests, jobs by state, the queue, files measured, errors in them, and the stream."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return router


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""That are counted each by itself: there is no end of others."""


class Seen:
    """Counts and logs requests: by route, so that neither ids nor keys in addresses are told."""

    def __init__(self) -> None:
        self.requests = Counter(
            "mien_http_requests", "Requests answered.", ["method", "route", "status"], registry=None
        )

    def middleware(self, app: ASGIApp) -> ASGIApp:
        async def seen(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            begun, status = time.monotonic(), 500

            async def sending(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await app(scope, receive, sending)
            finally:
                method = scope["method"] if scope["method"] in METHODS else "other"
                route = getattr(scope.get("route"), "path", "other")
                self.requests.labels(method, route, status).inc()
                took = (time.monotonic() - begun) * 1000
                log.info("%s %s %d in %.0f ms", method, route, status, took)

        return seen


class _Store(Collector):
    """What the store knows, looked up when Prometheus asks."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # nothing is looked up before somebody asks

    def collect(self) -> Iterator[GaugeMetricFamily]:
        tally = self._jobs.tally()
        jobs = GaugeMetricFamily("mien_jobs", "Jobs kept, by state.", labels=["state"])
        for state in ("QUEUED", "IN_PROGRESS", "COMPLETED", "FAILED"):
            jobs.add_metric([state], tally.jobs.get(state, 0))
        yield jobs
        for name, meaning, value in (
            ("mien_queue_length", "Jobs that have not begun.", tally.jobs.get("QUEUED", 0)),
            ("mien_files_measured", "Files of the jobs kept that are done.", tally.files),
            ("mien_errors", "Problems met in the jobs kept.", tally.errors),
            ("mien_workers_busy", "Workers that hold a task.", tally.workers),
        ):
            yield GaugeMetricFamily(name, meaning, value=value)
