"""`mien doctor`: what works on this machine, and what to do about what does not."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mien import __version__
from mien.cli.parts import parts
from mien.engines import Engines
from mien.errors import EngineMissing, MienError, RequestError
from mien.models import MODELS
from mien.segments import TranscriptionOptions
from mien.settings import Settings

LEAST_FREE_GB = 2.0
"""Less free disk is worth a warning: one day of uploads can fill it."""


def doctor() -> None:
    """Check this machine: Python, disk, database, engines and models.

    Exit code: 0 everything that should work works, 1 something does not.
    """
    settings = Settings()
    engines = Engines(settings)
    table = Table("", "what", "found", show_lines=False)
    fine = True
    for mark, what, found in [
        *_machine(settings),
        *_store(settings),
        *(_engine(role, name, engines) for role, name in engines.chosen().items()),
        *(_model(name, engines) for name in MODELS),
    ]:
        fine &= mark != "✗"
        colour = {"✓": "green", "–": "dim", "!": "yellow", "✗": "red"}[mark]
        table.add_row(Text(mark, colour), what, Text(found))
    Console().print(table)
    Console().print("✓ works   – missing or switched off   ! needs attention   ✗ broken", style="dim")
    raise typer.Exit(0 if fine else 1)


_Row = tuple[str, str, str]


def _machine(settings: Settings) -> Iterator[_Row]:
    cores = os.cpu_count() or 1
    yield "✓", "mien", __version__
    yield "✓", "Python", f"{platform.python_version()} on {sys.platform}, {cores} cores"
    try:
        settings.make_home()
    except RequestError as error:
        yield "✗", "home", str(error)
    else:
        free = shutil.disk_usage(settings.home).free / 1e9
        yield "✓" if free >= LEAST_FREE_GB else "!", "home", f"{settings.home}, {free:.0f} GB free"
    if settings.offline:
        yield "–", "network", "switched off (MIEN_OFFLINE)"


def _store(settings: Settings) -> Iterator[_Row]:
    kind = settings.database.partition(":")[0]
    yield _tried("jobs", lambda: f"{kind}, {parts(settings).jobs.queue_length()} queued")


def _engine(role: str, name: str, engines: Engines) -> _Row:
    if not name:
        return "–", role, "none"
    return _tried(role, lambda: f"{name}: {engines.load(role).label}")


def _model(name: str, engines: Engines) -> _Row:
    try:
        MODELS[name](MODELS[name].options(), engines, TranscriptionOptions())
    except EngineMissing as missing:
        return "–", f"model {name}", str(missing)
    except MienError as error:
        return "✗", f"model {name}", str(error)
    return "✓", f"model {name}", "ready"


def _tried(what: str, found: Callable[[], str]) -> _Row:
    try:
        return "✓", what, found()
    except MienError as error:
        return "✗", what, str(error)
    except Exception as error:  # whatever is wrong is what the doctor is asked about
        return "✗", what, f"{type(error).__name__}: {error}"
