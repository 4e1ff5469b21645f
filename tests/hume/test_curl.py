"""curl, as the documentation of the API used it."""

import json
import shutil
import time
from zipfile import ZipFile

import pytest

from tests.hume.conftest import Server, output
from tests.hume.expected import ARTIFACTS, NOBODY, results

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def curl(server: Server, path: str, *options: str, key: str | None = None) -> dict:
    said = output(
        "curl", "-sS", "-H", f"X-Hume-Api-Key: {key or server.key}", *options, f"{server.url}{path}"
    )
    return json.loads(said)


@pytest.fixture(scope="module")
def started(server, web, folder):
    asked = json.dumps({"urls": [f"{web}/talk.wav"], "models": {"prosody": {"granularity": "sentence"}}})
    prosody = '{"models": {"prosody": {"granularity": "sentence"}}}'
    both = '{"models": {"prosody": {"granularity": "sentence"}, "face": {}}}'
    text = '{"text": ["Hello!", "Bye."], "models": {"language": {"granularity": "sentence"}}}'
    jobs = "/v0/batch/jobs"
    as_json = ["-H", "Content-Type: application/json; charset=utf-8"]
    as_form = [
        "-H",
        "Content-Type: multipart/form-data",
    ]  # as the documentation had it: curl adds the boundary
    ids = {
        "url": curl(server, jobs, *as_json, "--data", asked)["job_id"],
        "file": curl(server, jobs, *as_form, "-F", f"json={prosody}", "-F", f"file=@{folder}/talk.wav")[
            "job_id"
        ],
        "text": curl(server, jobs, "--data-raw", text)["job_id"],
        "archive": curl(server, jobs, "-F", f"file=@{folder}/all.zip", "-F", f"json={both}")["job_id"],
    }
    for job_id in ids.values():
        while curl(server, f"{jobs}/{job_id}")["state"]["status"] in ("QUEUED", "IN_PROGRESS"):
            time.sleep(0.05)
    return ids


@pytest.mark.parametrize("start", ["url", "file", "text", "archive"])
def test_what_was_measured_arrives(start, started, server, folder):
    (result,) = curl(server, f"/v0/batch/jobs/{started[start]}/predictions")

    assert result["results"] == results(server, folder)[start]


@pytest.mark.parametrize("start", ["url", "file", "text", "archive"])
def test_artifacts_are_written_to_disk(start, started, server, tmp_path):
    got = tmp_path / "artifacts.zip"

    output(
        "curl",
        *("-sS", "--fail", "-o", str(got)),
        f"{server.url}/v0/batch/jobs/{started[start]}/artifacts?apikey={server.key}",
    )

    assert sorted(ZipFile(got).namelist()) == ARTIFACTS[start]


def test_jobs_are_listed(started, server):
    jobs = curl(server, "/v0/batch/jobs?limit=100&status=COMPLETED&status=FAILED")

    assert set(started.values()) <= {job["job_id"] for job in jobs}


def test_a_wrong_key_is_refused(server):
    assert curl(server, f"/v0/batch/jobs/{NOBODY}", key="wrong")["message"] == "Invalid ApiKey"


def test_an_unknown_job_is_not_found(server):
    assert curl(server, f"/v0/batch/jobs/{NOBODY}")["message"] == "job not found"


def test_a_job_that_is_not_ready_is_told_so(idle):
    job_id = curl(idle, "/v0/batch/jobs", "--data", '{"text": ["a"]}')["job_id"]

    refused = curl(idle, f"/v0/batch/jobs/{job_id}/predictions")

    assert refused == {"message": "the job has not finished yet, it is QUEUED", "code": 400}


def test_an_upload_that_is_too_large_is_told_so(server, tmp_path):
    big = tmp_path / "big.wav"
    with big.open("wb") as file:
        file.truncate(101_000_000)

    assert curl(server, "/v0/batch/jobs", "-F", f"file=@{big}") == {
        "message": "file: big.wav is larger than the 100 MB that this server takes",
        "code": 413,
    }
