"""The store, driven at random, against a model of it that fits on a page."""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mien.errors import JobNotFound, QueueFull
from mien.jobs.job import Outcome
from mien.storage.sql import SqlStore
from mien.wire.batch import STATUS
from tests.storage.examples import ALL, Clock, job, one_by_one, opened
from tests.storage.postgres import empty

LEASE = 30.0
MAX_QUEUED = 4
WORKERS = st.sampled_from(["a", "b"])
NUMBER = st.integers(0, 99)


@dataclass
class ModelTask:
    due: float
    attempt: int = 0
    crashes: int = 0
    holder: str | None = None
    lease: float = 0.0
    id: int | None = None


@dataclass
class ModelJob:
    sources: int
    total: int
    callback: bool
    notify: bool
    status: str = "QUEUED"
    done: int = 0
    results: dict = field(default_factory=dict)


class Model(RuleBasedStateMachine):
    """`tasks` are known by (job, kind, source, file); `claims` are all that were ever handed out."""

    url: str

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.store = SqlStore(self.fresh_url(), self.clock)
        self.jobs, self.tasks, self.claims = {}, {}, []
        self.numbers = count()

    def teardown(self):
        self.store.close()

    # ── what can happen

    @rule(
        urls=st.integers(0, 2),
        texts=st.integers(0, 3),
        lot=st.integers(1, 3),
        callback=st.booleans(),
        notify=st.booleans(),
    )
    def add(self, urls, texts, lot, callback, notify):
        new = job(urls, 0, texts, "https://example.com/back" if callback else None, notify, lot)
        if sum(one.status == "QUEUED" for one in self.jobs.values()) >= MAX_QUEUED:
            with pytest.raises(QueueFull):
                self.store.add(new, max_queued=MAX_QUEUED)
            return
        self.store.add(new, max_queued=MAX_QUEUED)
        self.jobs[new.id] = ModelJob(urls + bool(texts), urls + texts, callback, notify)
        for i in range(urls):
            self.begin(new.id, "fetch", i)
        for i in range(0, texts, lot):
            self.begin(new.id, "measure", urls, i)
        self.finish_where_all_is_measured(new.id)

    @rule(worker=WORKERS, kinds=st.permutations(ALL), some=st.integers(1, len(ALL)))
    def claim(self, worker, kinds, some):
        kinds = kinds[:some]
        free = {
            key: task for key, task in self.tasks.items() if self.is_free(task, worker) and key[1] in kinds
        }
        claimed = self.store.claim(worker, kinds, LEASE)
        if claimed is None:
            assert not free
            return
        key = (claimed.job_id, claimed.kind, claimed.source, claimed.file)
        assert key in free
        assert claimed.kind == min((kind for _, kind, _, _ in free), key=kinds.index)
        task = self.tasks[key]
        assert task.id in (None, claimed.id)
        task.crashes += task.holder is not None
        task.id, task.holder, task.lease = claimed.id, worker, self.clock.now + LEASE
        task.attempt += 1
        assert (claimed.attempt, claimed.crashes) == (task.attempt, task.crashes)
        self.claims.append((claimed, worker))
        if self.jobs.get(claimed.job_id) and self.jobs[claimed.job_id].status == "QUEUED":
            self.jobs[claimed.job_id].status = "IN_PROGRESS"

    @precondition(lambda self: self.claims)
    @rule(which=NUMBER, files=st.integers(0, 3))
    def done(self, which, files):
        claimed, worker = self.claims[which % len(self.claims)]
        key, held = self.held(claimed, worker)
        apart = claimed.files > 1 and files == 0
        result = f"r/{next(self.numbers)}" if claimed.kind == "measure" and not apart else None
        if claimed.kind == "fetch":
            outcome = opened(claimed, files)
        else:
            outcome = one_by_one(claimed) if apart else Outcome(result=result)
        assert self.store.done(claimed, worker, outcome) == held
        if not held:
            return
        del self.tasks[key]
        one = self.jobs.get(claimed.job_id)
        match claimed.kind:
            case "fetch":
                one.total += files - 1
                for i in range(files):
                    self.begin(claimed.job_id, "measure", claimed.source, i)
                self.finish_where_all_is_measured(claimed.job_id)
            case "measure" if apart:
                for i in range(claimed.files):
                    self.begin(claimed.job_id, "measure", claimed.source, claimed.file + i)
            case "measure":
                one.done += claimed.files
                one.results[claimed.source, claimed.file] = result
                self.finish_where_all_is_measured(claimed.job_id)
            case "finish":
                self.end(claimed.job_id, "COMPLETED")

    @precondition(lambda self: self.claims)
    @rule(which=NUMBER)
    def renew(self, which):
        claimed, worker = self.claims[which % len(self.claims)]
        key, held = self.held(claimed, worker)
        assert self.store.renew(claimed, worker, LEASE) == held
        if held:
            self.tasks[key].lease = self.clock.now + LEASE

    @precondition(lambda self: self.claims)
    @rule(which=NUMBER, seconds=st.sampled_from([0, 5, 60]), counts=st.booleans())
    def later(self, which, seconds, counts):
        claimed, worker = self.claims[which % len(self.claims)]
        key, held = self.held(claimed, worker)
        if held and self.tasks[key].attempt != claimed.attempt:
            return  # a worker speaks of its latest claim alone
        self.store.later(claimed, worker, seconds, counts=counts)
        if held:
            self.tasks[key].holder, self.tasks[key].due = None, self.clock.now + seconds
            self.tasks[key].attempt -= not counts

    @precondition(lambda self: self.claims)
    @rule(which=NUMBER)
    def give_back(self, which):
        claimed, worker = self.claims[which % len(self.claims)]
        key, held = self.held(claimed, worker)
        if held and self.tasks[key].attempt != claimed.attempt:
            return  # a worker speaks of its latest claim alone
        self.store.give_back(claimed, worker)
        if held:
            self.tasks[key].holder = None
            self.tasks[key].attempt -= 1

    @precondition(lambda self: self.claims)
    @rule(which=NUMBER)
    def fail(self, which):
        claimed, worker = self.claims[which % len(self.claims)]
        if claimed.kind not in ("fetch", "measure", "finish"):
            return
        _, held = self.held(claimed, worker)
        assert self.store.fail(claimed, worker, "no") == held
        if held:
            self.end(claimed.job_id, "FAILED")

    @rule(worker=WORKERS, crashed=st.booleans())
    def release(self, worker, crashed):
        self.store.release(worker, crashed=crashed)
        for task in self.tasks.values():
            if task.holder == worker:
                task.holder = None
                task.attempt -= 1
                task.crashes += crashed

    @precondition(lambda self: self.jobs)
    @rule(which=NUMBER)
    def cancel(self, which):
        job_id = [*self.jobs][which % len(self.jobs)]
        self.store.cancel(job_id)
        if self.jobs[job_id].status not in ("COMPLETED", "FAILED"):
            self.end(job_id, "FAILED")

    @precondition(lambda self: self.jobs)
    @rule(which=NUMBER)
    def delete(self, which):
        job_id = [*self.jobs][which % len(self.jobs)]
        self.store.delete(job_id)
        del self.jobs[job_id]
        self.forget_tasks(job_id)
        self.begin(job_id, "tidy")
        with pytest.raises(JobNotFound):
            self.store.get(job_id)

    @rule(seconds=st.sampled_from([1.0, 10.0, LEASE, 100.0]))
    def time_passes(self, seconds):
        self.clock.now += seconds

    # ── what always holds

    @invariant()
    def jobs_are_as_in_the_model(self):
        for job_id, expected in self.jobs.items():
            found = self.store.get(job_id)
            assert STATUS[type(found.state)] == expected.status
            assert (found.files_done, found.files_total) == (expected.done, expected.total)
            assert {(s, f): key for s, f, key in self.store.results(job_id)} == expected.results
        queued = sum(one.status == "QUEUED" for one in self.jobs.values())
        assert self.store.queue_length() == queued

    # ── the model's own

    def begin(self, job_id, kind, source=0, file=0):
        assert (job_id, kind, source, file) not in self.tasks
        self.tasks[job_id, kind, source, file] = ModelTask(due=self.clock.now)

    def finish_where_all_is_measured(self, job_id):
        if not any(key[0] == job_id and key[1] in ("fetch", "measure") for key in self.tasks):
            self.begin(job_id, "finish")

    def end(self, job_id, status):
        self.jobs[job_id].status = status
        self.forget_tasks(job_id)
        self.begin(job_id, "tidy")
        if self.jobs[job_id].callback:
            self.begin(job_id, "callback")
        if self.jobs[job_id].notify:
            self.begin(job_id, "notify")

    def forget_tasks(self, job_id):
        self.tasks = {key: task for key, task in self.tasks.items() if key[0] != job_id}

    def is_free(self, task, worker):
        expired = task.lease <= self.clock.now and task.holder != worker
        return task.due <= self.clock.now and (task.holder is None or expired)

    def held(self, claimed, worker):
        key = (claimed.job_id, claimed.kind, claimed.source, claimed.file)
        task = self.tasks.get(key)
        return key, task is not None and task.id == claimed.id and task.holder == worker


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_the_store_does_what_its_model_does(backend, tmp_path, request):
    numbers = count()

    def fresh_url(self):
        if backend == "sqlite":
            return f"sqlite:///{tmp_path / f'{next(numbers)}.sqlite'}"
        url = request.getfixturevalue("postgres")
        empty(url)
        return url

    machine = type("Model", (Model,), {"fresh_url": fresh_url, "TestCase": None})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60 if backend == "sqlite" else 15,
            stateful_step_count=40,
            deadline=timedelta(seconds=20),
            suppress_health_check=[*HealthCheck],
        ),
    )
