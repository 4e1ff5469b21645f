"""hume 0.6, the client of 2023, in an environment of its own."""

import hashlib
import json
from pathlib import Path
from uuid import UUID

import pytest

from tests.hume.conftest import output
from tests.hume.expected import ARTIFACTS, results


@pytest.fixture(scope="module")
def told(legacy_python, server, idle, web, folder):
    script = Path(__file__).parent / "legacy.py"
    return json.loads(
        output(
            str(legacy_python),
            "-W",
            "error::UserWarning",
            str(script),
            server.url,
            idle.url,
            server.key,
            web,
            str(folder),
        )
    )


@pytest.mark.parametrize("start", ["url", "file", "text", "archive"])
def test_what_was_measured_arrives(start, told, server, folder):
    (result,) = told[start]["predictions"]

    assert result["results"] == results(server, folder)[start]


@pytest.mark.parametrize("start", ["url", "file", "text", "archive"])
def test_artifacts_are_written_to_disk(start, told):
    assert sorted(told[start]["artifacts"]) == ARTIFACTS[start]


def test_sources_are_told_as_they_were_given(told, web, folder):
    def source(start):
        return told[start]["predictions"][0]["source"]

    def md5(name):
        return hashlib.md5((folder / name).read_bytes(), usedforsecurity=False).hexdigest()

    assert source("url") == {"type": "url", "url": f"{web}/talk.wav"}
    assert source("text") == {"type": "text"}
    assert source("file") == {
        "type": "file",
        "filename": "talk.wav",
        "content_type": None,
        "md5sum": md5("talk.wav"),
    }
    assert source("archive") == {
        "type": "file",
        "filename": "all.zip",
        "content_type": "application/zip",
        "md5sum": md5("all.zip"),
    }


def test_details_are_parsed(told):
    details = told["archive"]

    assert str(UUID(details["id"])) == details["id"]
    assert details["status"] == "COMPLETED"
    assert details["models"] == ["face", "prosody"]
    assert details["run_time_ms"] >= 0
    assert details["callback_url"] is None
    assert details["notify"] is False


def test_a_wrong_key_is_understood(told):
    assert told["wrong key, start"] == "HumeBatchClient initialized with invalid API key."
    assert told["wrong key, details"] == "HumeBatchClient initialized with invalid API key."


def test_an_unknown_job_is_understood(told):
    assert told["unknown job, details"].startswith("Could not find a job with ID 0000")
    assert told["unknown job, predictions"].startswith("Could not find a job with ID 0000")


def test_a_job_that_is_not_ready_is_told_so(told):
    assert told["not ready"] == {"message": "the job has not finished yet, it is QUEUED", "code": 400}
    assert told["not ready, status"] == "QUEUED"


def test_what_was_refused_is_told_why(told):
    assert "urls[0]: 'file:///etc/passwd' cannot be used" in told["refused"]
