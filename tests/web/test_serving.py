"""The page as files: who gets which, and what browsers are told about them."""

import json
import os
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from mien import web
from mien.app import build
from tests.api.serving import api_of

PACKAGE = Path(__file__).parent.parent.parent / "page" / "package.json"


@pytest.fixture
def static(tmp_path):
    """A page as the build leaves it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>mien</title>")
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "index-1a2b.js").write_text("export {}")
    return tmp_path


def serving(static) -> httpx.Client:
    app = FastAPI()
    app.include_router(web.routes(static))
    return TestClient(app)


@pytest.mark.parametrize(
    "address", ["/", "/library", "/result/6f1c", "/result/6f1c?t=12.5", "/compare", "/live"]
)
def test_every_view_is_the_one_html_file(static, address):
    answer = serving(static).get(address)

    assert answer.status_code == 200
    assert answer.text == "<!doctype html><title>mien</title>"
    assert answer.headers["content-type"].startswith("text/html")


def test_the_licences_of_what_is_part_of_the_page_go_along_with_it():
    if not (web.STATIC / "index.html").is_file():
        pytest.skip("mien was installed without its page")

    told = (web.STATIC / "licenses.md").read_text("utf-8")

    for name in json.loads(PACKAGE.read_text("utf-8"))["dependencies"]:
        _, _, licence = told.partition(f"## {name} - ")
        assert "Permission is hereby granted" in licence.partition("\n## ")[0], name


def test_nothing_but_files_of_ours_may_run(static):
    policy = serving(static).get("/").headers["content-security-policy"]

    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_page_is_asked_for_anew_and_its_parts_never_again(static):
    client = serving(static)
    page, part = client.get("/"), client.get("/assets/index-1a2b.js")

    assert page.headers["cache-control"] == "no-cache"
    assert "immutable" in part.headers["cache-control"]
    assert part.headers["content-type"].startswith("text/javascript")
    assert part.headers["x-content-type-options"] == "nosniff"


def test_a_page_that_has_not_changed_is_not_sent_again(static):
    client = serving(static)
    tag = client.get("/").headers["etag"]

    again = client.get("/", headers={"If-None-Match": tag})

    assert again.status_code == 304
    assert not again.content


def test_a_page_that_has_changed_is_sent_although_its_time_and_size_are_the_same(static):
    client, index = serving(static), static / "index.html"
    before = client.get("/").headers["etag"]
    time = index.stat().st_mtime
    index.write_text("<!doctype html><title>MIEN</title>")
    os.utime(index, (time, time))

    assert "MIEN" in client.get("/", headers={"If-None-Match": before}).text


@pytest.mark.parametrize("name", ["nothing.js", "..%2Findex.html", "%2e%2e%2findex.html", "%2Fetc%2Fpasswd"])
def test_no_other_file_is_handed_out(static, name):
    assert serving(static).get(f"/assets/{name}").status_code == 404


@pytest.mark.parametrize("name", ["..\\mien.txt", "C:mien.txt"])
def test_a_name_that_leads_elsewhere_in_windows_is_none_of_a_file(static, name):
    (static / "assets" / name).write_text("secret")

    assert serving(static).get(f"/assets/{name}").status_code == 404


def test_without_a_page_the_address_says_how_to_get_it(tmp_path):
    answer = serving(tmp_path).get("/")

    assert answer.status_code == 200
    assert "pip install" in answer.text
    assert "script" not in answer.headers["content-type"]


def test_the_page_is_for_everybody_and_what_it_asks_for_is_not(settings):
    app = api_of(build(settings.model_copy(update={"require_key": True})))
    client = TestClient(app)

    assert client.get("/").status_code == 200
    assert client.get("/v0/batch/jobs").status_code == 401
