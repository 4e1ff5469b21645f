"""`/docs`."""

import re

import httpx
import pytest

from mien.app import build
from tests.api.serving import api_of, serving


@pytest.fixture
def page(settings):
    with serving(api_of(build(settings))) as url:
        answer = httpx.get(f"{url}/docs")
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text


def test_every_endpoint_and_option_is_on_the_page(page):
    for words in ("/v0/batch/jobs/{id}/artifacts", "models.prosody.window.length", "transcription.language"):
        assert words in page
    assert "conversational_turn" in page
    assert "at least 0.5" in page


def test_every_option_is_explained(page):
    unexplained = re.findall(
        r"<code>([\w.]+)</code><td>[^<]*(?:<code>[^<]*</code>[^<]*)*<span class=quiet></span>", page
    )

    assert [name for name in unexplained if "." in name] == []


def test_the_page_needs_nothing_from_anywhere_else(page):
    assert re.findall(r"(?:src|href)=[\"']?(?!/openapi\.json)[^ >]+", page) == []
    assert "<script" not in page
