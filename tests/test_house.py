"""The house is clean: types, style, and who may import whom."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["-m", "mypy"], id="types"),
        pytest.param(["-m", "ruff", "check", "."], id="lint"),
        pytest.param(["-m", "ruff", "format", "--check", "."], id="format"),
        pytest.param(["-c", "from importlinter.cli import lint_imports_command as c; c()"], id="imports"),
    ],
)
def test_the_house_is_clean(command):
    checked = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_nothing_of_this_machine_is_committed():
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in tracked.stdout.split("\0") if name]

    assert [file.name for file in files if file.exists() and file.stat().st_size > 30_000_000] == []
    assert [str(file) for file in files if file.exists() and _names_this_machine(file)] == []


def _names_this_machine(file: Path) -> bool:
    parent = str(ROOT.parent.resolve())
    return len(parent) > 1 and f"{parent}/".encode() in file.read_bytes()
