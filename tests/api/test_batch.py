import asyncio
import errno
import re
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from starlette.requests import Request

from mien.api.batch import Starting
from mien.app import build
from mien.errors import DiskFull, QueueFull
from mien.settings import Settings
from mien.storage.files import Files
from mien.types import FileSource, TextSource, UrlSource
from tests.api.serving import api_of, begin, complete, serving

TEXT = {"text": ["Hello there."], "models": {"language": {}}}


def started(client: httpx.Client, asked: dict = TEXT, **more) -> str:
    answer = client.post("/v0/batch/jobs", json=asked, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()["job_id"]


@pytest.fixture
def limited(settings):
    """A client of a server with other limits."""
    running = []

    def start(**limits) -> httpx.Client:
        mien = build(Settings(**settings.model_dump() | limits))
        context = serving(api_of(mien))
        running.append(context)
        return httpx.Client(base_url=context.__enter__(), timeout=30)

    yield start
    for context in running:
        context.__exit__(None, None, None)


# ── starting


def test_the_id_of_a_job_is_an_uuid_with_dashes(client):
    answer = client.post("/v0/batch/jobs", json=TEXT)

    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["job_id"]
    assert str(UUID(answer.json()["job_id"])) == answer.json()["job_id"]


def test_sources_are_in_the_order_urls_files_text(client, mien):
    asked = '{"text": ["a", "b"], "urls": ["https://example.org/1", "https://example.org/2"]}'
    files = [("file", ("x.wav", b"x")), ("file", ("y.wav", b"y"))]

    job_id = client.post("/v0/batch/jobs", data={"json": asked}, files=files).json()["job_id"]

    assert mien.jobs.get(job_id).sources == (
        UrlSource("https://example.org/1"),
        UrlSource("https://example.org/2"),
        FileSource(filename="x.wav", content_type=None, md5sum="9dd4e461268c8034f5c8564e155c67a6"),
        FileSource(filename="y.wav", content_type=None, md5sum="415290769594460e2e485922904f345d"),
        TextSource(),
    )


def test_texts_are_measured_together(client, mien):
    client.post("/v0/batch/jobs", json=TEXT | {"text": [f"text {i}" for i in range(100)]})

    assert mien.jobs.claim("a", ["measure"], 60).files == 100


def test_uploads_are_moved_into_the_store(client, mien):
    job_id = client.post(
        "/v0/batch/jobs", files=[("file", ("x.wav", b"one")), ("file", ("x.wav", b"two"))]
    ).json()["job_id"]

    assert [*mien.files.keys(f"jobs/{job_id}")] == [f"jobs/{job_id}/upload/0", f"jobs/{job_id}/upload/1"]
    with mien.files.read(f"jobs/{job_id}/upload/1") as file:
        assert file.read() == b"two"
    assert left_behind(mien.settings) == []


def left_behind(settings: Settings) -> list[Path]:
    return [*(settings.home / "incoming").iterdir()]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "there is nothing to measure: give urls, text, or files"),
        (
            {"urls": ["https://example.org"] * 101},
            "urls: 101 are too many; this server takes 100 in one request",
        ),
        ({"text": ["a"] * 101}, "text: 101 are too many; this server takes 100 in one request"),
        ({"urls": ["file:///etc/passwd"]}, "urls[0]: 'file:///etc/passwd' cannot be used: "),
        (
            {"urls": ["https://example.org", "ftp://example.org"]},
            "urls[1]: 'ftp://example.org' cannot be used",
        ),
        ({"urls": [""]}, "urls[0]: '' cannot be used"),
        (
            {"urls": ["example.org/a.mp4"]},
            "urls[0]: 'example.org/a.mp4' cannot be used: a URL must begin with http:// or https://",
        ),
        (TEXT | {"callback_url": "gopher://x"}, "callback_url: 'gopher://x' cannot be used"),
    ],
)
def test_what_cannot_be_measured_is_told_at_once(asked, said, client, mien):
    answer = client.post("/v0/batch/jobs", json=asked)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith(said)
    assert answer.json()["code"] == 400
    assert mien.jobs.queue_length() == 0


def test_a_job_that_was_refused_leaves_no_upload_behind(client, mien):
    answer = client.post(
        "/v0/batch/jobs", data={"json": '{"urls": ["file:///x"]}'}, files=[("file", ("x.wav", b"x"))]
    )

    assert answer.status_code == 400
    assert left_behind(mien.settings) == []
    assert [*mien.files.keys("jobs")] == []


class Filled:
    """A store that another filled while the files came."""

    def __init__(self, jobs):
        self._jobs = jobs

    def __getattr__(self, name):
        return getattr(self._jobs, name)

    def add(self, job, *, max_queued):
        raise QueueFull


def test_a_job_that_the_store_refuses_leaves_no_file_behind(mien):
    with serving(api_of(replace(mien, jobs=Filled(mien.jobs)))) as url:
        answer = httpx.post(f"{url}/v0/batch/jobs", files=[("file", ("x.wav", b"x"))], timeout=30)

    assert answer.status_code == 429
    assert [*mien.files.keys("jobs")] == []


