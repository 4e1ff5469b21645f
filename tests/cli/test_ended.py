"""How programs end, as processes."""

import subprocess
import sys

WORKING = """
import time
from concurrent.futures import ThreadPoolExecutor
from mien.cli.ended import leave_threads_behind

ThreadPoolExecutor().submit(time.sleep, 600)
leave_threads_behind()
"""


def test_threads_that_work_keep_no_program_from_ending():
    assert subprocess.run([sys.executable, "-c", WORKING], timeout=60, check=False).returncode == 0
