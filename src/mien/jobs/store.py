"""Where jobs and their files are kept: the protocols that `storage/` plays.

Each method of `JobStore` and `KeyStore` may raise StoreError.
"""

import errno
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from mien.jobs.job import Job, NewJob, Outcome, Task, TaskKind
from mien.wire.batch import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which jobs to list, in the API's own words. Times are Unix milliseconds."""

    limit: int = 50
    status: tuple[Status, ...] = ()
    when: Literal["created_before", "created_after"] = "created_before"
    timestamp_ms: int | None = None
    sort_by: Literal["created", "started", "ended"] = "created"
    direction: Literal["asc", "desc"] = "desc"
    search: str = ""
    """Words of ours: only jobs whose request or file names hold this, whatever the case of its
    ASCII letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How much there is in a store: of the jobs that have not been deleted."""

    jobs: Mapping[Status, int]
    files: int
    """Files of jobs that are done."""
    errors: int
    """Problems met in the jobs that have ended."""
    workers: int
    """Workers that hold a task now."""


class JobStore(Protocol):
    """Keeps jobs and hands out their tasks. Safe to use from many processes and threads."""

    def add(self, job: NewJob, *, max_queued: int) -> Job:
        """Keep a job and its first tasks: one `fetch` a URL, one `open` an upload, one `measure` a lot
        of texts.

        Raises:
            QueueFull: so many jobs are queued already.
        """

    def get(self, job_id: str) -> Job:
        """Raises JobNotFound."""

    def list(self, listing: Listing) -> Iterator[Job]:
        """Jobs that have no such time yet come last, whatever the direction. Which they are is known at
        once, each is read when it is asked for: one can be as large as all that was sent. Those deleted
        meanwhile are left out.
        """

    def results(self, job_id: str) -> Sequence[tuple[int, int, str]]:
        """(source, first file, result key) of what was measured, in order."""

    def claim(self, worker: str, kinds: Sequence[TaskKind], lease_seconds: float) -> Task | None:
        """A task that is due and nobody holds, of the first of these kinds that has one; its job
        is in progress from then on. Tasks whose lease has run out are due again, though never for
        the worker that holds them, and count that as a crash.

        Jobs take turns: each has a few files fetched, opened or measured in a turn, the oldest job
        first. So a small job is done at once, in order of age, and a huge one holds nobody up.
        """

    def renew(self, task: Task, worker: str, lease_seconds: float, progress: float = 0.0) -> bool:
        """Keep holding a task, of which so much (0 to 1) is done; False where it has been lost to another,
        cancelled or deleted."""

    def done(self, task: Task, worker: str, outcome: Outcome) -> bool:
        """End a task and begin what follows from it, in one transaction.

        When the last `fetch`, `open` or `measure` task of a job ends, its `finish` begins; when `finish`
        ends, the job is COMPLETED. False, and nothing is changed, where the task was lost to
        another.
        """

    def later(self, task: Task, worker: str, seconds: float, *, counts: bool = True) -> None:
        """Give a task back, to be tried again after so many seconds. Its attempt may not count."""

    def give_back(self, task: Task, worker: str) -> None:
        """Give a task back as if it had never been claimed: this attempt does not count."""

    def fail(self, task: Task, worker: str, message: str) -> bool:
        """End the whole job as FAILED. False, and nothing is changed, where the task was lost."""

    def release(self, worker: str, *, crashed: bool) -> None:
        """Make the tasks of a worker that is gone due at once, as if it had never claimed them; but where
        it crashed, each of them may have been to blame, and counts that."""

    def cancel(self, job_id: str) -> None:
        """End a job that has not ended, as FAILED with the message `cancelled`. Raises JobNotFound."""

    def delete(self, job_id: str) -> None:
        """Forget a job and its tasks; its files are tidied away. Raises JobNotFound."""

    def ids(self) -> Sequence[str]:
        """Of all jobs, in no order."""

    def ended_before(self, timestamp_ms: int) -> Sequence[str]:
        """Ids of the jobs that ended before then."""

    def queue_length(self) -> int:
        """Jobs that have not begun."""

    def tally(self) -> Tally:
        """How much there is, for those who watch the server."""


FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What a full disk says. No task is to blame for it, and it lasts until somebody makes room."""


def is_full(error: Exception) -> bool:
    """Whether there is no room on a disk."""
    return isinstance(error, OSError) and error.errno in FULL


class FileStore(Protocol):
    """Keeps the files of jobs under keys like `jobs/<id>/upload/0`."""

    def put(self, key: str, path: Path) -> None:
        """Move a local file into the store."""

    def write(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Write a file that appears whole when the context ends, or not at all."""

    def read(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Raises FileNotFoundError."""

    def local(self, key: str) -> AbstractContextManager[Path]:
        """The file at a local path, for those who must seek in it."""

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys below a prefix, sorted."""

    def delete(self, prefix: str, *, but: Collection[str] = ()) -> None:
        """Delete whatever lies below a prefix, half-written files too, but keep these keys or folders
        right below it. Nothing there is no error."""

    def folders(self, prefix: str) -> Iterator[str]:
        """Names of the folders right below a prefix."""

    def age(self, prefix: str) -> float:
        """Seconds since anything was last written below a prefix. Raises FileNotFoundError."""

    def size(self) -> int:
        """Bytes kept in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An API key as it is listed: never the key itself."""

    id: str
    name: str
    created_ms: int


class KeyStore(Protocol):
    """Keeps API keys, hashed."""

    def create_key(self, name: str) -> tuple[Key, str]:
        """A new key, and the secret, which is told this once."""

    def keys(self) -> Sequence[Key]: ...

    def revoke(self, key_id: str) -> bool:
        """False where there is no such key."""

    def admits(self, secret: str) -> bool:
        """Whether the secret is that of a key. Takes the same time whatever it is."""
