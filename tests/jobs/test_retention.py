"""What is kept, and for how long."""

import os
import time
from zipfile import ZipFile

import pytest

from mien.errors import JobNotFound
from mien.jobs.originals import originals
from mien.jobs.retention import ABANDONED_SECONDS, sweep, tidy
from tests.jobs.conftest import add, ended, eventually, kept, working
from tests.jobs.test_worker import with_settings
from tests.media import talk


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
    tidy(done, mien.jobs, mien.files, keep_media=True)

    assert kept(mien, done) == []


@pytest.mark.parametrize("days", [30.0, None])
def test_a_job_that_ended_lately_stays(mien, done, days):
    mien = with_settings(mien, retention_days=days)

    sweep(mien.settings, mien.jobs, mien.files)

    assert set(kept(mien, done)) >= {"predictions.json", "artifacts.zip"}


def test_of_a_job_that_was_cancelled_no_results_are_kept(mien):
    job_id = add(mien, texts=["Good!"])
    with mien.files.write(f"jobs/{job_id}/predictions.json") as out:
        out.write(b"[]")
    mien.jobs.cancel(job_id)

    tidy(job_id, mien.jobs, mien.files, keep_media=True)

    assert kept(mien, job_id) == []


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


@pytest.mark.parametrize("folder", ["incoming/upload-1", "work/a-worker"])
def test_temporary_files_are_swept_once_nobody_writes_to_them(mien, folder):
    left, used = mien.settings.home / folder, mien.settings.home / f"{folder}2"
    then = time.time() - ABANDONED_SECONDS - 60
    for path in (left, used):
        (path / "deep").mkdir(parents=True)
        (path / "deep" / "half").write_bytes(b"half a film")
        for one in (path / "deep" / "half", path / "deep", path):
            os.utime(one, (then, then))
    with (used / "deep" / "half").open("ab") as file:
        file.write(b"more of it")

    sweep(mien.settings, mien.jobs, mien.files)

    assert not left.exists()
    assert used.exists()


@pytest.mark.parametrize("keep", [True, False])
def test_what_was_measured_is_kept_with_its_job_where_it_is_wanted(mien, tmp_path, keep):
    mien = with_settings(mien, keep_media=keep)
    job_id = add(mien, talk(tmp_path / "a.wav"))

    with working(mien):
        ended(mien, job_id)
        eventually(lambda: not any("result" in key for key in kept(mien, job_id)))

    media = ["originals/0", "upload/0"] if keep else []
    assert kept(mien, job_id) == sorted(["artifacts.zip", "predictions.json", *media])
    assert [(one.file, one.key) for one in originals(mien.jobs.get(job_id), mien.files)] == (
        [("a.wav", f"jobs/{job_id}/upload/0")] if keep else []
    )


def test_members_of_an_archive_are_kept_under_their_names(mien, tmp_path):
    with ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(talk(tmp_path / "a.wav"), "in/a.wav")
        archive.writestr("in/.DS_Store", b"\0")
    job_id = add(mien, tmp_path / "all.zip")

    with working(mien):
        ended(mien, job_id)

    found = [one.file for one in originals(mien.jobs.get(job_id), mien.files)]
    assert found[0] == "in/a.wav"
