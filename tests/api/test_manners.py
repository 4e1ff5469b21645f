import socket
from urllib.parse import urlsplit

import httpx
import pytest

from mien.app import build
from mien.settings import Settings
from tests.api.serving import api_of, serving

HERE, ELSEWHERE = "http://localhost:3000", "https://app.example.org"
JOBS = "/v0/batch/jobs"
UNKNOWN = f"{JOBS}/3f2b3c1e-8a55-4a0e-9d57-0f6a3a0f1c2d"


def preflight(client, origin, path=JOBS):
    """What a browser asks before a page sends a key."""
    wants = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-hume-api-key",
    }
    return client.options(path, headers={"Origin": origin, **wants})


def reader(answer):
    return answer.headers.get("access-control-allow-origin")


@pytest.fixture(params=["require_key", "allow_no_key"])
def exposed(request, settings):
    """A client of a server that pages of the web are meant to reach."""
    mien = build(Settings(**settings.model_dump() | {request.param: True}))
    with serving(api_of(mien)) as url, httpx.Client(base_url=url) as client:
        yield client


# ── pages of other origins


def test_a_page_of_this_machine_may_send_a_key_and_read_the_answer(client):
    asked = preflight(client, HERE)
    told = client.post(JOBS, headers={"Origin": HERE, "X-Hume-Api-Key": "any"}, json={"text": ["a"]})

    assert (asked.status_code, reader(asked)) == (204, HERE)
    assert asked.headers["access-control-allow-methods"] == "GET, HEAD, POST"
    assert asked.headers["access-control-allow-headers"] == "content-type,x-hume-api-key"
    assert (told.status_code, reader(told)) == (200, HERE)
    assert "origin" in told.headers["vary"].lower()


def test_errors_are_read_by_pages_too(client):
    answer = client.get(UNKNOWN, headers={"Origin": HERE})

    assert (answer.status_code, reader(answer)) == (404, HERE)


def test_a_page_that_is_kept_out_reads_nothing(client):
    assert reader(preflight(client, ELSEWHERE)) is None
    assert reader(client.get(JOBS, headers={"Origin": ELSEWHERE})) is None


def test_where_pages_of_the_web_are_let_in_they_read_what_they_are_told(exposed):
    assert reader(preflight(exposed, ELSEWHERE)) == ELSEWHERE
    assert reader(exposed.get(JOBS, headers={"Origin": ELSEWHERE})) == ELSEWHERE


@pytest.mark.parametrize("path", ["/mien/jobs", "/metrics", "/healthz", "/"])
def test_what_is_for_our_own_page_no_other_reads(path, exposed):
    assert reader(preflight(exposed, ELSEWHERE, path)) is None
    assert reader(exposed.get(path, headers={"Origin": ELSEWHERE})) is None


def test_no_cookie_opens_an_answer_to_a_page(exposed):
    assert "access-control-allow-credentials" not in preflight(exposed, ELSEWHERE).headers


def test_programs_are_told_nothing_of_pages(client):
    answer = client.get(JOBS)

    assert reader(answer) is None
    assert "vary" not in answer.headers


# ── methods and addresses


@pytest.mark.parametrize("path", [JOBS, UNKNOWN, "/healthz", "/docs", "/"])
def test_head_is_answered_as_get_is_without_the_body(path, client):
    told, answer = client.get(path), client.head(path)

    assert answer.status_code == told.status_code
    assert answer.headers["content-type"] == told.headers["content-type"]
    assert answer.content == b""


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", JOBS, "GET, HEAD, POST"),
        ("OPTIONS", JOBS, "GET, HEAD, POST"),
        ("DELETE", UNKNOWN, "GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
    ],
)
def test_who_asks_with_another_method_is_told_all_that_there_are(method, path, allowed, client):
    answer = client.request(method, path)

    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    "path", [f"/{JOBS}", f"{JOBS}/", f"{JOBS}//", "/v0//batch/jobs", "//v0/batch//jobs/"]
)
def test_slashes_too_many_do_no_harm(path, client):
    body = b'{"text": ["a"]}'
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", urlsplit(str(client.base_url)).port)) as raw:
        raw.sendall(head.encode() + body)
        answer = b"".join(iter(lambda: raw.recv(4096), b""))

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"job_id" in answer


def test_a_slash_at_the_end_opens_no_door(settings):
    with serving(api_of(build(settings.model_copy(update={"require_key": True})))) as url:
        assert httpx.get(f"{url}{JOBS}/").status_code == 401
