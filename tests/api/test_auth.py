import logging

import httpx
import pytest

from mien.api.auth import check_bind, is_loopback, needs_key
from mien.app import build
from mien.errors import RequestError
from mien.settings import Settings
from tests.api.serving import api_of, serving


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.168.1.5", False),
        ("example.org", False),
        ("localhost.example.org", False),
        ("studio.localhost", True),
        ("notlocalhost", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host, loopback):
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("given", "needed"),
    [
        ({}, False),
        ({"require_key": True}, True),
        ({"host": "0.0.0.0"}, True),
        ({"host": "0.0.0.0", "allow_no_key": True}, False),
        ({"host": "0.0.0.0", "allow_no_key": True, "require_key": True}, True),
    ],
)
def test_a_key_is_needed_where_others_reach_the_server(given, needed):
    assert needs_key(Settings(**given)) is needed


def test_a_server_that_others_reach_does_not_start_without_keys(settings):
    exposed = Settings(**settings.model_dump() | {"host": "0.0.0.0"})
    mien = build(exposed)

    with pytest.raises(RequestError, match="mien keys create"):
        check_bind(exposed, mien.keys)
    mien.keys.create_key("first")
    check_bind(exposed, mien.keys)


@pytest.fixture
def locked(settings):
    """A client of a server that asks for keys, and the key."""
    mien = build(Settings(**settings.model_dump() | {"require_key": True}))
    _, secret = mien.keys.create_key("test")
    with serving(api_of(mien)) as url, httpx.Client(base_url=url) as client:
        yield client, secret


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(lambda key: {"headers": {"X-Hume-Api-Key": key}}, id="header"),
        pytest.param(lambda key: {"headers": {"x-hume-api-key": key}}, id="header in lower case"),
        pytest.param(lambda key: {"headers": {"Authorization": f"Bearer {key}"}}, id="bearer"),
        pytest.param(lambda key: {"headers": {"authorization": f"bearer  {key}"}}, id="bearer in lower case"),
        pytest.param(lambda key: {"params": {"apikey": key}}, id="apikey"),
        pytest.param(lambda key: {"params": {"apiKey": key}}, id="apiKey"),
        pytest.param(lambda key: {"params": {"APIKEY": key}}, id="APIKEY"),
        pytest.param(lambda key: {"params": {"api_key": key}}, id="api_key"),
        pytest.param(
            lambda key: {"headers": {"X-Hume-Api-Key": "stale"}, "params": {"apikey": key}},
            id="second of two",
        ),
    ],
)
def test_a_key_is_accepted_wherever_clients_put_it(shown, locked):
    client, key = locked

    assert client.get("/v0/batch/jobs", **shown(key)).status_code == 200


def test_of_several_keys_in_an_address_the_first_counts(locked):
    client, key = locked

    assert client.get("/v0/batch/jobs", params=[("apikey", "stale"), ("apikey", key)]).status_code == 401


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param({}, id="no key"),
        pytest.param({"headers": {"X-Hume-Api-Key": "wrong"}}, id="wrong key"),
        pytest.param({"headers": {"X-Hume-Api-Key": ""}}, id="empty key"),
        pytest.param({"headers": {"Authorization": "Basic d3Jvbmc6d3Jvbmc="}}, id="basic"),
        pytest.param({"headers": {"Authorization": "Bearer"}}, id="bearer of nothing"),
        pytest.param({"params": {"apikey": "wrong"}}, id="wrong key in the address"),
        pytest.param({"headers": {"X-Hume-Api-Key": b"\xff\xfe"}}, id="no UTF-8"),
        pytest.param({"headers": {"X-Hume-Api-Key": "x" * 8000}}, id="huge"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v0/batch/jobs"),
        ("POST", "/v0/batch/jobs"),
        ("GET", "/v0/batch/jobs/3f2b3c1e-8a55-4a0e-9d57-0f6a3a0f1c2d"),
        ("GET", "/v0/batch/jobs/3f2b3c1e-8a55-4a0e-9d57-0f6a3a0f1c2d/predictions"),
        ("GET", "/v0/batch/jobs/3f2b3c1e-8a55-4a0e-9d57-0f6a3a0f1c2d/artifacts"),
        ("GET", "/metrics"),
    ],
)
def test_whoever_has_no_key_is_told_so_in_words_that_every_client_reads(method, path, shown, locked):
    client, _ = locked

    answer = client.request(method, path, **shown)

    assert answer.status_code == 401
    assert answer.json() == {
        "message": "Invalid ApiKey",
        "code": 401,
        "fault": {"faultstring": "Invalid ApiKey", "detail": {"errorcode": "oauth.v2.InvalidApiKey"}},
    }


