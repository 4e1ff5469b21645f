"""How programs end, as processes."""

import os
import signal
import subprocess
import sys

import pytest

WORKING = """
import time
from concurrent.futures import ThreadPoolExecutor
from mien.cli.ended import threads_left_behind

with threads_left_behind():
    ThreadPoolExecutor().submit(time.sleep, 600)
    {}
"""


@pytest.mark.parametrize(
    ("done", "status"),
    [
        pytest.param("pass", 0, id="all that was to be done"),
        pytest.param("raise SystemExit", 0, id="it was told to end"),
        pytest.param("raise SystemExit(3)", 3, id="it ended itself"),
        pytest.param("raise OSError", 1, id="it failed"),
    ],
)
def test_threads_that_work_keep_no_program_from_ending(done, status):
    command = [sys.executable, "-c", WORKING.format(done)]

    assert subprocess.run(command, timeout=60, check=False, stderr=subprocess.DEVNULL).returncode == status


def test_a_worker_that_is_told_to_end_ends_well_though_its_input_goes_on(environment):
    """A service manager tells all processes of a service at once."""
    command = [sys.executable, "-m", "mien", "work", "--name", "a"]
    piped = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=os.environ | environment, **piped) as worker:
        assert any("starts" in line for line in worker.stderr)
        worker.send_signal(signal.SIGTERM)

        assert worker.wait(60) == 0
