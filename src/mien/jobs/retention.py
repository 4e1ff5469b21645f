"""What is kept, and for how long."""

import logging
import time
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

from mien.errors import JobNotFound
from mien.formats import FORMATS
from mien.jobs.originals import ORIGINALS
from mien.jobs.store import FileStore, JobStore
from mien.settings import Settings
from mien.wire.batch import Completed

log = logging.getLogger(__name__)

WORK, INCOMING = "work", "incoming"
"""Folders of the home for temporary files: each worker has a folder in one, each upload that comes in one
in the other."""

ABANDONED_SECONDS = 3600.0
"""Files of a job that does not exist are an upload that is coming in, unless they are older; and temporary
files are in use."""


def tidy(job_id: str, jobs: JobStore, files: FileStore, *, keep_media: bool) -> None:
    """Delete what a job that has ended no longer needs: what led to its results, and, unless it is to be
    kept, what was measured. Of a job that was deleted, all."""
    prefix = f"jobs/{job_id}"
    kept: list[str] = []
    try:
        if isinstance(jobs.get(job_id).state, Completed):
            kept += FORMATS
        if keep_media:
            kept += ORIGINALS
    except JobNotFound:
        pass
    files.delete(prefix, but=[f"{prefix}/{name}" for name in kept])


def sweep(settings: Settings, jobs: JobStore, files: FileStore) -> None:
    """Delete jobs that ended too long ago, files that belong to no job, and temporary files of processes
    that are gone."""
    if settings.retention_days is not None:
        until = time.time() - settings.retention_days * 86_400
        for job_id in jobs.ended_before(round(until * 1000)):
            with suppress(JobNotFound):  # another was faster
                jobs.delete(job_id)
                log.info("job %s ended %g days ago: deleted", job_id, settings.retention_days)
    for job_id in {*files.folders("jobs")} - {*jobs.ids()}:
        with suppress(FileNotFoundError):
            if files.age(f"jobs/{job_id}") > ABANDONED_SECONDS:
                files.delete(f"jobs/{job_id}")
    for name in (WORK, INCOMING):
        for folder in (settings.home / name).glob("*"):
            with suppress(FileNotFoundError):  # it is in use, or another was faster
                if _age(folder) > ABANDONED_SECONDS:
                    rmtree(folder)


def _age(folder: Path) -> float:
    """Seconds since anything was last written to a folder. Raises FileNotFoundError."""
    return time.time() - max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
