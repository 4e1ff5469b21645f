"""Jobs to keep, and a clock that is set by hand."""

from uuid import uuid4

from mien.jobs.job import NewJob, NewSource, NewTask, Outcome
from mien.types import FileSource, TextSource, UrlSource
from mien.wire.batch import Request

ALL = ("finish", "tidy", "measure", "fetch", "open", "callback", "notify")
"""Every kind of task."""


class Clock:
    """Seconds since 1970. It stands still until it is moved."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def job(urls=0, files=0, texts=0, callback_url=None, notify=False, lot=1):
    """A job of so many sources, whose texts are its last source; so many are a lot."""
    addresses = tuple(f"https://example.com/{i}.wav" for i in range(urls))
    strings = tuple(f"text {i}" for i in range(texts))
    lots = tuple(strings[i : i + lot] for i in range(0, texts, lot))
    job_id = str(uuid4())
    uploads = [
        FileSource(filename=f"{i}.wav", content_type="audio/wav", md5sum="0" * 32) for i in range(files)
    ]
    return NewJob(
        id=job_id,
        request=Request(urls=addresses, text=strings, callback_url=callback_url, notify=notify),
        sources=(
            *(NewSource(source=UrlSource(url)) for url in addresses),
            *(NewSource(source=file, key=f"jobs/{job_id}/upload/{i}") for i, file in enumerate(uploads)),
            *([NewSource(source=TextSource(), lots=lots)] if lots else []),
        ),
    )


def opened(task, files):
    """What opening a source with so many files leads to."""
    return Outcome(
        follow=tuple(
            NewTask(kind="measure", source=task.source, file=i, work={"name": f"{i}.wav", "key": f"k/{i}"})
            for i in range(files)
        )
    )


def one_by_one(task):
    """What a lot of texts leads to whose measuring went wrong."""
    return Outcome(
        follow=tuple(
            NewTask(kind="measure", source=task.source, file=i, work={"texts": [text]})
            for i, text in enumerate(task.work["texts"], task.file)
        )
    )


def measured(task):
    return Outcome(result=f"r/{task.source}/{task.file}", num_predictions=1)
