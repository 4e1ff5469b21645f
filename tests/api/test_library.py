"""What the page asks for: jobs found, cancelled, deleted and measured again, and their media."""

import csv
import json
import socket
import time
from contextlib import closing
from io import BytesIO
from zipfile import ZipFile

import httpx
import pytest

from mien.api import ticket
from mien.app import build
from mien.jobs.originals import note
from tests.api.serving import api_of, complete, serving
from tests.api.test_batch import started
from tests.media import talk, tone

# ── finding


def test_jobs_are_found_by_their_files_texts_and_addresses(client):
    files = [("file", ("Überfall.wav", b"x"))]
    named = client.post("/v0/batch/jobs", data={"json": "{}"}, files=files).json()["job_id"]
    written = started(client, {"text": ["The river rose by night."]})
    fetched = started(client, {"urls": ["https://example.org/talk.mp3"]})

    def search(words):
        return [job["job_id"] for job in client.get("/mien/jobs", params={"search": words}).json()]

    assert search("Überfall") == [named]
    assert search("RIVER") == [written]
    assert search("talk.mp3") == [fetched]
    assert search("100%_") == []
    assert search("") == [fetched, written, named]


def test_a_list_tells_of_long_texts_by_their_beginning(client):
    job_id = started(client, {"text": ["long " * 1000] * 20})

    job = client.get("/mien/jobs").json()[0]

    assert job["num_texts"] == 20
    assert len(job["request"]["text"]) == 3
    assert all(len(text) == 200 for text in job["request"]["text"])
    assert len(client.get(f"/v0/batch/jobs/{job_id}").json()["request"]["text"]) == 20


def test_a_job_that_runs_says_how_far_it_is(client, mien):
    job_id = started(client, {"text": ["one", "two"], "models": {"language": {}}})
    task = mien.jobs.claim("w", ["measure"], 60)
    mien.jobs.renew(task, "w", 60, 0.25)

    assert client.get("/mien/jobs").json()[0]["state"]["progress"] == 0.125
    assert client.get(f"/v0/batch/jobs/{job_id}").json()["state"]["progress"] == 0.125


# ── cancelling, deleting, measuring again


def test_a_cancelled_job_ends_and_says_so(client):
    job_id = started(client)

    assert client.post(f"/mien/jobs/{job_id}/cancel").status_code == 204

    state = client.get(f"/v0/batch/jobs/{job_id}").json()["state"]
    assert (state["status"], state["message"]) == ("FAILED", "cancelled")


def test_a_deleted_job_is_gone(client):
    job_id = started(client)

    assert client.delete(f"/mien/jobs/{job_id}").status_code == 204

    assert client.get(f"/v0/batch/jobs/{job_id}").status_code == 404
    assert client.delete(f"/mien/jobs/{job_id}").status_code == 404


def test_measuring_again_keeps_the_sources_and_changes_the_models(client, mien):
    files = [("file", ("a.wav", b"sound"))]
    asked = '{"urls": ["https://example.org/b.wav"], "text": ["Hello."], "models": {"prosody": {}}}'
    first = client.post("/v0/batch/jobs", data={"json": asked}, files=files).json()["job_id"]

    answer = client.post(f"/mien/jobs/{first}/again", json={"models": {"burst": {}}, "transcription": None})

    second = mien.jobs.get(answer.json()["job_id"])
    assert second.id != first
    assert second.sources == mien.jobs.get(first).sources
    assert [*second.request.chosen()] == ["burst"]
    assert second.request.transcription is None
    with mien.files.read(f"jobs/{second.id}/upload/0") as file:
        assert file.read() == b"sound"


def test_measuring_again_without_the_files_is_refused(client, mien):
    job_id = client.post("/v0/batch/jobs", files=[("file", ("a.wav", b"x"))]).json()["job_id"]
    mien.files.delete(f"jobs/{job_id}/upload")

    answer = client.post(f"/mien/jobs/{job_id}/again", json={"models": {"prosody": {}}})

    assert answer.status_code == 400
    assert "send them again" in answer.json()["message"]


@pytest.mark.parametrize(
    "changed",
    [
        {"models": {"mood": {}}},
        {"models": {"face": {"fps_pred": -1}}},
        {"models": {"\ud800": {}}},
        {"transcription": {"language": "\ud800"}},
    ],
)
def test_measuring_again_checks_what_is_asked_for(client, changed):
    body, kind = json.dumps(changed), {"Content-Type": "application/json"}

    answer = client.post(f"/mien/jobs/{started(client)}/again", content=body, headers=kind)

    assert answer.status_code == 400
    assert answer.json()["message"]


