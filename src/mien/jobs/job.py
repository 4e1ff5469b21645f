"""A job, the tasks it is made of, and what becomes of them.

    job ── fetch (one a URL), open (one an upload) ── measure (one a file) ── finish ── callback, notify, tidy

Texts need no opening: their first tasks are `measure`, one for as many strings as are measured
together. When a job ends, in whatever way, its callback is sent, people are notified, and what it no
longer needs is tidied away.

A task is claimed by one worker at a time, under a lease. What it leads to (further tasks, results,
the state of its job) is written in the same transaction that ends it, so that nothing is lost and
nothing happens twice however often a process is killed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from mien.types import Source
from mien.wire.batch import Request, State

TaskKind: TypeAlias = Literal["fetch", "open", "measure", "finish", "callback", "notify", "tidy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSource:
    """One source of a new job. `key` is where its upload lies in the file store; `lots` are its
    texts, as they are measured together."""

    source: Source
    key: str | None = None
    lots: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job that is about to be stored. `sources` are in the order urls, files, text."""

    id: str
    request: Request
    sources: tuple[NewSource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A stored job."""

    id: str
    request: Request
    sources: tuple[Source, ...]
    state: State
    files_done: int = 0
    files_total: int = 0
    """Files known so far: a source that has not been opened yet counts as one."""
    files_doing: float = 0.0
    """How much is done of the files that are being measured, counted in files."""
    media_seconds: float = 0.0
    """Length of the sounds and films measured so far."""
    work_seconds: float = 0.0
    """What measuring these took."""

    @property
    def progress(self) -> float:
        """How much of it is done, 0 to 1."""
        return min((self.files_done + self.files_doing) / max(self.files_total, 1), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """Something to be done for a job. `work` is what its kind needs to know, as JSON."""

    kind: TaskKind
    source: int = 0
    """Number of the source within the job."""
    file: int = 0
    """Number of the file within its source; of several texts, that of the first."""
    work: Mapping[str, Any] = field(default_factory=dict)
    """
    open: `key`, where the upload lies in the file store.
    measure: `name`, and one of `key` (in the file store) or `refused` (why it is not measured); or
    `texts`, which are called by their numbers.
    """

    @property
    def files(self) -> int:
        """How many files it is about."""
        return len(self.work["texts"]) if "texts" in self.work else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(NewTask):
    """A task that somebody has claimed. `attempt` counts from 1."""

    id: int
    job_id: str
    attempt: int
    crashes: int = 0
    """How often a process ended, or fell silent, while it held this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a finished task leads to.

    `result` is the key, in the file store, of the archive with what was measured. A task without a
    result gives way to those that follow it.
    """

    result: str | None = None
    num_predictions: int = 0
    num_errors: int = 0
    media_seconds: float = 0.0
    """Length of a sound or film that was measured, and what that took."""
    work_seconds: float = 0.0
    follow: tuple[NewTask, ...] = ()
