"""Jobs and keys in a database: what holds for every backend."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from mien.errors import JobNotFound, QueueFull, StoreError
from mien.jobs.job import NewSource, Outcome
from mien.jobs.store import Listing
from mien.storage.sql import TURN, SqlStore
from mien.types import TextSource
from mien.wire.batch import Completed, Failed, InProgress, Queued, Request
from tests.storage.examples import ALL, job, measured, one_by_one, opened

ROOT = Path(__file__).parent.parent.parent


def claim(store, *kinds, worker="a", lease=30):
    return store.claim(worker, kinds or ALL, lease)


def end(store, task, outcome=None, worker="a"):
    """End a task in the usual way: a source has one file."""
    if outcome is None:
        outcome = {
            "fetch": lambda: opened(task, 1),
            "open": lambda: opened(task, 1),
            "measure": lambda: measured(task),
        }.get(task.kind, Outcome)()
    assert store.done(task, worker, outcome)


def work_off(store, worker="a"):
    """Everything there is to do; the tasks in the order in which they were done."""
    ended = []
    while task := claim(store, worker=worker):
        end(store, task, worker=worker)
        ended.append(task)
    return ended


def kinds_left(store):
    left = []
    while task := claim(store, worker="counter"):
        left.append(task.kind)
    return sorted(left)


# ── adding and getting


def test_a_job_comes_back_as_it_was_given(store):
    request = Request.model_validate(
        {
            "models": {"prosody": {"granularity": "word"}, "face": {}},
            "transcription": None,
            "text": ["naïve \u0000 🙂"],
            "callback_url": "https://example.com/back",
            "notify": True,
        }
    )
    new = job(urls=1, files=1, texts=1)

    added = store.add(replace(new, request=request), max_queued=10)

    assert store.get(new.id) == added
    assert added.request == request
    assert added.sources == tuple(one.source for one in new.sources)
    assert added.state == Queued(1_700_000_000_000)
    assert (added.files_done, added.files_total) == (0, 3)


def test_an_unknown_job_is_not_found(store):
    for call in (store.get, store.cancel, store.delete):
        with pytest.raises(JobNotFound, match=r"^job not found$"):
            call("00000000-0000-0000-0000-000000000000")


def test_a_job_survives_the_store_being_opened_again(store, store_url):
    added = store.add(job(urls=1), max_queued=1)
    store.close()

    again = SqlStore(store_url)

    assert again.get(added.id) == added
    again.close()


def test_no_more_jobs_are_queued_than_allowed(store):
    store.add(job(urls=1), max_queued=2)
    store.add(job(urls=1), max_queued=2)

    with pytest.raises(QueueFull):
        store.add(job(urls=1), max_queued=2)

    assert store.queue_length() == 2
    claim(store)
    assert store.queue_length() == 1
    store.add(job(urls=1), max_queued=2)


# ── the way of a job


def test_a_job_goes_from_its_sources_to_completed(store, clock):
    new = job(urls=1, files=1, texts=2, callback_url="https://example.com/back", notify=True)
    store.add(new, max_queued=1)
    created = 1_700_000_000_000

    clock.now += 1
    first = claim(store, "fetch")
    assert store.get(new.id).state == InProgress(created, created + 1000)
    assert first.work == {}
    end(store, first, opened(first, 3))
    second = claim(store, "open")
    assert second.work == {"key": f"jobs/{new.id}/upload/0"}
    end(store, second, opened(second, 0))
    assert store.get(new.id).files_total == 3 + 0 + 2

    while task := claim(store, "measure"):
        end(store, task, Outcome(result=f"r/{task.source}/{task.file}", num_predictions=1, num_errors=2))
    assert store.get(new.id).files_done == 5
    assert isinstance(store.get(new.id).state, InProgress)

    clock.now += 1
    end(store, claim(store))
    assert store.get(new.id).state == Completed(created, created + 1000, created + 2000, 5, 10)
    assert store.results(new.id) == [
        *((0, i, f"r/0/{i}") for i in range(3)),
        *((2, i, f"r/2/{i}") for i in range(2)),
    ]
    assert kinds_left(store) == ["callback", "notify", "tidy"]


@pytest.mark.parametrize("status", [Completed, Failed])
def test_no_job_begins_or_ends_before_what_came_before(status, store, clock):
    new = job(texts=1)
    store.add(new, max_queued=1)
    created = 1_700_000_000_000

    clock.now -= 1  # set back, or of another machine
    task = claim(store)
    assert store.get(new.id).state == InProgress(created, created)
    clock.now -= 1
    if status is Failed:
        store.fail(task, "a", "out of order")
    else:
        end(store, task, measured(task))
        end(store, claim(store))

    state = store.get(new.id).state
    assert isinstance(state, status)
    assert (state.started_timestamp_ms, state.ended_timestamp_ms) == (created, created)


def test_a_job_without_an_address_calls_nobody_back(store):
    store.add(job(texts=1, callback_url=""), max_queued=1)
    end(store, task := claim(store), measured(task))
    end(store, claim(store))

    assert kinds_left(store) == ["tidy"]


def test_texts_are_measured_without_being_opened(store):
    store.add(job(texts=2), max_queued=1)

    tasks = [claim(store), claim(store)]

    assert [task.kind for task in tasks] == ["measure", "measure"]
    assert [task.work for task in tasks] == [{"texts": ["text 0"]}, {"texts": ["text 1"]}]


def test_texts_of_a_lot_are_measured_together_and_count_each(store):
    new = store.add(job(texts=5, lot=3), max_queued=1)
    assert new.files_total == 5

    tasks = [claim(store), claim(store)]
    assert [(task.file, len(task.work["texts"])) for task in tasks] == [(0, 3), (3, 2)]
    end(store, tasks[1], Outcome(result="r/3", num_predictions=2, num_errors=1))
    assert (store.get(new.id).files_done, store.get(new.id).files_total) == (2, 5)
    end(store, tasks[0], Outcome(result="r/0", num_predictions=3))
    end(store, claim(store, "finish"))

    state = store.get(new.id).state
    assert (state.num_predictions, state.num_errors) == (5, 1)
    assert store.results(new.id) == [(0, 0, "r/0"), (0, 3, "r/3")]


def test_a_lot_gives_way_to_its_texts_one_by_one(store):
    new = store.add(job(texts=3, lot=3), max_queued=1)
    lot = claim(store)
    end(store, lot, one_by_one(lot))
    assert (store.get(new.id).files_done, store.get(new.id).files_total) == (0, 3)

    alone = [task for task in work_off(store) if task.kind == "measure"]

    assert [(task.file, task.attempt, task.work) for task in alone] == [
        (i, 1, {"texts": [f"text {i}"]}) for i in range(3)
    ]
    assert [file for _, file, _ in store.results(new.id)] == [0, 1, 2]
    assert store.get(new.id).files_done == 3


@pytest.mark.parametrize(
    "sources",
    [pytest.param((), id="no sources"), pytest.param((NewSource(source=TextSource()),), id="no texts")],
)
def test_a_job_with_nothing_in_it_ends(store, sources):
    new = store.add(replace(job(), sources=sources), max_queued=1)

    assert [task.kind for task in work_off(store)] == ["finish", "tidy"]
    assert isinstance(store.get(new.id).state, Completed)


def test_a_job_whose_sources_hold_no_files_ends(store):
    new = store.add(job(urls=2), max_queued=1)
    while task := claim(store, "fetch"):
        end(store, task, Outcome())

    assert [task.kind for task in work_off(store)] == ["finish", "tidy"]
    assert store.get(new.id).files_total == 0


def test_nobody_is_called_who_did_not_ask(store):
    store.add(job(texts=1), max_queued=1)

    assert [task.kind for task in work_off(store)] == ["measure", "finish", "tidy"]


def test_finish_begins_once_when_the_last_two_files_end_at_once(store):
    with ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            store.add(job(texts=8), max_queued=1)
            tasks = [claim(store, "measure") for _ in range(8)]
            assert all(pool.map(lambda task: store.done(task, "a", measured(task)), tasks))

            end(store, claim(store, "finish"))
            assert claim(store, "finish") is None
            end(store, claim(store, "tidy"))


# ── who holds a task


def test_a_task_is_given_to_one_worker_alone(store):
    store.add(job(texts=1), max_queued=1)

    assert claim(store, worker="a")
    assert claim(store, worker="b") is None


def test_what_a_silent_worker_held_goes_to_another_and_counts_as_a_crash(store, clock):
    store.add(job(texts=1), max_queued=1)
    lost = claim(store, worker="a", lease=30)
    assert store.renew(lost, "a", 30, 0.5)
    clock.now += 29
    assert claim(store, worker="b") is None
    clock.now += 1

    assert claim(store, worker="a") is None, "a worker is still busy with what it holds"
    other = claim(store, worker="b")
    assert (other.attempt, other.crashes) == (2, 1)
    assert not store.renew(lost, "a", 30)
    assert not store.done(lost, "a", measured(lost))
    assert store.get(lost.job_id).progress == 0
    assert store.results(lost.job_id) == []


def test_a_worker_counts_as_long_as_it_is_heard_of(store, clock):
    store.add(job(texts=2), max_queued=1)
    claim(store, worker="a", lease=30)
    claim(store, worker="b", lease=60)
    assert store.tally().workers == 2
    clock.now += 30

    assert store.tally().workers == 1


def test_a_renewed_task_stays_with_its_worker(store, clock):
    store.add(job(texts=1), max_queued=1)
    task = claim(store, worker="a", lease=30)
    clock.now += 29
    assert store.renew(task, "a", 30)
    clock.now += 29

    assert claim(store, worker="b") is None
    end(store, task)


def test_a_job_tells_how_much_of_it_is_done(store):
    new = store.add(job(texts=4), max_queued=1)
    end(store, claim(store))
    task = claim(store)

    assert store.renew(task, "a", 30, 0.5)
    assert store.get(new.id).progress == 1.5 / 4
    assert [one.progress for one in store.list(Listing())] == [1.5 / 4]

    store.give_back(task, "a")
    assert store.get(new.id).progress == 1 / 4


def test_what_measuring_took_is_summed_over_the_files_of_a_job(store):
    new = store.add(job(files=2), max_queued=1)
    while task := claim(store):
        outcome = measured(task) if task.kind == "measure" else None
        if outcome:
            outcome = replace(outcome, media_seconds=60.0, work_seconds=15.0)
        end(store, task, outcome)

    assert (store.get(new.id).media_seconds, store.get(new.id).work_seconds) == (120.0, 30.0)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        pytest.param("0.WAV", True, id="a file, whatever the case"),
        pytest.param("TEXT 1", True, id="a text"),
        pytest.param("%", False, id="no pattern"),
        pytest.param("nobody", False, id="nothing"),
        pytest.param('said "Hi\\"\n', True, id="signs that JSON writes otherwise"),
        pytest.param("\0", False, id="one that PostgreSQL does not take"),
    ],
)
def test_jobs_are_found_by_what_is_in_them(store, words, found):
    store.add(job(files=1, texts=2), max_queued=2)
    new = job(texts=1)
    said = new.request.model_copy(update={"text": ('She said "Hi\\"\n',)})
    store.add(replace(new, request=said), max_queued=2)

    assert len([*store.list(Listing(search=words))]) == found


def test_a_late_worker_that_nobody_replaced_may_still_end_its_task(store, clock):
    store.add(job(texts=1), max_queued=1)
    task = claim(store, lease=30)
    clock.now += 1000

    end(store, task)


@pytest.mark.parametrize("crashed", [True, False])
def test_the_tasks_of_a_worker_that_is_gone_are_due_at_once(store, crashed):
    new = store.add(job(texts=3), max_queued=1)
    dead = [claim(store, worker="dead"), claim(store, worker="dead")]
    alive = claim(store, worker="alive")

    store.release("dead", crashed=crashed)

    again = [claim(store, worker="b"), claim(store, worker="b")]
    assert {task.id for task in again} == {task.id for task in dead}
    assert [(task.attempt, task.crashes) for task in again] == [(1, int(crashed))] * 2
    assert store.renew(alive, "alive", 30)
    assert store.get(new.id).files_done == 0


@pytest.mark.parametrize("counts", [True, False])
def test_a_task_for_later_waits_and_its_attempt_counts_where_it_should(store, clock, counts):
    store.add(job(texts=1), max_queued=1)
    store.later(claim(store), "a", 5, counts=counts)
    clock.now += 4.9
    assert claim(store) is None
    clock.now += 0.1

    assert claim(store).attempt == 1 + counts


def test_a_new_task_is_due_at_once_although_the_clock_is_set_back(store, clock):
    store.add(job(texts=1), max_queued=1)
    clock.now -= 3600

    end(store, claim(store))
    assert claim(store).kind == "finish"


def test_a_task_given_back_is_as_if_never_claimed(store):
    store.add(job(texts=1), max_queued=1)
    store.give_back(claim(store), "a")

    assert claim(store, worker="b").attempt == 1


def test_what_was_lost_cannot_be_given_back_or_put_off(store):
    store.add(job(texts=1), max_queued=1)
    lost = claim(store, worker="a")
    store.release("a", crashed=True)
    assert claim(store, worker="b")

    store.later(lost, "a", 0)
    store.give_back(lost, "a")

    assert claim(store, worker="c") is None


# ── ends before the end


def test_a_failed_job_has_its_message_and_only_its_aftermath_left(store, clock):
    new = store.add(job(texts=3, callback_url="https://example.com/back", notify=True), max_queued=1)
    task, other = claim(store), claim(store, worker="b")

    assert store.fail(task, "a", "out of luck")

    state = store.get(new.id).state
    assert state == Failed(1_700_000_000_000, 1_700_000_000_000, 1_700_000_000_000, "out of luck")
    assert not store.renew(other, "b", 30)
    assert not store.done(other, "b", measured(other))
    assert kinds_left(store) == ["callback", "notify", "tidy"]


def test_a_task_that_was_lost_fails_nothing(store):
    new = store.add(job(texts=1), max_queued=1)
    task = claim(store)
    store.release("a", crashed=True)

    assert not store.fail(task, "a", "too late")
    assert isinstance(store.get(new.id).state, InProgress)


def test_no_failure_changes_a_job_that_has_ended(store):
    new = store.add(job(texts=1, callback_url="https://example.com/back"), max_queued=1)
    while (task := claim(store)).kind != "callback":
        end(store, task)

    assert store.fail(task, "a", "nobody there")
    assert isinstance(store.get(new.id).state, Completed)


def test_a_cancelled_job_ends_even_before_it_began(store):
    new = store.add(job(urls=2), max_queued=1)

    store.cancel(new.id)

    now = 1_700_000_000_000
    assert store.get(new.id).state == Failed(now, now, now, "cancelled")
    assert store.queue_length() == 0
    assert kinds_left(store) == ["tidy"]


def test_cancelling_changes_nothing_about_a_job_that_has_ended(store):
    new = store.add(job(texts=1, callback_url="https://example.com/back"), max_queued=1)
    work_off(store)
    before = store.get(new.id)

    store.cancel(new.id)

    assert store.get(new.id) == before
    assert kinds_left(store) == []


def test_a_deleted_job_is_forgotten_but_tidied_away(store):
    new = store.add(job(texts=2, callback_url="https://example.com/back"), max_queued=1)
    end(store, claim(store))
    held = claim(store)
    store.delete(new.id)

    with pytest.raises(JobNotFound):
        store.get(new.id)
    assert not store.renew(held, "a", 30)
    assert not store.done(held, "a", measured(held))
    assert not store.fail(held, "a", "no")
    assert store.results(new.id) == []
    (tidy,) = work_off(store)
    assert (tidy.kind, tidy.job_id) == ("tidy", new.id)


# ── whose turn it is


def test_the_kinds_asked_first_come_first(store):
    store.add(job(urls=1), max_queued=9)
    store.add(job(texts=1), max_queued=9)

    assert claim(store, "measure", "fetch").kind == "measure"
    assert claim(store, "measure", "fetch").kind == "fetch"


def test_jobs_of_a_few_files_are_measured_in_order_of_age(store):
    ids = [store.add(job(texts=TURN), max_queued=9).id for _ in range(3)]

    measured_ids = [claim(store, "measure").job_id for _ in range(3 * TURN)]

    assert measured_ids == [job_id for job_id in ids for _ in range(TURN)]


def test_a_huge_job_holds_nobody_up(store):
    huge = store.add(job(texts=100), max_queued=9).id
    for _ in range(50):
        end(store, claim(store, "measure"))
    small = store.add(job(texts=2), max_queued=9).id

    next_ones = [claim(store, "measure").job_id for _ in range(2 * TURN + 2)]

    assert next_ones.count(small) == 2
    assert next_ones.count(huge) == 2 * TURN


def test_a_stream_of_small_jobs_does_not_hold_up_a_huge_one(store, clock):
    huge = store.add(job(texts=100), max_queued=999).id
    slow = claim(store, "measure", worker="slow", lease=10**6)  # held all the time, with the oldest turn
    assert slow.job_id == huge
    served = []
    for _ in range(40):
        store.add(job(texts=2), max_queued=999)
        for _ in range(3):
            task = claim(store, "measure")
            served.append(task.job_id)
            end(store, task)

    assert served.count(huge) > 30  # of the 40 that were left over for it


def test_files_of_a_source_opened_late_take_their_place_behind_others(store):
    late = store.add(job(urls=1), max_queued=9)
    other = store.add(job(texts=2 * TURN), max_queued=9)
    for _ in range(TURN):
        end(store, claim(store, "measure"))
    task = claim(store, "fetch")
    end(store, task, opened(task, 2 * TURN))

    order = [claim(store, "measure").job_id for _ in range(3 * TURN)]

    assert order == [*[other.id] * TURN, *[late.id] * 2 * TURN]


@pytest.mark.parametrize(("kind", "sources"), [("fetch", "urls"), ("open", "files")])
def test_a_job_of_many_sources_does_not_hold_up_those_of_others(store, kind, sources):
    many = store.add(job(**{sources: 5 * TURN}), max_queued=9).id
    few = store.add(job(**{sources: 1}), max_queued=9).id

    order = [claim(store, kind).job_id for _ in range(TURN + 5)]

    assert order[:TURN] == [many] * TURN
    assert few in order


# ── listing


@pytest.fixture
def listed(store, clock):
    """Four jobs, a second apart: queued, in progress, completed, failed."""
    ids = []
    for kind in ("urls", "texts", "texts", "texts"):
        ids.append(store.add(job(**{kind: 1}), max_queued=9).id)
        clock.now += 1
    _, b, c, d = (claim(store, "measure") if i else None for i in range(4))
    assert [b.job_id, c.job_id, d.job_id] == ids[1:]
    clock.now = 1_700_000_010.0
    end(store, c)
    end(store, claim(store, "finish"))
    clock.now += 1
    store.fail(d, "a", "no")
    return ids


def names(listed, found):
    return "".join("abcd"[listed.index(one.id)] for one in found)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({}, "dcba", id="newest first"),
        pytest.param({"direction": "asc"}, "abcd", id="oldest first"),
        pytest.param({"limit": 2}, "dc", id="so many"),
        pytest.param({"status": ("QUEUED",)}, "a", id="of one status"),
        pytest.param({"status": ("COMPLETED", "FAILED")}, "dc", id="of two"),
        pytest.param({"timestamp_ms": 1_700_000_002_000}, "ba", id="created before"),
        pytest.param({"when": "created_after", "timestamp_ms": 1_700_000_001_000}, "dc", id="created after"),
        pytest.param({"when": "created_after"}, "", id="created after now"),
        pytest.param({"sort_by": "ended", "direction": "asc"}, "cdab", id="by end, without end last"),
        pytest.param({"sort_by": "ended", "direction": "desc"}, "dcba", id="by end, newest first"),
        pytest.param({"sort_by": "started", "direction": "asc"}, "bcda", id="by start"),
        pytest.param({"sort_by": "started", "direction": "desc", "limit": 3}, "dcb", id="by start, newest"),
    ],
)
def test_lists_what_was_asked_for(store, listed, asked, expected):
    assert names(listed, store.list(Listing(**asked))) == expected


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_whoever_turns_pages_misses_no_job_of_those_that_came_at_once(store, direction):
    with ThreadPoolExecutor(4) as threads:  # while the clock stands still
        ids = {one.id for one in threads.map(lambda _: store.add(job(texts=1), max_queued=99), range(20))}

    found, last = [], 0 if direction == "asc" else 2**62
    when = "created_after" if direction == "asc" else "created_before"
    while page := [*store.list(Listing(limit=3, when=when, timestamp_ms=last, direction=direction))]:
        found += [one.id for one in page]
        last = page[-1].state.created_timestamp_ms

    assert len(found) == 20
    assert {*found} == ids


def test_a_clock_that_was_far_ahead_moves_no_later_job(store, clock):
    store.add(job(texts=1), max_queued=9)
    clock.now -= 3600

    assert store.add(job(texts=1), max_queued=9).state == Queued(round(clock.now * 1000))


def test_a_job_that_is_deleted_while_it_is_listed_is_left_out(store, listed):
    found = store.list(Listing())
    store.delete(listed[3])

    assert names(listed, found) == "cba"


def test_knows_which_jobs_ended_before_a_time(store, listed):
    _, _, c, d = listed

    assert store.ended_before(1_700_000_010_000) == []
    assert store.ended_before(1_700_000_010_001) == [c]
    assert store.ended_before(1_700_000_011_001) == [c, d]


# ── the schema


def test_the_folder_of_a_store_is_for_its_owner_alone_and_what_is_told_is_on_the_disk(tmp_path):
    store = SqlStore(f"sqlite:///{tmp_path / 'new' / 'jobs.sqlite'}")

    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    with store._writing() as db:
        assert db.scalar(text("PRAGMA synchronous")) == 2  # FULL
        assert db.scalar(text("PRAGMA journal_mode")) == "wal"
    store.close()


def test_many_processes_that_start_at_once_find_one_schema(store_url):
    program = f"from mien.storage.sql import SqlStore; SqlStore({store_url!r}).queue_length(); print('ok')"
    started = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(4)
    ]

    outputs = [one.communicate(timeout=60) for one in started]

    assert [out for out, _ in outputs] == [b"ok\n"] * 4, outputs


def test_a_store_of_an_earlier_mien_is_brought_up_to_date(store, store_url):
    new = store.add(job(texts=1), max_queued=1)
    store.close()
    driver = store_url.replace("postgresql:", "postgresql+psycopg:")
    with create_engine(driver).begin() as db:  # as the first schema was
        added = (
            ("jobs", "media_seconds"),
            ("jobs", "work_seconds"),
            ("tasks", "progress"),
            ("tasks", "crashes"),
        )
        for table, column in added:
            db.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        db.execute(text("UPDATE schema_version SET version = 1"))

    later = SqlStore(store_url)

    assert later.get(new.id).progress == 0
    assert later.renew(claim(later), "a", 30, 0.5)
    assert later.get(new.id).progress == 0.5
    later.close()


def test_a_store_of_a_newer_mien_is_refused(store, store_url):
    driver = store_url.replace("postgresql:", "postgresql+psycopg:")
    with create_engine(driver).begin() as db:
        db.execute(text("UPDATE schema_version SET version = 99"))

    with pytest.raises(StoreError, match="schema 99"):
        SqlStore(store_url)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("sqlite://", id="memory"),
        pytest.param("mysql://host/name", id="another database"),
        pytest.param("jobs.sqlite", id="no URL"),
        pytest.param("postgresql://nobody@localhost:1/nothing", id="nobody there"),
    ],
)
def test_a_place_where_jobs_cannot_be_kept_is_refused(url):
    with pytest.raises(StoreError):
        SqlStore(url)


def test_a_database_whose_driver_is_missing_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(StoreError, match=r"mien\[postgres\]"):
        SqlStore("postgresql://nobody@localhost:1/nothing")


def test_no_password_is_told_when_the_database_cannot_be_reached():
    with pytest.raises(StoreError) as refused:
        SqlStore("postgresql://me:hunter2@localhost:1/nothing")

    assert "hunter2" not in str(refused.value)


# ── several processes

CLAIMER = """
import sys
from mien.jobs.job import Outcome
from mien.storage.sql import SqlStore
store, worker = SqlStore(sys.argv[1]), sys.argv[2]
while task := store.claim(worker, ["finish", "measure"], 30):
    store.done(task, worker, Outcome(result=worker) if task.kind == "measure" else Outcome())
    print(task.kind, task.job_id, task.file, flush=True)
