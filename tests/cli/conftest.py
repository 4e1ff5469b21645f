"""The command line, every role played by the stub, with a home of its own."""

import pytest
from typer.testing import CliRunner

from mien.cli import app
from tests.conftest import ROLES


@pytest.fixture
def environment(tmp_path):
    stubs = {f"MIEN_{role.upper()}": "stub" for role in ROLES}
    return stubs | {"MIEN_HOME": str(tmp_path / "home"), "COLUMNS": "160"}


@pytest.fixture
def run(environment):
    """Run the command line in this process."""
    runner = CliRunner(env=environment)
    return lambda *arguments, **more: runner.invoke(app, [*map(str, arguments)], **more)