def test_how_the_server_is_needs_no_key(locked):
    client, _ = locked

    assert client.get("/healthz").status_code == 200
    assert client.get("/docs").status_code == 200


def test_a_revoked_key_is_no_key(settings):
    mien = build(Settings(**settings.model_dump() | {"require_key": True}))
    key, secret = mien.keys.create_key("test")
    with serving(api_of(mien)) as url, httpx.Client(base_url=url) as client:
        headers = {"X-Hume-Api-Key": secret}
        assert client.get("/v0/batch/jobs", headers=headers).status_code == 200
        mien.keys.revoke(key.id)
        assert client.get("/v0/batch/jobs", headers=headers).status_code == 401


def test_keys_are_not_logged(locked, caplog):
    client, key = locked
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("httpx").setLevel(logging.WARNING)  # the client's own log is not ours
        logging.getLogger("httpcore").setLevel(logging.WARNING)
        client.get("/v0/batch/jobs", params={"apikey": key})
        client.get("/nowhere", params={"apikey": key})
        client.get("/v0/batch/jobs", params={"apikey": key, "limit": "x"})
        client.post("/v0/batch/jobs", headers={"X-Hume-Api-Key": key}, json={"text": ["a"]})

    assert "/v0/batch/jobs 200" in caplog.text
    assert key not in caplog.text


# ── loopback, where no key is needed


def test_any_key_is_accepted_where_none_is_needed(client):
    assert client.get("/v0/batch/jobs", headers={"X-Hume-Api-Key": "whatever"}).status_code == 200
    assert client.get("/v0/batch/jobs").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Origin": "https://evil.example.org"}, 403, id="a page of the web"),
        pytest.param({"Host": "evil.example.org:8734"}, 403, id="a name that points here"),
        pytest.param({"Origin": "http://localhost:3000"}, 200, id="a page of this machine"),
        pytest.param({"Origin": "http://127.0.0.1:3000"}, 200, id="a page of this machine by address"),
        pytest.param({"Origin": "http://app.localhost"}, 200, id="a page of this machine by a name"),
        pytest.param({"Origin": "http://[::1]:3000"}, 200, id="a page of this machine by IPv6"),
        pytest.param({"Origin": "https://mien:1", "Host": "mien:2"}, 200, id="a page of the same host"),
        pytest.param({"Origin": "http://10.0.0.5", "Host": "10.0.0.5"}, 200, id="the same by address"),
        pytest.param({"Origin": "http://mien.local", "Host": "mien.local"}, 200, id="the same by name"),
        pytest.param({"Origin": "app://main"}, 200, id="a page of an app"),
        pytest.param({"Origin": "null"}, 403, id="a page that does not say whose it is"),
        pytest.param({"Origin": "http://203.0.113.7"}, 403, id="a page of the web by address"),
        pytest.param({"Origin": "http://intranet"}, 403, id="a page of another host"),
        pytest.param({"Origin": "http://router.local"}, 403, id="a page of the local network"),
        pytest.param({"Origin": "http://["}, 403, id="a page of nowhere"),
        pytest.param({"Origin": "http://", "Host": ""}, 403, id="a page of nobody"),
        pytest.param({"Host": "evil.notlocal"}, 403, id="a name that ends like those of the local network"),
        pytest.param({"Host": "["}, 403, id="no name"),
        pytest.param({"Host": "localhost:8734"}, 200, id="localhost"),
        pytest.param({"Host": "mien:8734"}, 200, id="a container"),
        pytest.param({"Host": "[::1]:8734"}, 200, id="IPv6"),
        pytest.param({"Host": "mien.local"}, 200, id="a name of the local network"),
        pytest.param({"Host": "api.hume.ai"}, 200, id="the name that clients have built in"),
    ],
)
def test_without_keys_pages_of_the_web_are_kept_out(headers, status, client):
    answer = client.post("/v0/batch/jobs", headers=headers, json={"text": ["a"]})

    assert answer.status_code == status
    if status == 403:
        assert "MIEN_REQUIRE_KEY" in answer.json()["message"]


def test_who_lets_everybody_in_lets_pages_in_too(settings):
    mien = build(Settings(**settings.model_dump() | {"allow_no_key": True}))
    with serving(api_of(mien)) as url:
        answer = httpx.get(f"{url}/v0/batch/jobs", headers={"Origin": "https://app.example.org"})

    assert answer.status_code == 200
