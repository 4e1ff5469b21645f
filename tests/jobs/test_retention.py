"""What is kept, and for how long."""

import os
import time

import pytest

from mien.errors import JobNotFound
from mien.jobs.retention import ABANDONED_SECONDS, sweep, tidy
from tests.jobs.conftest import add, ended, kept, working
from tests.jobs.test_worker import with_settings


@pytest.fixture
def done(mien):
    job_id = add(mien, texts=["Good!"], models=["language"])
    with working(mien):
        ended(mien, job_id)
    return job_id


def test_a_job_that_ended_long_ago_goes_with_its_files(mien, done):
    time.sleep(0.01)

    sweep(mien.settings.model_copy(update={"retention_days": 1e-9}), mien.jobs, mien.files)
    with pytest.raises(JobNotFound):
        mien.jobs.get(done)
    tidy(done, mien.jobs, mien.files)

    assert kept(mien, done) == []


@pytest.mark.parametrize("days", [30.0, None])
def test_a_job_that_ended_lately_stays(mien, done, days):
    mien = with_settings(mien, retention_days=days)

    sweep(mien.settings, mien.jobs, mien.files)

    assert set(kept(mien, done)) >= {"predictions.json", "artifacts.zip"}


@pytest.mark.parametrize(("age", "stays"), [(0, True), (ABANDONED_SECONDS + 60, False)])
def test_files_of_no_job_are_swept_once_they_are_old(mien, age, stays):
    with mien.files.write("jobs/nobody/upload/0") as out:
        out.write(b"half an upload")
    then = time.time() - age
    root = mien.settings.home / "files" / "jobs" / "nobody"
    for path in (root / "upload" / "0", root / "upload", root):
        os.utime(path, (then, then))

    sweep(mien.settings, mien.jobs, mien.files)

    assert bool(kept(mien, "nobody")) is stays