"""


def test_two_processes_never_get_the_same_task(store, store_url):
    ids = [store.add(job(texts=30), max_queued=9).id for _ in range(4)]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMER, store_url, f"w{i}"], stdout=subprocess.PIPE, text=True
        )
        for i in range(3)
    ]

    lines = [line for one in started for line in one.communicate(timeout=60)[0].splitlines()]

    expected = [f"measure {job_id} {file}" for job_id in ids for file in range(30)]
    assert sorted(line for line in lines if line.startswith("measure")) == sorted(expected)
    # the others may have gone before the last job could be finished
    work_off(store)
    assert all(isinstance(store.get(job_id).state, Completed) for job_id in ids)
    assert all(
        store.get(job_id).state.num_errors == 0 and store.get(job_id).files_done == 30 for job_id in ids
    )


# ── keys


def test_a_key_is_admitted_until_it_is_revoked(store):
    key, secret = store.create_key("laptop")
    other, other_secret = store.create_key("phone")

    assert store.admits(secret)
    assert store.admits(other_secret)
    assert store.revoke(key.id)
    assert not store.admits(secret)
    assert store.admits(other_secret)
    assert not store.revoke(key.id)
    assert store.keys() == [other]


@pytest.mark.parametrize(
    "wrong", ["", "mien_", "x" * 100_000, "schlüssel", "\udcff", "\0", "%", "' OR 1=1 --"]
)
def test_what_is_no_key_is_not_admitted(store, wrong):
    _, secret = store.create_key("laptop")

    assert not store.admits(wrong)
    assert not store.admits(secret + wrong) or wrong == ""
    assert not store.admits(secret[:-1])


def test_secrets_are_long_random_and_kept_nowhere(store, tmp_path):
    secrets = [store.create_key("laptop")[1] for _ in range(20)]
    store.close()

    assert len(set(secrets)) == 20
    assert all(len(secret.removeprefix("mien_")) >= 43 for secret in secrets)  # 256 bits in base 64
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("jobs.sqlite*"))
    assert not any(secret.removeprefix("mien_").encode() in kept for secret in secrets)


def test_listed_sources_know_what_they_are(store):
    new = store.add(job(texts=1), max_queued=1)

    assert store.get(new.id).sources == (TextSource(),)