def test_a_text_that_is_too_large_is_refused(limited):
    answer = limited(max_text_mb=0.001).post("/v0/batch/jobs", json={"text": ["a", "é" * 501]})

    assert answer.status_code == 413
    assert answer.json()["message"] == "text[1] is larger than the 0.001 MB that this server takes"


def test_a_full_queue_says_when_to_come_again(limited):
    client = limited(max_queued_jobs=2)
    started(client)
    started(client)

    answer = client.post("/v0/batch/jobs", json=TEXT)

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "5"
    assert "queued jobs" in answer.json()["message"]


class Full(Files):
    """A disk without room."""

    def put(self, key: str, path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("limits", [{"max_queued_jobs": 1}, {"max_disk_gb": 1e-9}])
def test_where_there_is_no_room_nothing_is_read(limits, client, mien):
    started(client)
    client.post("/v0/batch/jobs", files=[("file", ("x.wav", b"xx"))])

    async def read():
        raise AssertionError("was read")

    starting = Starting(mien.settings.model_copy(update=limits), mien.jobs, mien.files)
    with pytest.raises((QueueFull, DiskFull)):
        asyncio.run(starting.start(Request({"type": "http", "headers": []}, read)))


def test_a_disk_without_room_says_so_in_a_line(mien, caplog):
    full = replace(mien, files=Full(mien.settings.files))
    with serving(api_of(full)) as url:
        answer = httpx.post(f"{url}/v0/batch/jobs", files=[("file", ("x.wav", b"x" * 2000))])

    assert answer.status_code == 429
    assert answer.headers["Retry-After"]
    assert answer.json()["message"] == "the disk of this server is full; try again later"
    assert "Traceback" not in caplog.text
    assert "No space left on device" in caplog.text


def test_where_too_much_is_kept_it_says_when_to_come_again(limited):
    client = limited(max_disk_gb=0.000_001)
    assert client.post("/v0/batch/jobs", files=[("file", ("x.wav", b"x" * 2000))]).status_code == 200

    answer = client.post("/v0/batch/jobs", json=TEXT)

    assert answer.status_code == 429
    assert "disk" in answer.json()["message"]


# ── looking


def test_a_job_is_told_as_it_was_asked_for(client):
    job_id = started(client)

    job = client.get(f"/v0/batch/jobs/{job_id}").json()

    assert job["type"] == "INFERENCE"
    assert job["job_id"] == job_id
    assert job["request"]["text"] == ["Hello there."]
    assert job["request"]["files"] == []
    assert list(job["request"]["models"]) == ["language"]
    assert list(job["state"]) == ["status", "created_timestamp_ms"]
    assert job["state"]["status"] == "QUEUED"
    assert abs(job["state"]["created_timestamp_ms"] / 1000 - time.time()) < 60


def test_a_job_in_progress_tells_how_many_files_are_done(client, mien):
    job_id = started(client)
    begin(mien, job_id)

    state = client.get(f"/v0/batch/jobs/{job_id}").json()["state"]

    assert state["status"] == "IN_PROGRESS"
    assert state["files_done"] == 0
    assert state["files_total"] == 1
    assert state["started_timestamp_ms"] >= state["created_timestamp_ms"]


@pytest.mark.parametrize("path", ["", "/predictions", "/artifacts"])
@pytest.mark.parametrize("job_id", ["3f2b3c1e-8a55-4a0e-9d57-0f6a3a0f1c2d", "abc", "%00", "'; --"])
def test_an_unknown_job_is_not_found(path, job_id, client):
    answer = client.get(f"/v0/batch/jobs/{job_id}{path}")

    assert answer.status_code == 404
    assert answer.json() == {"message": "job not found", "code": 404}


@pytest.mark.parametrize("path", ["predictions", "artifacts"])
def test_results_of_a_job_that_has_not_finished_are_refused_so_that_no_client_tries_again(path, client, mien):
    job_id = started(client)

    queued = client.get(f"/v0/batch/jobs/{job_id}/{path}")
    begin(mien, job_id)
    running = client.get(f"/v0/batch/jobs/{job_id}/{path}")

    assert queued.status_code == running.status_code == 400
    assert queued.json()["message"] == "the job has not finished yet, it is QUEUED"
    assert running.json()["message"] == "the job has not finished yet, it is IN_PROGRESS"


@pytest.mark.parametrize("path", ["predictions", "artifacts"])
def test_a_failed_job_tells_why_it_has_no_results(path, client, mien):
    job_id = started(client)
    mien.jobs.cancel(job_id)

    answer = client.get(f"/v0/batch/jobs/{job_id}/{path}")

    assert answer.status_code == 400
    assert answer.json()["message"] == "the job failed, and has no results: cancelled"


def test_results_are_handed_out_as_they_are_kept(client, mien):
    job_id, big = started(client), bytes(range(256)) * 10_000
    complete(mien, job_id, predictions=b'[{"source":{"type":"text"}}]', artifacts=big)

    predictions = client.get(f"/v0/batch/jobs/{job_id}/predictions")
    artifacts = client.get(f"/v0/batch/jobs/{job_id}/artifacts")

    assert predictions.json() == [{"source": {"type": "text"}}]
    assert predictions.headers["content-type"] == "application/json"
    assert artifacts.content == big
    assert artifacts.headers["content-type"] == "application/octet-stream"


def test_results_that_were_deleted_meanwhile_are_not_found(client, mien):
    job_id = started(client)
    complete(mien, job_id)

    assert client.get(f"/v0/batch/jobs/{job_id}/predictions").status_code == 404


# ── listing


def listed(client: httpx.Client, **query) -> list[str]:
    answer = client.get("/v0/batch/jobs", params=query)
    assert answer.status_code == 200, answer.text
    return [job["job_id"] for job in answer.json()]


@pytest.fixture
def three(client, mien):
    """A completed, a failed and a queued job, in the order they were started."""
    first = started(client)
    complete(mien, first)
    time.sleep(0.002)  # jobs of one millisecond have no order
    second = started(client)
    mien.jobs.cancel(second)
    time.sleep(0.002)
    return [first, second, started(client)]


def test_more_jobs_may_be_asked_for_than_a_database_counts(client, three):
    assert listed(client, limit=10**20) == three[::-1]


def test_jobs_are_listed_newest_first(client, three):
    assert listed(client) == three[::-1]
    assert listed(client, direction="asc") == three
    assert listed(client, limit=2) == three[:0:-1]
    assert listed(client, limit=10**18) == three[::-1]


def test_jobs_are_listed_by_status_which_may_be_repeated(client, three):
    assert listed(client, status="FAILED") == [three[1]]
    assert listed(client, status=["COMPLETED", "FAILED"]) == [three[1], three[0]]


def test_jobs_are_listed_before_and_after_a_time(client, three):
    second = client.get(f"/v0/batch/jobs/{three[1]}").json()["state"]["created_timestamp_ms"]

    assert listed(client, when="created_before", timestamp_ms=second) == [three[0]]
    assert listed(client, when="created_after", timestamp_ms=second) == [three[2]]
    assert listed(client, when="created_after") == []


def test_jobs_that_have_no_such_time_come_last(client, three):
    assert listed(client, sort_by="ended", direction="asc")[-1] == three[2]
    assert listed(client, sort_by="started", direction="desc")[-1] == three[2]


@pytest.mark.parametrize("path", ["/v0/batch/jobs", "/mien/jobs"])
def test_a_list_of_large_jobs_is_never_whole_in_memory(path, client):
    for _ in range(32):
        started(client, {"text": ["x" * 1_000_000]})

    tracemalloc.start()
    with client.stream("GET", path) as answer:
        for _ in answer.iter_raw():
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 25_000_000


def test_jobs_of_other_types_are_none(client, three):
    assert listed(client, type="TRAINING") == []
    assert listed(client, type=["TRAINING", "INFERENCE"]) == three[::-1]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"limit": 0}, 'limit: "0" is not allowed, it must be at least 1'),
        ({"limit": "many"}, 'limit: "many" is not allowed, it must be a whole number'),
        ({"status": "DONE"}, """status[0]: "DONE" is not allowed, it must be 'QUEUED', 'IN_PROGRESS',"""),
        (
            {"when": "never"},
            """when: "never" is not allowed, it must be 'created_before' or 'created_after'""",
        ),
        ({"timestamp_ms": -1}, 'timestamp_ms: "-1" is not allowed, it must be at least 0'),
        ({"timestamp_ms": 2**63}, "timestamp_ms: "),
        (
            {"sort_by": "size"},
            """sort_by: "size" is not allowed, it must be 'created', 'started' or 'ended'""",
        ),
        ({"direction": "up"}, """direction: "up" is not allowed, it must be 'asc' or 'desc'"""),
    ],
)
def test_a_wrong_filter_is_told_so(query, said, client):
    answer = client.get("/v0/batch/jobs", params=query)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith(said)


# ── what is no endpoint


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/v0/batch/nothing", 404),
        ("GET", "/v0/batch/jobs/..%2f../predictions", 404),
        ("POST", "/v0/evi/chats", 404),
        ("DELETE", "/v0/batch/jobs/3f2b3c1e-8a55-4a0e-9d57-0f6a3a0f1c2d", 405),
        ("PUT", "/v0/batch/jobs", 405),
        ("POST", "/v0/registry/v0/batch/jobs/tl/train", 410),
        ("POST", "/v0/registry/v0/batch/jobs/tl/inference", 410),
        ("POST", "/v0/batch/jobs/tl/inference", 410),
    ],
)
def test_errors_are_json_wherever_they_arise(method, path, status, client):
    answer = client.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["code"] == status
    assert re.match(r"\w+ ", answer.json()["message"])