def test_measuring_again_takes_no_more_than_starting(settings):
    mien = build(settings.model_copy(update={"max_body_mb": 0.001}))
    with serving(api_of(mien)) as url, httpx.Client(base_url=url, timeout=30) as client:
        answer = client.post(f"/mien/jobs/{started(client)}/again", json={"models": {}, "x": "x" * 1000})

    assert answer.status_code == 413


def test_a_table_holds_the_rows_of_all_files(client, mien):
    job_id = started(client)
    artifacts = BytesIO()
    with ZipFile(artifacts, "w") as archive:
        archive.writestr(
            "file-0-a.zip/csv/in/one.wav/prosody.csv", 'Id,Text\r\nspk_0,"Hello, you\r\ntwo."\r\n'
        )
        archive.writestr("file-0-a.zip/csv/in/one.wav/burst.csv", "Id\r\nunknown\r\n")
        archive.writestr("file-1-b.wav/csv/b.wav/prosody.csv", "Id,Text\r\nspk_1,Bye.\r\n")
    complete(mien, job_id, artifacts=artifacts.getvalue())

    answer = client.get(f"/mien/jobs/{job_id}/tables/prosody")

    assert answer.headers["content-type"].startswith("text/csv")
    assert [*csv.reader(answer.text.splitlines(keepends=True))] == [
        ["File", "Id", "Text"],
        ["file-0-a.zip/in/one.wav", "spk_0", "Hello, you\r\ntwo."],
        ["file-1-b.wav/b.wav", "spk_1", "Bye."],
    ]
    assert client.get(f"/mien/jobs/{job_id}/tables/face").text == ""


def test_a_table_waits_for_its_job(client):
    assert client.get(f"/mien/jobs/{started(client)}/tables/prosody").status_code == 400


def test_the_limits_of_the_server_are_told(client, mien):
    limits = client.get("/mien/limits").json()

    assert limits["max_upload_mb"] == mien.settings.max_upload_mb
    assert "home" not in limits


# ── media


@pytest.fixture
def film(client, mien):
    """A job whose file is a hundred bytes, and where these can be had."""
    files = [("file", ("a.wav", b"RIFF....WAVE" + bytes(range(88))))]
    job_id = client.post("/v0/batch/jobs", data={"json": "{}"}, files=files).json()["job_id"]
    note(job_id, 0, [{"name": "a.wav", "key": f"jobs/{job_id}/upload/0"}], mien.files)
    return f"/mien/jobs/{job_id}/media/0/0"


def test_media_are_listed_by_the_names_that_predictions_have(client, mien):
    job_id = client.post("/v0/batch/jobs", files=[("file", ("a.zip", b"x"))]).json()["job_id"]
    works = [{"name": "in/one.wav", "key": f"jobs/{job_id}/file/0/0"}, {"name": ".DS_Store", "refused": "no"}]
    note(job_id, 0, works, mien.files)

    assert client.get(f"/mien/jobs/{job_id}/media").json() == [
        {"source": 0, "file": "in/one.wav", "path": f"/mien/jobs/{job_id}/media/0/0"}
    ]


@pytest.mark.parametrize(
    ("asked", "status", "span"),
    [
        pytest.param(None, 200, (0, 100), id="all of it"),
        pytest.param("bytes=0-", 206, (0, 100), id="from the beginning"),
        pytest.param("bytes=10-19", 206, (10, 20), id="from the middle"),
        pytest.param("bytes=90-500", 206, (90, 100), id="past the end"),
        pytest.param("bytes=-5", 206, (95, 100), id="the last ones"),
        pytest.param("bytes=-500", 206, (0, 100), id="more than there are"),
        pytest.param("bytes=0-1,5-6", 200, (0, 100), id="several ranges"),
        pytest.param("bytes=-", 200, (0, 100), id="no range"),
        pytest.param(f"bytes=0-{'9' * 5000}", 200, (0, 100), id="a number that is none"),
    ],
)
def test_players_get_the_range_that_they_ask_for(client, film, asked, status, span):
    whole = client.get(film).content

    answer = client.get(film, headers={"Range": asked} if asked else {})

    assert answer.status_code == status
    assert answer.content == whole[slice(*span)]
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {span[0]}-{span[1] - 1}/100"


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=50-40", "bytes=-0"])
def test_a_range_that_is_not_there_is_refused(client, film, asked):
    answer = client.get(film, headers={"Range": asked})

    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */100"


