"""A PostgreSQL server of our own for the time of the tests."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path
from signal import SIGINT
from tempfile import mkdtemp

import psycopg
import pytest

OPTIONS = {"listen_addresses": "", "fsync": "off", "full_page_writes": "off", "max_connections": "200"}


@contextmanager
def server() -> Iterator[str]:
    """Its URL. Skips where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        pytest.skip("the programs of a PostgreSQL server are not installed (Debian: postgresql)")
    folder = Path(mkdtemp(prefix="mien-pg-"))  # not tmp_path: a socket's path must be short
    user = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        shutil.chown(folder, "postgres", "postgres")
    try:
        subprocess.run(
            [programs / "initdb", "-D", folder / "data", "-U", "mien", "-A", "trust", "-E", "UTF8", "-N"],
            check=True,
            capture_output=True,
            cwd=folder,
            **user,
        )
        settings = [f"--{name}={value}" for name, value in OPTIONS.items()]
        with (folder / "log").open("wb") as log:
            running = subprocess.Popen(
                [programs / "postgres", "-D", folder / "data", "-k", folder, *settings],
                stdout=log,
                stderr=log,
                cwd=folder,
                **user,
            )
        try:
            url = f"postgresql://mien@/postgres?host={folder}"
            _await(url, running)
            yield url
        finally:
            running.send_signal(SIGINT)
            running.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def empty(url: str) -> None:
    """Drop all tables."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("DROP SCHEMA public CASCADE")
        db.execute("CREATE SCHEMA public")


def _programs() -> Path | None:
    on_path = shutil.which("initdb")
    found = [on_path] if on_path else sorted(glob("/usr/lib/postgresql/*/bin/initdb"))
    return Path(found[-1]).parent if found else None


def _await(url: str, running: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            assert running.poll() is None, "the server did not start"
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server did not answer")
