"""A real browser, looking at a real server whose engines are stubs."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mien import web
from mien.app import App, build
from mien.engines import Engines
from mien.jobs.worker import Worker
from tests.api.serving import api_of, serving

AXE = Path(__file__).parent.parent.parent / "page" / "node_modules" / "axe-core" / "axe.min.js"

FLAGS = [
    "--no-sandbox",  # which root cannot have
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",  # whoever asks for camera or microphone is given
    "--use-fake-device-for-media-stream",  # a clock, and a beep each second
]

SECONDS = 120
"""That anything on the page may take: on a machine that has other work, browsers are slow."""


@pytest.fixture(scope="module")
def launch():
    """Start a browser, with more flags where they are given. Not for longer than it is used: its driver
    keeps an event loop running in this thread, in which others could run none."""
    program = os.environ.get("MIEN_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        pytest.skip("no Chromium on this machine: `apt-get install chromium`, or say where in MIEN_CHROMIUM")
    if not (web.STATIC / "index.html").is_file():
        pytest.skip("mien was installed without its page")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        yield lambda *flags: driver.chromium.launch(
            executable_path=program, args=[*FLAGS, *flags], timeout=SECONDS * 1000
        )


@pytest.fixture(scope="module")
def chromium(launch):
    """A running browser."""
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture
def mien(settings) -> App:
    return build(settings.model_copy(update={"poll_seconds": 0.05}))


@pytest.fixture
def address(mien) -> Iterator[str]:
    """Of a server with a worker beside it."""
    with at_work(mien), serving(api_of(mien)) as url:
        yield url


@contextmanager
def at_work(mien: App) -> Iterator[None]:
    worker = Worker(mien.settings, mien.jobs, mien.files, Engines(mien.settings))
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(30)


@pytest.fixture
def look(chromium):
    """Open a page as somebody sees it; in the end, nothing may have been wrong in its console."""
    opened = []

    def look(url: str, *, scheme: str = "light", width: int = 1200, height: int = 900, allow: str = ""):
        context = chromium.new_context(
            color_scheme=scheme,
            viewport={"width": width, "height": height},
            permissions=["camera", "microphone"],
        )
        context.set_default_timeout(SECONDS * 1000)
        page = context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda said: (
                said.type == "error" and not (allow and allow in said.text) and wrong.append(said.text)
            ),
        )
        opened.append((context, wrong))
        page.goto(url)
        return page

    yield look
    for context, _ in opened:
        context.close()
    assert [wrong for _, wrong in opened if wrong] == []


@pytest.fixture(scope="session")
def axe():
    """Look for what people who cannot see, or use no mouse, trip over."""
    if not AXE.is_file():
        pytest.skip("axe-core is not there: `npm ci` in page/")
    source = AXE.read_text()

    def check(page) -> list[str]:
        """What is seriously wrong, where."""
        page.evaluate(source)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes']]}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]

    return check
