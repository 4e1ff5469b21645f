import httpx
import pytest

from mien.api import api
from mien.errors import StoreError
from tests.api.serving import complete, serving


def test_health_tells_engines_and_what_is_to_be_done(client, mien):
    client.post("/v0/batch/jobs", json={"text": ["a"]})

    health = client.get("/healthz").json()

    assert health["status"] == "ok"
    assert health["version"]
    assert health["engines"]["transcriber"] == "stub"
    assert health["queue_length"] == 1
    assert health["workers_busy"] == 0


def test_metrics_count_requests_jobs_and_files(client, mien):
    job_id = client.post("/v0/batch/jobs", json={"text": ["a"]}).json()["job_id"]
    client.post("/v0/batch/jobs", json={})
    complete(mien, job_id)

    figures = client.get("/metrics").text.splitlines()

    assert 'mien_http_requests_total{method="POST",route="/v0/batch/jobs",status="200"} 1.0' in figures
    assert 'mien_http_requests_total{method="POST",route="/v0/batch/jobs",status="400"} 1.0' in figures
    assert 'mien_jobs{state="COMPLETED"} 1.0' in figures
    assert 'mien_jobs{state="QUEUED"} 0.0' in figures
    assert "mien_queue_length 0.0" in figures
    assert "mien_files_measured 1.0" in figures


def test_addresses_that_nobody_serves_are_counted_as_one(client):
    for i in range(3):
        client.get(f"/nowhere/{i}")

    assert (
        'mien_http_requests_total{method="GET",route="other",status="404"} 3.0' in client.get("/metrics").text
    )


def test_methods_that_nobody_knows_are_counted_as_one(client):
    for i in range(3):
        client.request(f"BREW{i}", "/nowhere")

    figures = client.get("/metrics").text

    assert 'mien_http_requests_total{method="other",route="other",status="404"} 3.0' in figures
    assert "BREW" not in figures


def test_the_description_tells_every_option(client):
    described = client.get("/openapi.json").json()
    schemas = described["components"]["schemas"]

    body = described["paths"]["/v0/batch/jobs"]["post"]["requestBody"]["content"]
    assert body["application/json"]["schema"] == {"$ref": "#/components/schemas/Request"}
    assert set(body["multipart/form-data"]["schema"]["properties"]) == {"json", "file"}
    assert schemas["FaceOptions"]["properties"]["prob_threshold"]["maximum"] == 1
    assert schemas["WindowOptions"]["properties"]["length"]["minimum"] == 0.5
    assert set(schemas["Models"]["properties"]) == {"face", "burst", "prosody", "language", "ner", "facemesh"}
    assert "hi-Latn" in str(schemas["TranscriptionOptions"])
    assert "422" not in str(described)


def test_every_reference_of_the_description_leads_somewhere(client):
    described = client.get("/openapi.json").json()

    def references(value):
        if isinstance(value, dict):
            yield from [value["$ref"]] if "$ref" in value else ()
            for one in value.values():
                yield from references(one)
        elif isinstance(value, list):
            for one in value:
                yield from references(one)

    known = {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}
    assert set(references(described)) <= known


def test_the_description_can_be_read_in_a_browser(client):
    page = client.get("/docs")

    assert page.headers["content-type"].startswith("text/html")
    assert "/openapi.json" in page.text


class Broken:
    """A store that answers everything with the same error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name):
        def fail(*args, **kwargs):
            raise self._error

        return fail


@pytest.mark.parametrize(
    ("error", "status"),
    [(RuntimeError("secret path /vault/x"), 500), (StoreError("secret password"), 503)],
    ids=["a slip of ours", "a store that is away"],
)
@pytest.mark.parametrize("path", ["/healthz", "/v0/batch/jobs"])
def test_a_failure_of_ours_tells_nothing_of_what_is_inside(error, status, path, settings, mien):
    with serving(api(settings, Broken(error), mien.files, mien.keys)) as url:
        answer = httpx.get(url + path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["code"] == status
    assert "secret" not in answer.text
    assert "log" in answer.json()["message"]
