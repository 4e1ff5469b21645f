"""The files that a job measured: which there are, and where they lie, as long as they are kept.

Which files a source has is known when it has been opened, and noted then: `jobs/<id>/originals/<source>`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from mien.jobs.job import Job
from mien.jobs.store import FileStore

ORIGINALS = ("originals", "upload", "file")
"""Folders below `jobs/<id>`: the notes, and what they tell of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """One file of a source. `file` is its name in the predictions, `key` where it lies in the store."""

    source: int
    number: int
    file: str
    key: str


def note(job_id: str, source: int, works: Sequence[Mapping[str, str]], files: FileStore) -> None:
    """Note the files of a source that has been opened; what was refused has no key."""
    with files.write(f"jobs/{job_id}/originals/{source}") as out:
        out.write(orjson.dumps([{"file": work["name"], "key": work.get("key")} for work in works]))


def originals(job: Job, files: FileStore) -> Iterator[Original]:
    """The files of a job that can still be had, in order."""
    for source in range(len(job.sources)):
        try:
            with files.read(f"jobs/{job.id}/originals/{source}") as file:
                noted = orjson.loads(file.read())
        except FileNotFoundError:  # texts, what has not been opened yet, what was not kept
            continue
        for number, one in enumerate(noted):
            if one["key"]:
                yield Original(source=source, number=number, file=one["file"], key=one["key"])
