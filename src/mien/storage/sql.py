"""Jobs and API keys in a database: SQLite or PostgreSQL, through SQLAlchemy Core.

What there is to do are rows of `tasks`, which vanish when they end, in the transaction that writes
what became of them. So a task ends once, whoever is killed when, and the table stays small.

**Turns.** A `measure` task (and likewise, among its own kind, a `fetch` or `open` task) is given its turn
when it is made: the first `TURN` files of a job (texts that are measured together count as one) belong
to the turn after the one that is being worked on, the next ones to the turn after that, and so on;
claiming goes by turn, then by age. So who has few files is done within a turn or two however many files
others have, a turn that has begun always ends however many jobs arrive, and no claim has to count anything.

**Locks** (PostgreSQL) are taken in one order: tasks by their number, then their job. Who adds tasks
holds the job, so that of two tasks that end at once one sees that it was the last.

**Durability.** A committed transaction is on the disk, with SQLite too (WAL, synchronous=FULL: half a
millisecond on an SSD). Times are those of the machine that writes them: the clocks of machines that
share a store must agree to a fraction of `lease_seconds`.
"""

import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from secrets import token_hex, token_urlsafe
from time import time
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    case,
    create_engine,
    delete,
    event,
    exists,
    func,
    insert,
    inspect,
    or_,
    select,
    update,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateColumn

from mien.errors import JobNotFound, QueueFull, StoreError
from mien.jobs.job import Job, NewJob, NewTask, Outcome, Task, TaskKind
from mien.jobs.store import Key, Listing, Tally
from mien.types import FileSource, Source, TextSource, UrlSource
from mien.wire.batch import Completed, Failed, InProgress, Queued, Request, State, Status, source_json

SCHEMA = 3
"""Raised whenever the tables below change; a store says which one it has."""

TURN = 4
"""Files of one job that are measured in one turn."""

BUSY_SECONDS = 30
"""How long SQLite waits for another process to finish writing."""

SOON_MS = 1000
"""How far apart jobs that come at once may be told to have come, at most. Times further in the
future are of clocks that were wrong."""

KEY_PREFIX = "mien_"
"""Of every secret, so that it is recognised where it should not be."""

_number = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up plain integers alone
_tables = MetaData()

schema = Table("schema_version", _tables, Column("version", Integer, primary_key=True))