def test_a_page_that_was_uploaded_is_never_run(client, mien):
    files = [("file", ("a.html", b"<script>alert(1)</script>"))]
    job_id = client.post("/v0/batch/jobs", files=files).json()["job_id"]
    note(job_id, 0, [{"name": "a.html", "key": f"jobs/{job_id}/upload/0"}], mien.files)

    answer = client.get(f"/mien/jobs/{job_id}/media/0/0")

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["0/1", "1/0", "-1/0"])
def test_media_that_are_not_there_are_a_404(client, film, path):
    assert client.get(f"{film.removesuffix('0/0')}{path}").status_code == 404


def test_media_that_were_deleted_meanwhile_are_a_404(client, film, mien):
    for job_id in mien.files.folders("jobs"):
        mien.files.delete(f"jobs/{job_id}", but=[f"jobs/{job_id}/originals"])

    assert client.get(film).status_code == 404


def test_a_waveform_has_fifty_pairs_a_second(client, mien, tmp_path):
    path = talk(tmp_path / "a.wav", tone(1.5, level=0.5))
    files = [("file", ("a.wav", path.read_bytes()))]
    job_id = client.post("/v0/batch/jobs", data={"json": "{}"}, files=files).json()["job_id"]
    note(job_id, 0, [{"name": "a.wav", "key": f"jobs/{job_id}/upload/0"}], mien.files)

    counted = client.get(f"/mien/jobs/{job_id}/media/0/0/peaks").content

    lows, highs = memoryview(counted).cast("b")[::2], memoryview(counted).cast("b")[1::2]
    assert len(highs) == 75
    assert max(highs) == pytest.approx(64, abs=1)
    assert min(lows) == pytest.approx(-64, abs=1)
    assert client.get(f"/mien/jobs/{job_id}/media/0/0/peaks").content == counted


# ── keys


@pytest.fixture
def keyed(settings):
    """A client of a server that asks for keys, and a key of it."""
    mien = build(settings.model_copy(update={"require_key": True}))
    _, key = mien.keys.create_key("page")
    with serving(api_of(mien)) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield mien, client, {"X-Hume-Api-Key": key}


def test_a_ticket_opens_media_and_nothing_else(keyed):
    mien, client, key = keyed
    sent = client.post("/v0/batch/jobs", files=[("file", ("a.wav", b"RIFF....WAVE"))], headers=key)
    job_id = sent.json()["job_id"]
    note(job_id, 0, [{"name": "a.wav", "key": f"jobs/{job_id}/upload/0"}], mien.files)
    film = f"/mien/jobs/{job_id}/media/0/0"
    assert client.get(film).status_code == 401

    given = client.post("/mien/ticket", headers=key)

    cookie = given.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/mien;" in cookie
    assert key["X-Hume-Api-Key"].lower() not in cookie
    assert client.get(film).status_code == 200
    for path in ("/v0/batch/jobs", "/mien/jobs", f"/mien/jobs/{job_id}/media"):
        assert client.get(path).status_code == 401
    assert client.delete(f"/mien/jobs/{job_id}").status_code == 401


@pytest.mark.parametrize("forged", ["", ".", "9999999999.", "9999999999.00", "x.y", "²."])
def test_a_ticket_that_is_not_ours_opens_nothing(keyed, forged):
    _, client, _ = keyed

    answer = client.get("/mien/jobs/1/media/0/0", headers={"Cookie": f"{ticket.COOKIE}={forged}".encode()})

    assert answer.status_code == 401


def test_a_ticket_runs_out(keyed, monkeypatch):
    _, client, key = keyed
    client.post("/mien/ticket", headers=key)
    now = time.time()

    monkeypatch.setattr(ticket.time, "time", lambda: now + ticket.SECONDS + 1)

    assert client.get("/mien/jobs/1/media/0/0").status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/mien/jobs"),
        ("POST", "/mien/jobs/1/cancel"),
        ("DELETE", "/mien/jobs/1"),
        ("POST", "/mien/jobs/1/again"),
        ("GET", "/mien/jobs/1/media"),
        ("GET", "/mien/jobs/1/media/0/0"),
        ("GET", "/mien/jobs/1/media/0/0/peaks"),
        ("POST", "/mien/ticket"),
        ("GET", "/mien/limits"),
        ("GET", "/mien/jobs/1/tables/face"),
    ],
)
def test_nothing_is_told_or_done_without_a_key(keyed, method, path):
    _, client, _ = keyed

    assert client.request(method, path).status_code == 401


@pytest.mark.parametrize("path", ["/v0/batch/jobs", "/mien/jobs/1/again"])
def test_nothing_is_read_of_who_has_no_key(keyed, path):
    _, client, _ = keyed
    address = client.base_url
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with closing(socket.create_connection((address.host, address.port), timeout=20)) as wire:
        wire.sendall(f"{head}Content-Length: 1000000000\r\n\r\n".encode())

        assert wire.recv(100).startswith(b"HTTP/1.1 401")
