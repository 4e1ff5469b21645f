"""npm hume 0.15, the last TypeScript client that knows the API."""

import json
from uuid import UUID
from zipfile import ZipFile

import pytest

from tests.hume.expected import ARTIFACTS, results


@pytest.fixture(scope="module")
def told(node, server, idle, web, folder):
    return json.loads(node("judge.cjs", server.url, idle.url, server.key, web, str(folder)))


def camel(value):
    """As the client hands it on: keys in camel case, nulls left out."""
    match value:
        case dict():
            return {_camel(key): camel(one) for key, one in value.items() if one is not None}
        case list():
            return [camel(one) for one in value]
        case _:
            return value


def _camel(key: str) -> str:
    first, *others = key.split("_")
    return first + "".join(part.capitalize() for part in others)


@pytest.mark.parametrize("start", ["url", "file", "text", "archive"])
def test_what_was_measured_arrives(start, told, server, folder):
    (result,) = told[start]["predictions"]

    assert camel(result["results"]) == camel(results(server, folder)[start])


@pytest.mark.parametrize("start", ["url", "file", "text", "archive"])
def test_artifacts_are_written_to_disk(start, told, folder):
    assert sorted(ZipFile(folder / f"{start}.npm.zip").namelist()) == ARTIFACTS[start]


def test_details_are_parsed(told, web):
    details = told["url"]["details"]

    assert str(UUID(details["jobId"])) == details["jobId"]
    assert details["type"] == "INFERENCE"
    assert details["request"]["urls"] == [f"{web}/talk.wav"]
    assert details["request"]["models"]["prosody"]["granularity"] == "sentence"
    assert details["state"]["status"] == "COMPLETED"
    assert details["state"]["numPredictions"] == 1


def test_transcription_can_be_switched_off(told):
    (result,) = told["untranscribed"]["predictions"]
    (file,) = result["results"]["predictions"]
    (group,) = file["models"]["prosody"]["groupedPredictions"]

    assert "metadata" not in file["models"]["prosody"]
    assert [prediction.get("text") for prediction in group["predictions"]] == [None] * len(
        group["predictions"]
    )
    assert "transcription" not in told["untranscribed"]["details"]["request"]


def test_jobs_are_listed(told):
    assert len(told["list"]) == 2
    assert {job["state"]["status"] for job in told["list"]} <= {"COMPLETED", "FAILED"}


@pytest.mark.parametrize(
    ("what", "status", "message"),
    [
        ("wrong key", 401, "Invalid ApiKey"),
        ("unknown job", 404, "job not found"),
        ("not ready", 400, "the job has not finished yet, it is QUEUED"),
    ],
)
def test_errors_are_told(what, status, message, told):
    assert told[what]["status"] == status
    assert told[what]["body"]["message"] == message


def test_what_was_refused_is_told_why(told):
    assert told["refused"]["status"] == 400
    assert "urls[0]" in told["refused"]["body"]["message"]