jobs = Table(
    "jobs",
    _tables,
    Column("number", _number, primary_key=True),  # in order of arrival
    Column("id", String(36), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("created_ms", BigInteger, nullable=False, index=True),
    Column("started_ms", BigInteger),
    Column("ended_ms", BigInteger, index=True),
    Column("message", Text),
    Column("num_predictions", Integer, nullable=False, default=0),
    Column("num_errors", Integer, nullable=False, default=0),
    Column("files_done", Integer, nullable=False, default=0),
    Column("files_total", Integer, nullable=False),
    Column("media_seconds", Float, nullable=False, server_default="0"),
    Column("work_seconds", Float, nullable=False, server_default="0"),
    Column("place", BigInteger, nullable=False, default=0),  # of the next file, counted in files
    Column("calls_back", Boolean, nullable=False),
    Column("notifies", Boolean, nullable=False),
    # last, since they may be large: to what stands behind them, SQLite reads its way through all of it
    Column("sources", Text, nullable=False),
    Column("request", Text, nullable=False),
    Index("jobs_by_status", "status", "created_ms"),
)

tasks = Table(
    "tasks",
    _tables,
    Column("id", _number, primary_key=True),
    Column("job_id", String(36), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("source", Integer, nullable=False),
    Column("file", Integer, nullable=False),
    Column("work", Text, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False, default=0),
    Column("crashes", Integer, nullable=False, server_default="0"),
    Column("due_ms", BigInteger, nullable=False),
    Column("holder", String(200)),
    Column("lease_ms", BigInteger, nullable=False, default=0),
    Column("progress", Float, nullable=False, server_default="0"),
    UniqueConstraint("job_id", "kind", "source", "file"),
    Index("tasks_by_turn", "kind", "turn", "id"),
    Index("tasks_by_holder", "holder"),
    sqlite_autoincrement=True,  # a task that somebody still believes to hold never has a namesake
)

results = Table(
    "results",
    _tables,
    Column("job_id", String(36), primary_key=True),
    Column("source", Integer, primary_key=True),
    Column("file", Integer, primary_key=True),
    Column("key", Text, nullable=False),
)

keys = Table(
    "keys",
    _tables,
    Column("id", String(16), primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
)

_STEPS: Mapping[int, Sequence[Column[Any]]] = {
    1: (jobs.c.media_seconds, jobs.c.work_seconds, tasks.c.progress),
    2: (tasks.c.crashes,),
}
"""Columns that a store of each earlier schema lacks of the next one."""

_DOING = (
    select(func.coalesce(func.sum(tasks.c.progress), 0.0))
    .where(tasks.c.job_id == jobs.c.id)
    .scalar_subquery()
    .label("files_doing")
)
"""How much is done of the tasks that a job has now."""

_Row: TypeAlias = Any  # of SQLAlchemy; 2.0 and 2.1 write its type differently


class SqlStore:
    """Plays `JobStore` and `KeyStore`. Makes its tables where there are none yet."""

    def __init__(self, url: str, clock: Callable[[], float] = time) -> None:
        """`url` is one of SQLAlchemy: `sqlite:////path/to/file`, `postgresql://user@host/name`.

        Raises:
            StoreError: it cannot be reached, or was made by a newer mien.
        """
        self._clock = clock
        self._engine = _engine(url)
        self._writer = self._engine.execution_options(writes=True)
        self._set_up()

    def close(self) -> None:
        """Close the connections that are open."""
        self._engine.dispose()

    # ── jobs

    def add(self, job: NewJob, *, max_queued: int) -> Job:
        first = [*_first_tasks(job)]
        files = sum(task.files for task in first if task.kind != "finish")
        with self._writing() as db:
            _go_alone(db)
            created = self._free_moment(db)
            if _queued(db) >= max_queued:
                raise QueueFull
            row = {
                "id": job.id,
                "request": job.request.model_dump_json(),
                "sources": json.dumps([source_json(new.source) for new in job.sources]),
                "status": "QUEUED",
                "created_ms": created,
                "files_total": files,
                "calls_back": bool(job.request.callback_url),
                "notifies": job.request.notify,
            }
            db.execute(insert(jobs).values(row))
            self._begin(db, job.id, 0, first)
        sources = tuple(new.source for new in job.sources)
        return Job(id=job.id, request=job.request, sources=sources, state=Queued(created), files_total=files)

    def get(self, job_id: str) -> Job:
        with self._reading() as db:
            row = db.execute(select(jobs, _DOING).where(jobs.c.id == job_id)).first()
        if row is None:
            raise JobNotFound
        return _job(row)

    def list(self, listing: Listing) -> Iterator[Job]:
        by = jobs.c[f"{listing.sort_by}_ms"]
        order = [by.asc(), jobs.c.number.asc()]
        if listing.direction == "desc":
            order = [by.desc(), jobs.c.number.desc()]
        query = select(jobs.c.id).order_by(by.is_(None), *order).limit(listing.limit)
        if listing.status:
            query = query.where(jobs.c.status.in_(listing.status))
        if listing.when == "created_after":
            since = self._now() if listing.timestamp_ms is None else listing.timestamp_ms
            query = query.where(jobs.c.created_ms > since)
        elif listing.timestamp_ms is not None:
            query = query.where(jobs.c.created_ms < listing.timestamp_ms)
        if listing.search:  # as JSON has it: names are kept as ASCII, requests as they are
            named, asked = (json.dumps(listing.search, ensure_ascii=kept)[1:-1] for kept in (True, False))
            query = query.where(
                or_(
                    jobs.c.sources.icontains(named, autoescape=True),
                    jobs.c.request.icontains(asked, autoescape=True),
                )
            )
        with self._reading() as db:
            found = [*db.scalars(query)]
        return self._each(found)

    def _each(self, ids: Iterable[str]) -> Iterator[Job]:
        for job_id in ids:
            try:
                job = self.get(job_id)
            except JobNotFound:  # deleted meanwhile
                continue
            yield job

    def results(self, job_id: str) -> Sequence[tuple[int, int, str]]:
        query = select(results.c.source, results.c.file, results.c.key).where(results.c.job_id == job_id)
        with self._reading() as db:
            rows = db.execute(query.order_by(results.c.source, results.c.file))
            return [(row.source, row.file, row.key) for row in rows]

    def claim(self, worker: str, kinds: Sequence[TaskKind], lease_seconds: float) -> Task | None:
        now = self._now()
        due = and_(
            tasks.c.due_ms <= now,
            or_(tasks.c.holder.is_(None), and_(tasks.c.lease_ms <= now, tasks.c.holder != worker)),
        )
        with self._reading() as db:  # an idle worker asks often: nothing is locked to say no
            waiting = db.execute(
                select(*(exists().where(tasks.c.kind == kind, due).label(kind) for kind in kinds))
            ).one()
        kind = next((kind for kind in kinds if getattr(waiting, kind)), None)
        if kind is None:
            return None
        with self._writing() as db:
            row = db.execute(
                select(tasks)
                .where(tasks.c.kind == kind, due)
                .order_by(tasks.c.turn, tasks.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            if row is None:  # another was faster
                return None
            # who held it until now has not been heard of for too long
            crashes = row.crashes + (row.holder is not None)
            db.execute(
                update(tasks)
                .where(tasks.c.id == row.id)
                .values(
                    holder=worker,
                    lease_ms=now + _ms(lease_seconds),
                    attempt=row.attempt + 1,
                    crashes=crashes,
                    progress=0.0,
                )
            )
            db.execute(
                update(jobs)
                .where(jobs.c.id == row.job_id, jobs.c.status == "QUEUED")
                .values(status="IN_PROGRESS", started_ms=_latest(now, jobs.c.created_ms))
            )
        return Task(
            id=row.id,
            job_id=row.job_id,
            kind=row.kind,
            source=row.source,
            file=row.file,
            work=json.loads(row.work),
            attempt=row.attempt + 1,
            crashes=crashes,
        )

    def renew(self, task: Task, worker: str, lease_seconds: float, progress: float = 0.0) -> bool:
        return self._change(task, worker, lease_ms=self._now() + _ms(lease_seconds), progress=progress)

    def later(self, task: Task, worker: str, seconds: float, *, counts: bool = True) -> None:
        attempt = task.attempt if counts else task.attempt - 1
        due = self._now() + _ms(seconds)
        self._change(task, worker, holder=None, progress=0.0, attempt=attempt, due_ms=due)

    def give_back(self, task: Task, worker: str) -> None:
        self._change(task, worker, holder=None, progress=0.0, attempt=task.attempt - 1)

    def done(self, task: Task, worker: str, outcome: Outcome) -> bool:
        with self._writing() as db:
            mine = db.execute(delete(tasks).where(tasks.c.id == task.id, tasks.c.holder == worker))
            if mine.rowcount != 1:
                return False
            job = _locked_job(db, task.job_id)
            if job is None or job.ended_ms is not None:
                return True  # what is left to do for a job that has ended leads to nothing more
            if task.kind == "finish":
                self._end(db, job, "COMPLETED")
            else:
                self._advance(db, job, task, outcome)
            return True

    def fail(self, task: Task, worker: str, message: str) -> bool:
        with self._writing() as db:
            held = _lock_tasks(db, tasks.c.job_id == task.job_id)
            if not any(row.id == task.id and row.holder == worker for row in held):
                return False
            job = _locked_job(db, task.job_id)
            if job is not None and job.ended_ms is None:
                self._end(db, job, "FAILED", message)
            return True

    def release(self, worker: str, *, crashed: bool) -> None:
        with self._writing() as db:
            _lock_tasks(db, tasks.c.holder == worker)
            db.execute(
                update(tasks)
                .where(tasks.c.holder == worker)
                .values(
                    holder=None,
                    progress=0.0,
                    attempt=tasks.c.attempt - 1,
                    crashes=tasks.c.crashes + int(crashed),
                )
            )

    def cancel(self, job_id: str) -> None:
        with self._writing() as db:
            _lock_tasks(db, tasks.c.job_id == job_id)
            job = _locked_job(db, job_id)
            if job is None:
                raise JobNotFound
            if job.ended_ms is None:
                self._end(db, job, "FAILED", "cancelled")

    def delete(self, job_id: str) -> None:
        with self._writing() as db:
            _lock_tasks(db, tasks.c.job_id == job_id)
            if _locked_job(db, job_id) is None:
                raise JobNotFound
            for table in (tasks, results):
                db.execute(delete(table).where(table.c.job_id == job_id))
            db.execute(delete(jobs).where(jobs.c.id == job_id))
            self._begin(db, job_id, 0, [NewTask(kind="tidy")])

    def ids(self) -> Sequence[str]:
        with self._reading() as db:
            return [*db.scalars(select(jobs.c.id))]

    def ended_before(self, timestamp_ms: int) -> Sequence[str]:
        query = select(jobs.c.id).where(jobs.c.ended_ms < timestamp_ms).order_by(jobs.c.ended_ms)
        with self._reading() as db:
            return [*db.scalars(query)]

    def queue_length(self) -> int:
        with self._reading() as db:
            return _queued(db)

    def tally(self) -> Tally:
        counted = select(
            jobs.c.status, func.count(), func.sum(jobs.c.files_done), func.sum(jobs.c.num_errors)
        ).group_by(jobs.c.status)
        holders = select(func.count(tasks.c.holder.distinct())).where(tasks.c.lease_ms > self._now())
        with self._reading() as db:
            rows = db.execute(counted).all()
            return Tally(
                jobs={status: count for status, count, _, _ in rows},
                files=int(sum(done for _, _, done, _ in rows)),
                errors=int(sum(errors for _, _, _, errors in rows)),
                workers=db.scalar(holders) or 0,
            )

    # ── keys

    def create_key(self, name: str) -> tuple[Key, str]:
        secret = KEY_PREFIX + token_urlsafe(32)
        key = Key(id=token_hex(4), name=name, created_ms=self._now())
        with self._writing() as db:
            db.execute(insert(keys).values(**asdict(key), digest=_digest(secret)))
        return key, secret

    def keys(self) -> Sequence[Key]:
        with self._reading() as db:
            rows = db.execute(select(keys).order_by(keys.c.created_ms, keys.c.id))
            return [Key(id=row.id, name=row.name, created_ms=row.created_ms) for row in rows]

    def revoke(self, key_id: str) -> bool:
        with self._writing() as db:
            return db.execute(delete(keys).where(keys.c.id == key_id)).rowcount == 1

    def admits(self, secret: str) -> bool:
        digest = _digest(secret)
        with self._reading() as db:
            found: str | None = db.scalar(select(keys.c.digest).where(keys.c.digest == digest))
        # looking up compares digests: how long it takes says nothing of a secret that one could act on
        return hmac.compare_digest(found or "", digest)

    # ── how

    def _advance(self, db: Connection, job: _Row, task: Task, outcome: Outcome) -> None:
        """What follows when something was opened or measured."""
        if measured := outcome.result is not None:
            row = {"job_id": job.id, "source": task.source, "file": task.file, "key": outcome.result}
            db.execute(insert(results).values(row))
        # a source counts as one file until its files are known
        known = 0 if measured else sum(new.files for new in outcome.follow) - task.files
        place = self._begin(db, job.id, job.place, outcome.follow)
        db.execute(
            update(jobs)
            .where(jobs.c.id == job.id)
            .values(
                num_predictions=jobs.c.num_predictions + outcome.num_predictions,
                num_errors=jobs.c.num_errors + outcome.num_errors,
                files_done=jobs.c.files_done + (task.files if measured else 0),
                files_total=jobs.c.files_total + known,
                media_seconds=jobs.c.media_seconds + outcome.media_seconds,
                work_seconds=jobs.c.work_seconds + outcome.work_seconds,
                place=place,
            )
        )
        left = exists().where(tasks.c.job_id == job.id, tasks.c.kind.in_(["fetch", "open", "measure"]))
        if not db.scalar(select(left)):
            self._begin(db, job.id, place, [NewTask(kind="finish")])

    def _end(self, db: Connection, job: _Row, status: Status, message: str | None = None) -> None:
        """The job ends; nothing but its aftermath is left to do."""
        begun = func.coalesce(jobs.c.started_ms, _latest(self._now(), jobs.c.created_ms))
        ended = _latest(self._now(), begun)
        db.execute(
            update(jobs)
            .where(jobs.c.id == job.id)
            .values(status=status, message=message, started_ms=begun, ended_ms=ended)
        )
        db.execute(delete(tasks).where(tasks.c.job_id == job.id))
        after: list[TaskKind] = ["tidy"]
        after += ["callback"] * job.calls_back
        after += ["notify"] * job.notifies
        self._begin(db, job.id, job.place, [NewTask(kind=kind) for kind in after])

    def _begin(self, db: Connection, job_id: str, place: int, new: Sequence[NewTask]) -> int:
        """Add tasks. `place` is that of the next file of the job, before and, given back, after."""
        # sources all begin at once, files whenever theirs has been opened
        places: dict[TaskKind, int] = {"fetch": 0, "open": 0, "measure": place}
        for kind in places.keys() & {task.kind for task in new}:
            places[kind] = max(places[kind], _next_turn(db, kind) * TURN)
        rows = []
        for task in new:
            turn = 0
            if task.kind in places:
                turn = places[task.kind] // TURN
                places[task.kind] += 1
            rows.append(
                {
                    "job_id": job_id,
                    "kind": task.kind,
                    "source": task.source,
                    "file": task.file,
                    "work": json.dumps(dict(task.work)),
                    "turn": turn,
                    "due_ms": 0,  # at once, also where the clock is set back
                }
            )
        if rows:
            db.execute(insert(tasks), rows)
        return places["measure"]

    def _change(self, task: Task, worker: str, **values: object) -> bool:
        """Change a task that a worker holds; False where it does not."""
        held = and_(tasks.c.id == task.id, tasks.c.holder == worker)
        with self._writing() as db:
            return db.execute(update(tasks).where(held).values(**values)).rowcount == 1

    def _set_up(self) -> None:
        with self._reading() as db:
            if inspect(db).has_table(schema.name) and db.scalar(select(schema.c.version)) == SCHEMA:
                return
        with self._writing() as db:
            _go_alone(db)
            _tables.create_all(db)
            version = db.scalar(select(schema.c.version))
            if version is None:
                db.execute(insert(schema).values(version=SCHEMA))
            elif version > SCHEMA:
                raise StoreError(f"this store has schema {version}; this mien knows {SCHEMA}")
            else:
                for step in range(version, SCHEMA):
                    _add(db, _STEPS[step])
                db.execute(update(schema).values(version=SCHEMA))

    def _free_moment(self, db: Connection) -> int:
        """When a new job is created. No two are in one millisecond: who turns the pages of a list has
        nothing but this to go on from, and would miss the second."""
        now = self._now()
        soon = jobs.c.created_ms.between(now, now + SOON_MS)
        taken = db.scalar(select(func.max(jobs.c.created_ms)).where(soon))
        return now if taken is None else taken + 1

    def _now(self) -> int:
        return _ms(self._clock())

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as db:
                yield db
        except SQLAlchemyError as error:
            raise _unreachable(error) from error

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self._writer.begin() as db:
                yield db
        except SQLAlchemyError as error:
            raise _unreachable(error) from error


def _go_alone(db: Connection) -> None:
    """Until the transaction ends nobody else comes past this. SQLite has one writer anyway."""
    if db.dialect.name == "postgresql":
        db.execute(select(func.pg_advisory_xact_lock(0x6D69656E)))


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except SQLAlchemyError as error:
        raise StoreError(f"this is no URL of a store: {error}") from error
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed)
        case "postgresql" | "postgres":
            try:  # pinged: connections outlive a restart of the server
                return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
            except ImportError as error:
                raise StoreError(f"PostgreSQL needs `pip install 'mien[postgres]'`: {error}") from error
        case other:
            raise StoreError(f"jobs can be kept in SQLite or PostgreSQL, not in {other!r}")


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise StoreError("jobs outlive a process: SQLite needs a file")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _connect(db: Any, _: object) -> None:
        db.isolation_level = None  # we begin transactions ourselves, see below
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def _begin(db: Connection) -> None:
        # who will write says so at once: a reader that turns writer can be refused without waiting
        writes = db.get_execution_options().get("writes", False)
        db.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _unreachable(error: SQLAlchemyError) -> StoreError:
    reason = getattr(error, "orig", None) or error  # without the statement and what it was given
    return StoreError(f"the store of jobs cannot be used: {reason}")


def _first_tasks(job: NewJob) -> Iterator[NewTask]:
    begun = False
    for i, new in enumerate(job.sources):
        if isinstance(new.source, TextSource):
            begun |= bool(new.lots)
            first = 0
            for texts in new.lots:
                yield NewTask(kind="measure", source=i, file=first, work={"texts": texts})
                first += len(texts)
        else:
            begun = True
            if new.key is None:
                yield NewTask(kind="fetch", source=i)
            else:
                yield NewTask(kind="open", source=i, work={"key": new.key})
    if not begun:
        yield NewTask(kind="finish")


def _queued(db: Connection) -> int:
    return db.scalar(select(func.count()).where(jobs.c.status == "QUEUED")) or 0


def _next_turn(db: Connection, kind: TaskKind) -> int:
    """The one after the turn that is being worked on: of the first task of the kind that waits, or else of
    the last one that is held."""
    alike = tasks.c.kind == kind
    waiting = select(func.min(tasks.c.turn)).where(alike, tasks.c.holder.is_(None))
    held = select(func.max(tasks.c.turn)).where(alike)
    turn = db.scalar(select(func.coalesce(waiting.scalar_subquery(), held.scalar_subquery())))
    return 0 if turn is None else turn + 1


def _lock_tasks(db: Connection, which: ColumnElement[bool]) -> Sequence[_Row]:
    found = select(tasks.c.id, tasks.c.holder).where(which).order_by(tasks.c.id)
    return db.execute(found.with_for_update()).all()


def _latest(now: int, before: ColumnElement[int]) -> ColumnElement[int]:
    """Now, but not before what came before: clocks of machines differ, and are set back."""
    return case((before > now, before), else_=now)


def _locked_job(db: Connection, job_id: str) -> _Row | None:
    """What its tasks change of a job, or need to know of it: not its request, which may be large."""
    needed = (jobs.c.id, jobs.c.ended_ms, jobs.c.place, jobs.c.calls_back, jobs.c.notifies)
    return db.execute(select(*needed).where(jobs.c.id == job_id).with_for_update()).first()


def _job(row: _Row) -> Job:
    return Job(
        id=row.id,
        request=Request.model_validate_json(row.request),
        sources=tuple(_source(**source) for source in json.loads(row.sources)),
        state=_state(row),
        files_done=row.files_done,
        files_total=row.files_total,
        files_doing=row.files_doing,
        media_seconds=row.media_seconds,
        work_seconds=row.work_seconds,
    )


def _source(type: str, **said: Any) -> Source:  # noqa: A002  # the wire's word
    match type:
        case "url":
            return UrlSource(**said)
        case "file":
            return FileSource(**said)
        case _:
            return TextSource()


def _state(row: _Row) -> State:
    match row.status:
        case "QUEUED":
            return Queued(row.created_ms)
        case "IN_PROGRESS":
            return InProgress(row.created_ms, row.started_ms)
        case "COMPLETED":
            return Completed(
                row.created_ms, row.started_ms, row.ended_ms, row.num_predictions, row.num_errors
            )
        case _:
            return Failed(row.created_ms, row.started_ms, row.ended_ms, row.message)


def _add(db: Connection, columns: Sequence[Column[Any]]) -> None:
    """Give tables of an earlier schema the columns that they lack."""
    for column in columns:
        made = CreateColumn(column).compile(dialect=db.dialect)
        db.exec_driver_sql(f"ALTER TABLE {column.table.name} ADD COLUMN {made}")


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _digest(secret: str) -> str:
    """SHA-256 is enough: a secret is 256 random bits, which nobody guesses however fast a guess is.
    A slow hash is for what people think up, and would be paid for with every request."""
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()
